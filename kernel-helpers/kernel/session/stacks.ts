/** Stack traces in the reader's terms: cells and own files, lines of TypeScript, nothing of the kernel. */

import { isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { CellScripts, Position } from "./cell-scripts";

/** One line of a stack. */
export interface Frame {
  /** The whole line without indentation: `at parse (cell 3:2:7)`. */
  text: string;
  /** The cell or file, with its position, where the frame names one. */
  place?: Position & { file: string };
}

/** What the pure functions need to know of the process. */
export interface StackWorld {
  cells: CellScripts;
  cwd: string;
}

const frameLine = /^\s*at (?:(.*) \()?(.*?):(\d+):(\d+)\)?$/;
const anyFrame = /^\s+at /;
/** Code that carries cells and shipped functions; its frames say nothing to a reader. */
const internal =
  /[\\/]node_modules[\\/](?:tslab|@tslab|zeromq|piscina)[\\/]|[\\/]kernel-helpers[\\/]dist[\\/]|^node:internal|^node:(?:vm|async_hooks)$/;

/** Where tslab calls a cell, and where a cell calls `require`. */
const ofExecutor = /[\\/]tslab[\\/]dist[\\/]executor\.js/;

/** The lines of a stack down to the call of the cell: what stands below is the kernel's. */
function upToCell(lines: string[], { cells }: StackWorld): string[] {
  const isOfCell = (line: string) => cells.has(frameLine.exec(line)?.[2]?.replace(/^async /, "") ?? "");
  const last = lines.findLastIndex(isOfCell);
  const end = lines.findIndex((line, at) => at > last && anyFrame.test(line) && ofExecutor.test(line));
  if (end < 0) return lines;
  return lines.slice(0, end).filter((line) => !/\(node:vm:/.test(line) && !ofExecutor.test(line));
}

/** The stack's frames, without the lines before them, which repeat the message. */
function frameLines(stack: string, world: StackWorld): string[] {
  const frames = stack.split("\n").filter((line) => anyFrame.test(line));
  return upToCell(frames, world);
}

/** A file as the reader knows it: relative to the notebook, else its last parts. */
function shortFile(file: string, cwd: string): string {
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  if (!isAbsolute(path)) return path;
  const near = relative(cwd, path);
  const parts = near.split(sep);
  const inPackage = parts.lastIndexOf("node_modules");
  if (inPackage >= 0) return parts.slice(inPackage + 1).join("/");
  return parts[0] === ".." || isAbsolute(near) ? parts.slice(-2).join("/") : parts.join("/");
}

/** Reads a line of a stack; undefined for frames of the kernel's own. */
function readFrame(line: string, { cells, cwd }: StackWorld): Frame | undefined {
  const match = frameLine.exec(line);
  if (!match) return { text: line.trim() };
  const [, name, file = "", row, column] = match;
  if (internal.test(file)) return undefined;
  const script = cells.get(file) ?? cells.get(file.replace(/^async /, ""));
  const position = { line: Number(row), column: Number(column) };
  const origin = script ? script.origin(position.line, position.column) : position;
  if (!origin) return undefined;
  const shown = script?.label ?? shortFile(file, cwd);
  const place = { file: shown, ...origin };
  const at = `${shown}:${origin.line}:${origin.column}`;
  // Names of earlier cells are properties of an object that no reader knows of.
  const called = script ? name?.replace(/^(async )?(?:Proxy|Object)\./, "$1") : name;
  return { text: called ? `at ${called} (${at})` : `at ${at}`, place };
}

/** The frames of a stack that a reader can use. */
export function readFrames(stack: string, world: StackWorld): Frame[] {
  return frameLines(stack, world).flatMap((line) => readFrame(line, world) ?? []);
}

/** The stack with every frame of a cell in the lines of its TypeScript; other frames stay as they are. */
export function mapStack(stack: string, world: StackWorld): string {
  const map = (line: string) => {
    const match = anyFrame.test(line) ? frameLine.exec(line) : null;
    if (!match || !world.cells.has(match[2]!)) return [line];
    const frame = readFrame(line, world);
    return frame ? [`    ${frame.text}`] : [];
  };
  return upToCell(stack.split("\n"), world).flatMap(map).join("\n");
}
