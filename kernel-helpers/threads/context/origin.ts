import { AsyncResource } from "node:async_hooks";
import type { Origin, Write } from "../task/task";
import { currentWrite } from "./host";

class AsyncOrigin extends AsyncResource implements Origin {
  readonly write: Write = currentWrite();

  constructor() {
    super("Task", { requireManualDestroy: true });
  }
}

/** The async context here, and where output goes that is printed in it. */
export function currentOrigin(): Origin {
  return new AsyncOrigin();
}
