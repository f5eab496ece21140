/** Where a thread calls the function of a task: a step into `toThread` ends there. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The call, in `threads/worker/run-task`. */
const call = "fn(...parts.args)";

interface Entry {
  /** Of whichever copy of this package the cells have loaded. */
  urlRegex: string;
  lineNumber: number;
  columnNumber: number;
}

let entry: Entry | undefined;

/** For the inspector, positions from 0. */
export function taskEntry(): Entry {
  if (!entry) {
    const lines = readFileSync(join(__dirname, "../../threads/worker/run-task.js"), "utf8").split("\n");
    const lineNumber = lines.findIndex((line) => line.includes(call));
    const urlRegex = "/kernel-helpers/dist/threads/worker/run-task\\.js$";
    entry = { urlRegex, lineNumber, columnNumber: lines[lineNumber]!.indexOf(call) };
  }
  return entry;
}
