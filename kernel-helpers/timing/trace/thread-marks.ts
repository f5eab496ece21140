import { Console } from "node:console";
import { markPrefix } from "./node-events";

/**
 * Marks in Node's trace, by which a recording learns which of the system's threads is which, and how much CPU time a
 * task took. `console.time` is what leaves one in every version of Node; this console writes nowhere.
 */
let silent: Console | undefined;
const open = new Set<string>();

export function newSilentConsole(): Console {
  return new Console({ stdout: { write: () => true } as never, ignoreErrors: false });
}

export function startMark(thread: number, task: number): void {
  const label = `${markPrefix}${thread} ${task}`;
  if (open.has(label)) return;
  open.add(label);
  silent ??= newSilentConsole();
  silent.time(label);
}

/** Does nothing for what was not begun here. */
export function endMark(thread: number, task: number): void {
  if (open.size === 0) return;
  const label = `${markPrefix}${thread} ${task}`;
  if (open.delete(label)) silent!.timeEnd(label);
}
