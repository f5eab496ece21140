import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

/** A function on the stack, innermost first; lines count from 1. */
export interface BlockFrame {
  /** "(anonymous)" for a function without a name; the cell's label, or "cell", for a cell's own code. */
  name: string;
  /** A file's URL or the label of a notebook's cell; "" where the engine knows none. */
  file: string;
  line: number;
}

/** A frame as the inspector gives it; lines and columns count from 0. */
export interface RawFrame {
  name: string;
  url: string;
  line: number;
  column: number;
}

/** What our launcher keeps of each cell's script; positions count from 1. */
interface CellScript {
  label: string;
  origin(line: number, column: number): { line: number } | undefined;
}

const thisPackage = pathToFileURL(dirname(__dirname)).href;

/** The reader's own frames: without Node's internals, installed packages and this one. */
export function readableFrames(frames: RawFrame[]): BlockFrame[] {
  return frames.filter(({ url }) => !isInternal(url)).map(readable);
}

/** "parseLog < cell 3": at most four functions, innermost first. */
export function where(frames: BlockFrame[]): string {
  const names = frames.slice(0, 4).map(({ name }) => name);
  return names.length > 0 ? names.join(" < ") : "an unknown function";
}

function isInternal(url: string): boolean {
  return url.startsWith("node:internal") || url.includes("/node_modules/") || url.startsWith(thisPackage);
}

function readable({ name, url, line, column }: RawFrame): BlockFrame {
  const cell = cellScripts()?.get(url);
  const origin = cell?.origin(line + 1, column + 1);
  // Without our launcher, tslab gives its cells no names.
  const isCell = cell !== undefined || url.startsWith("evalmachine.");
  return {
    name: name || (isCell ? (cell?.label ?? "cell") : "(anonymous)"),
    file: cell?.label ?? (isCell ? "" : url),
    line: origin?.line ?? line + 1,
  };
}

function cellScripts(): Map<string, CellScript> | undefined {
  const holder = globalThis as { [key: symbol]: unknown };
  return holder[Symbol.for("kernel-helpers.cells")] as Map<string, CellScript> | undefined;
}
