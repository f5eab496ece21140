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

/** Of so many tasks that are over a thread's origins are known, at most: what prints later belongs to the latest. */
const remembered = 1000;

/** Where what the tasks of a thread print, call and throw belongs, until nothing of them is left in the thread. */
export class Origins<T extends { readonly origin: Origin }> {
  readonly #tasks = new Map<number, T>();
  #latest: Origin | undefined;

  remember(id: number, task: T): void {
    this.#latest = task.origin;
    this.#tasks.set(id, task);
    if (this.#tasks.size <= remembered) return;
    const [oldest] = this.#tasks.keys();
    this.#tasks.delete(oldest!);
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) this.#tasks.delete(id);
  }

  taskOf(id: number): T | undefined {
    return this.#tasks.get(id);
  }

  /** Acts in the task's async context. What that throws is an uncaught error of the task's, and none of the caller's. */
  act(id: number, action: (origin: Origin) => void): void {
    const origin = this.#tasks.get(id)?.origin ?? this.#latest ?? currentOrigin();
    origin.runInAsyncScope(() => {
      try {
        action(origin);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }, undefined);
  }
}
