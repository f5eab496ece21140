import type { Reply, TaskMessage } from "../task/message";
import { type Outgoing, runMessage } from "./run-task";

/** What the threads of an executor load: one task after another, as Piscina hands them over. */
export default function run(message: TaskMessage): Reply | Promise<Reply> {
  const outgoing = runMessage(message);
  return outgoing instanceof Promise ? outgoing.then(forPiscina) : forPiscina(outgoing);
}

/** Piscina is loaded when something is to move. */
function forPiscina({ reply, transfer }: Outgoing): Reply {
  if (transfer.length === 0) return reply;
  const { move, transferableSymbol, valueSymbol } = require("piscina") as typeof import("piscina");
  return move({ [transferableSymbol]: [...new Set(transfer)], [valueSymbol]: reply } as never) as never;
}
