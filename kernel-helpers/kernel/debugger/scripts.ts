/** The scripts of cells and of the files that they import: the reader's positions and those of the inspector. */

import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { CompiledScript } from "../compiler/protocol";
import { originThrough, type Position } from "../session/cell-scripts";
import { murmur2 } from "./murmur2";

export const hashSeed = 0xc70f6907;
/** A cell has no file: front ends compute this path from its code to say where a breakpoint is. */
export const tmpFilePrefix = join(tmpdir(), `kernel-helpers-${process.pid}`) + sep;
export const tmpFileSuffix = ".ts";

/** The path that stands for the code of a cell. */
const pathOfCode = (code: string) => `${tmpFilePrefix}${murmur2(code, hashSeed)}${tmpFileSuffix}`;

/** A position in a compiled script as the inspector counts it, from 0, and the reader's, from 1; none for added code. */
interface Pair {
  line: number;
  column: number;
  origin: Position | undefined;
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The first number of a segment of a source map, which is in base 64 VLQ. */
function firstNumber(segment: string): number {
  let value = 0;
  for (let shift = 0, at = 0; ; shift += 5, at++) {
    const digit = digits.indexOf(segment[at]!);
    value |= (digit & 31) << shift;
    if ((digit & 32) === 0) break;
  }
  return value & 1 ? -(value >> 1) : value >> 1;
}

/** Where the pieces of a compiled text begin, from 0. */
function pieces(map: string): { line: number; column: number }[] {
  const { mappings } = JSON.parse(map) as { mappings: string };
  return mappings.split(";").flatMap((text, line) => {
    let column = 0;
    return text.split(",").flatMap((segment) => {
      if (segment === "") return [];
      column += firstNumber(segment);
      return { line, column };
    });
  });
}

export class Script {
  readonly label: string;
  readonly source: string;
  /** As the inspector calls it. */
  readonly url: string;
  /** As the front end calls its source. */
  readonly path: string;
  readonly isCell: boolean;
  readonly #lines: string[];
  readonly #addedLines: number;
  #pairs: Pair[] | undefined;

  constructor(private readonly compiled: CompiledScript) {
    const { name, label, source, script, added } = compiled;
    this.label = label;
    this.source = source;
    this.isCell = !isAbsolute(name);
    this.url = this.isCell ? name : pathToFileURL(name).href;
    this.path = this.isCell ? pathOfCode(source) : name;
    this.#lines = script.split("\n");
    this.#addedLines = added.script;
  }

  get #all(): Pair[] {
    this.#pairs ??= this.#read();
    return this.#pairs;
  }

  #read(): Pair[] {
    const { maps, added } = this.compiled;
    if (!maps) {
      return this.#lines.map((_, line) => ({
        line: line + added.script,
        column: 0,
        origin: { line: line + 1, column: 1 },
      }));
    }
    const back = originThrough(maps, added.source);
    return pieces(maps[0]!).map(({ line, column }) => ({
      line: line + added.script,
      column,
      origin: back(line + 1, column + 1),
    }));
  }

  /** The reader's position of one of the inspector's. */
  originOf(line: number, column: number): Position | undefined {
    let found: Pair | undefined;
    for (const pair of this.#all) {
      if (pair.line !== line) continue;
      if (found && pair.column > column) break;
      found = pair;
    }
    return found?.origin;
  }

  /** Where the code of a line begins, for the inspector; of several pieces, as in a function and its call, each that begins a line. */
  generatedOf(line: number): { line: number; column: number }[] {
    const first = new Map<number, Pair>();
    for (const pair of this.#all) {
      if (pair.origin?.line === line && !first.has(pair.line)) first.set(pair.line, pair);
    }
    return [...first.values()].filter(({ line }) => !this.#isExport(line));
  }

  /** Compilers write names that a script exports into lines of their own. */
  #isExport(line: number): boolean {
    return /^\s*exports\.(?!tsLastExpr)\w+ = \w+;$/.test(this.#lines[line - this.#addedLines] ?? "");
  }

  /** Whether there is an assignment to what the cell exports, which follows the reader's own statement. */
  isAdded(line: number, column: number): boolean {
    return this.#isExport(line) || this.originOf(line, column) === undefined;
  }

  /** The compiled text, for who looks at its syntax; and the position in it of one of the inspector's. */
  get text(): string {
    return this.compiled.script;
  }

  textAt(line: number, column: number): string {
    return (this.#lines[line - this.#addedLines] ?? "").slice(column);
  }

  offsetOf(line: number, column: number): number {
    const before = this.#lines.slice(0, line - this.#addedLines);
    return before.reduce((sum, each) => sum + each.length + 1, column);
  }
}

export class Scripts {
  readonly #byUrl = new Map<string, Script>();
  /** Code that a front end has shown, by path. */
  readonly #dumped = new Map<string, string>();

  add(compiled: CompiledScript): Script {
    const script = new Script(compiled);
    this.#byUrl.set(script.url, script);
    return script;
  }

  dump(code: string): string {
    const path = pathOfCode(code);
    this.#dumped.set(path, code);
    return path;
  }

  byUrl(url: string): Script | undefined {
    return this.#byUrl.get(url);
  }

  /** All that were compiled from one source, as a cell that ran twice. */
  byPath(path: string): Script[] {
    return [...this.#byUrl.values()].filter((script) => script.path === path);
  }

  sourceOf(path: string): string | undefined {
    return this.byPath(path)[0]?.source ?? this.#dumped.get(path);
  }

  /** The text of a source, for a client. */
  show(path: string): object {
    const content = this.sourceOf(path) ?? readFileSync(path, "utf8");
    return { content, mimeType: /\.[cm]?js$/.test(path) ? "text/javascript" : "text/typescript" };
  }

  /** The reader's files that cells have imported. */
  modules(): object {
    const files = [...this.#byUrl.values()].filter(({ isCell }) => !isCell);
    const modules = files.map(({ label, path }) => ({ id: path, name: label, path }));
    return { modules, totalModules: modules.length };
  }
}

/** The path of a file that is none of the cells' own imports. */
export const pathOfUrl = (url: string) => (url.startsWith("file:") ? fileURLToPath(url) : url);
