/**
 * The scripts that cells compile to, and the way back from a compiled position to the TypeScript
 * that the reader wrote. Anyone in the process can look them up, without importing this room:
 *
 *     const cells = globalThis[Symbol.for("kernel-helpers.cells")]; // Map<string, CellScript>
 *     cells.get("cell-3.js")?.origin(14, 9); // { line: 2, column: 3 } or undefined
 */

import { SourceMap } from "node:module";
import type { CompiledScript, MapText } from "../compiler/protocol";

/** A position as stack traces count it: lines and columns from 1. */
export interface Position {
  line: number;
  column: number;
}

export interface CellScript {
  /** How people call it: `cell 3`, or the path of a `.ts` file relative to the notebook. */
  label: string;
  /** The TypeScript source. */
  source: string;
  /** What the source compiled to, without the lines that are added before it. */
  script: string;
  /** The lines that are. */
  addedLines: number;
  /** As the compiler gave it. */
  compiled: CompiledScript;
  /** The position in `source` of a position in the compiled script; undefined for added code. */
  origin(line: number, column: number): Position | undefined;
}

/** Script names, as in stack traces and in the inspector, to their sources. */
export type CellScripts = Map<string, CellScript>;

/** Where `globalThis` holds the scripts of this process. */
export const cellsSymbol = Symbol.for("kernel-helpers.cells");

/** The scripts of this process. */
export function cellScripts(): CellScripts {
  const holder = globalThis as { [cellsSymbol]?: CellScripts };
  holder[cellsSymbol] ??= new Map();
  return holder[cellsSymbol];
}

/** Where the text of a function stands in the scripts of this process, the latest first: the script's name and a position. */
export function placeOf(text: string): (Position & { file: string }) | undefined {
  for (const [file, { script, addedLines }] of [...cellScripts()].reverse()) {
    const at = script.indexOf(text);
    if (at < 0) continue;
    const lines = script.slice(0, at).split("\n");
    return { file, line: lines.length + addedLines, column: lines.at(-1)!.length + 1 };
  }
  return undefined;
}

/** The position that a source map gives for a generated one, if it has one on that line. */
function lookUp(map: SourceMap, { line, column }: Position): Position | undefined {
  const entry = map.findEntry(line - 1, column - 1);
  if (!("originalLine" in entry) || entry.generatedLine !== line - 1) return undefined;
  return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}

/**
 * Composes the way back through several compilations, the last first. `addedLines` stand before
 * the source in what the first compilation read. Without maps there is no way back.
 */
export function originThrough(maps: MapText[] | undefined, addedLines: number): CellScript["origin"] {
  let parsed: SourceMap[] | undefined;
  return (line, column) => {
    if (!maps) return undefined;
    parsed ??= maps.map((text) => new SourceMap(JSON.parse(text)));
    let position: Position | undefined = { line, column };
    for (const map of parsed) position = position && lookUp(map, position);
    if (!position || position.line <= addedLines) return undefined;
    return { line: position.line - addedLines, column: position.column };
  };
}
