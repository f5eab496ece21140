import { SourceMap } from "node:module";

/** A function on the stack, innermost first; lines count from 1. */
export interface BlockFrame {
  /** "(anonymous)" for a function without a name, "cell" for the code of a cell itself. */
  name: string;
  /** A file's path or URL, or the name of a notebook's cell; "" where the engine knows none. */
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

interface Cells {
  get(script: string): { map?: unknown } | undefined;
}

/** The reader's own frames, with the lines of the cell as it was typed where the kernel kept the maps. */
export function readableFrames(frames: RawFrame[]): BlockFrame[] {
  return frames.filter(({ url }) => !isInternal(url)).map(readable);
}

/** "parseLog < cell": at most four functions, innermost first. */
export function where(frames: BlockFrame[]): string {
  const names = frames.slice(0, 4).map(({ name }) => name);
  return names.length > 0 ? names.join(" < ") : "an unknown function";
}

function isInternal(url: string): boolean {
  return url.startsWith("node:internal") || url.includes("/node_modules/") || url.includes(__dirname);
}

function readable({ name, url, line, column }: RawFrame): BlockFrame {
  const origin = originInCell(url, line, column);
  const isCell = origin !== undefined || url.startsWith("evalmachine.");
  return {
    name: name || (isCell ? "cell" : "(anonymous)"),
    file: url.startsWith("evalmachine.") ? "" : url,
    line: origin ?? line + 1,
  };
}

/** The line in the cell as the reader typed it; only our launcher keeps the maps for that. */
function originInCell(url: string, line: number, column: number): number | undefined {
  const cells = (globalThis as { [key: symbol]: unknown })[Symbol.for("kernel-helpers.cells")] as
    | Cells
    | undefined;
  const map = cells?.get(url)?.map;
  if (!map) return undefined;
  const payload = typeof map === "string" ? JSON.parse(map) : map;
  const entry = new SourceMap(payload).findEntry(line, column);
  return "originalLine" in entry ? entry.originalLine + 1 : line + 1;
}
