import { type CellRun, currentRun, warn, warnAtOnce } from "../context/host";
import type { Use } from "./analysis";
import { roughBytes } from "./size";

/** What is said once of a function's text, in a notebook once a run of a cell: it works, and is seldom meant. */

const told = new WeakMap<Use, Map<string, CellRun | undefined>>();

function isNews(use: Use, what: string): boolean {
  const run = currentRun();
  const known = told.get(use) ?? new Map<string, CellRun | undefined>();
  told.set(use, known);
  if (known.has(what) && known.get(what) === run) return false;
  known.set(what, run);
  return true;
}

/** The function assigns to variables that it captures. */
export function hintOfWrite(use: Use, written: readonly string[], fn: string): void {
  if (!isNews(use, "write")) return;
  const names = written.map((name) => `\`${name}\``).join(", ");
  const [variable, it] = written.length === 1 ? ["a variable", "it"] : ["variables", "them"];
  sayLost(`${fn} assigns to ${names}, ${variable} from outside of it.`, it);
}

/** The function changes an object that it captures: `change` is the expression that does it. */
export function hintOfMutation(use: Use, variable: string, change: string, fn: string): void {
  if (!isNews(use, `change of ${variable}`)) return;
  // What is `exports.results` in a compiled cell, is `results` in the reader's.
  const line = change.replace(/\bexports\./g, "").replace(/\s+/g, " ");
  const shown = line.length > 60 ? `${line.slice(0, 57)}…` : line;
  sayLost(`${fn} changes \`${variable}\`, which it captures (\`${shown}\`).`, "it");
}

function sayLost(what: string, it: string): void {
  warn(
    `${what} In a thread it has a copy, which is lost when the task ends. Return the value, or change ${it} on the ` +
      "loop: callSoonThreadsafe(fn).",
    "LostWriteWarning",
    "LOST_WRITE",
  );
}

/** Copying it takes about as long as starting the task a hundred times. */
const largeBytes = 1_000_000;

/** The function captures data that is large to copy; said before the copy is made, which takes its time. */
export function hintOfSize(use: Use, value: unknown, variable: string, fn: string): void {
  if (typeof value !== "object" || value === null) return;
  const bytes = roughBytes(value);
  if (bytes <= largeBytes || !isNews(use, `size of ${variable}`)) return;
  warnAtOnce(
    `\`${variable}\`, which ${fn} captures, is about ${(bytes / 1e6).toFixed(0)} MB: it is copied for each task, and ` +
      "the event loop stands still meanwhile. Share it (a typed array over a SharedArrayBuffer), let each thread " +
      "read it once (`initializer`), or pass the part that the task needs as an argument.",
    "LargeCaptureWarning",
    "LARGE_CAPTURE",
  );
}
