import type { Write } from "../task/task";

/**
 * The notebook that this program may be the kernel of: the one place in `threads/` that knows of notebooks.
 * `kernel/` fills it in by `setNotebook`; under tslab alone it goes by what tslab does for each cell.
 */

/** One run of one cell: an object of its own for each run. */
export interface CellRun {
  /** What all runs of the same cell have in common: its source. */
  readonly source: string;
}

/** What a kernel tells of the notebook that it runs. */
export interface Notebook {
  /**
   * The run that the code which calls this belongs to, across its awaits, timers and promises; for code of no
   * cell the last one that was started.
   */
  currentRun(): CellRun;
  /** Where the text of a function stands in the scripts of cells, as stack traces count. */
  placeOf?(text: string): Place | undefined;
}

/** A script and a position in it, from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** On the global object, because cells and kernel may each load a copy of this package. */
const key = Symbol.for("kernel-helpers.notebook");

interface Globals {
  [key]?: Notebook;
  __tslab__?: { exports: object };
}

/** For a kernel, once, before its first cell. */
export function setNotebook(notebook: Notebook): void {
  (globalThis as Globals)[key] = notebook;
}

/** Does this program run the cells of a notebook? */
export function isNotebook(): boolean {
  return key in globalThis || "__tslab__" in globalThis;
}

/** tslab alone exchanges `process.stdout.write` for each run of a cell. */
const runsOfTslab = new WeakMap<object, CellRun>();

/** The run of the cell that calls this; undefined outside of a notebook. */
export function currentRun(): CellRun | undefined {
  const notebook = (globalThis as Globals)[key];
  if (notebook) return notebook.currentRun();
  if (!isNotebook()) return undefined;
  const { write } = process.stdout;
  const run = runsOfTslab.get(write) ?? { source: "" };
  runsOfTslab.set(write, run);
  return run;
}

/** Where the text of a function stands in a cell, by which a thread's stack traces name it. */
export function placeOf(text: string): Place | undefined {
  return (globalThis as Globals)[key]?.placeOf?.(text);
}

/** The object whose properties are the variables of earlier cells; undefined outside of a notebook. */
export function notebookVariables(): object | undefined {
  return (globalThis as Globals).__tslab__?.exports;
}

let last: { write: Write; out: unknown; err: unknown } | undefined;

/** Writes to where stdout and stderr lead now, also when they lead elsewhere later. */
export function currentWrite(): Write {
  const { stdout, stderr } = process;
  const [out, err] = [stdout.write, stderr.write];
  if (last?.out !== out || last.err !== err) {
    const write: Write = (fd, text) => void (fd === 1 ? out.call(stdout, text) : err.call(stderr, text));
    last = { write, out, err };
  }
  return last.write;
}

/**
 * Tells of what is allowed and hardly meant: under the cell that runs, in a notebook; elsewhere as one of Node's
 * warnings, which `--disable-warning=CODE` silences and `--trace-warnings` traces.
 */
export function warn(message: string, type: string, code?: string): void {
  if (isNotebook()) process.stderr.write(`${type}: ${message}\n`);
  else process.emitWarning(message, { type, code });
}

/** The same before the code goes on, which may hold the event loop for long. */
export function warnAtOnce(message: string, type: string, code: string): void {
  if (isNotebook()) process.stderr.write(`${type}: ${message}\n`);
  else process.emit("warning", Object.assign(new Error(message), { name: type, code }));
}
