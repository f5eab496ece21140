import { currentRun, warn } from "../context/host";
import type { Use } from "./analyse";

/** What is said once of a function's text, in a notebook once a run of a cell: it works, and is seldom meant. */

const told = new WeakMap<Use, object>();
const program = {};

function isNews(use: Use): boolean {
  const run = currentRun() ?? program;
  if (told.get(use) === run) return false;
  told.set(use, run);
  return true;
}

/** The function assigns to variables that it captures. */
export function hintOfWrite(use: Use, fn: string): void {
  if (!isNews(use)) return;
  const names = [...use.writes].map((name) => `\`${name}\``).join(", ");
  const [variable, it] = use.writes.size === 1 ? ["a variable", "it"] : ["variables", "them"];
  warn(
    `${fn} assigns to ${names}, ${variable} from outside of it. In a thread it has a copy, which is lost when the ` +
      `task ends. Return the value, or change ${it} on the loop: callSoonThreadsafe(fn).`,
    "LostWriteWarning",
    "LOST_WRITE",
  );
}

/** Copying it takes about as long as starting the task a hundred times. */
const largeBytes = 1_000_000;

/** The function captures data that is large to copy, which happens for each task anew. */
export function hintOfSize(use: Use, bytes: number, variable: string, fn: string): void {
  if (bytes <= largeBytes || !isNews(use)) return;
  warn(
    `\`${variable}\`, which ${fn} captures, is about ${(bytes / 1e6).toFixed(0)} MB and is copied for each task. ` +
      "Share it (a typed array over a SharedArrayBuffer), or let each thread read it once (`initializer`).",
    "LargeCaptureWarning",
    "LARGE_CAPTURE",
  );
}
