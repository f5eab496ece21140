import { dirname, isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { StackFrame } from "../inspector";

/** A function on the stack, innermost first; lines count from 1. */
export interface BlockFrame {
  /** "(anonymous)" for a function without a name; the cell's label, or "cell", for a cell's own code. */
  name: string;
  /** A file's URL or the label of a notebook's cell; "" where the engine knows none. */
  file: string;
  line: number;
}

/** What our launcher keeps of each cell's script; positions count from 1. */
interface CellScript {
  label: string;
  origin(line: number, column: number): { line: number } | undefined;
}

const thisPackage = pathToFileURL(dirname(__dirname)).href;

/** The reader's own frames: without Node's internals, installed packages and this one. */
export function readableFrames(frames: StackFrame[]): BlockFrame[] {
  return frames.filter(({ file }) => !isInternal(urlOf(file))).map(readable);
}

/** "parseLog < cell 3": at most four functions, innermost first. */
export function where(frames: BlockFrame[]): string {
  const names = frames.slice(0, 4).map(({ name }) => name);
  return names.length > 0 ? names.join(" < ") : "an unknown function";
}

function isInternal(url: string): boolean {
  return url.startsWith("node:internal") || url.includes("/node_modules/") || url.startsWith(thisPackage);
}

function urlOf(file: string): string {
  return isAbsolute(file) ? pathToFileURL(file).href : file;
}

function readable({ name, file, line, column }: StackFrame): BlockFrame {
  const cell = cellScripts()?.get(file);
  const origin = cell?.origin(line + 1, column + 1);
  // Without our launcher, tslab gives its cells no names.
  const isCell = cell !== undefined || file.startsWith("evalmachine.");
  return {
    name: name || (isCell ? (cell?.label ?? "cell") : "(anonymous)"),
    file: cell?.label ?? (isCell ? "" : urlOf(file)),
    line: origin?.line ?? line + 1,
  };
}

function cellScripts(): Map<string, CellScript> | undefined {
  const holder = globalThis as { [key: symbol]: unknown };
  return holder[Symbol.for("kernel-helpers.cells")] as Map<string, CellScript> | undefined;
}
