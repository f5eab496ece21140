/**
 * What earlier cells have declared, in files of their own once it is much: these are read and bound once, while
 * tslab reads, prints and reads again what it is given with every cell. A name is looked for in the cell, in what
 * the last cells declared, and then from file to file, the latest first, as if each stood around the next.
 */

import { join } from "node:path";
import { prefix } from "./cell-source";
import type { SourceFile } from "./tsc";

/** From here on, declarations become a file: some 20 cells. */
const much = 4000;

export class Archive {
  readonly #texts: string[] = [];

  /** What is declared beside the files: a cell that failed leaves the declarations as they were before. */
  beside(declarations: string): string {
    return declarations === this.#texts.at(-1) ? "" : declarations;
  }

  /** Makes a file of declarations if they are much; returns what is left of them. */
  add(declarations: string): string {
    const left = this.beside(declarations);
    if (left.length < much) return left;
    this.#texts.push(left);
    return "";
  }

  #name(index: number): string {
    return join(process.cwd(), `__earlier${index}__.d.ts`).replaceAll("\\", "/");
  }

  /** The names of the files, the latest last. */
  get files(): string[] {
    return this.#texts.map((_, index) => this.#name(index));
  }

  /** The text of a file, if it is one of them. */
  read(name: string): string | undefined {
    const index = this.files.indexOf(name);
    return index < 0 ? undefined : prefix + this.#texts[index];
  }

  /** All of it; a compiler that begins anew has to learn it. */
  get texts(): readonly string[] {
    return this.#texts;
  }

  restore(texts: readonly string[]) {
    this.#texts.splice(0, Number.POSITIVE_INFINITY, ...texts);
  }
}

/** The files that stand around a cell: what the last cells declared, and the archive. */
export function around(cell: { parent?: unknown }): SourceFile[] {
  const files: SourceFile[] = [];
  for (let file = cell.parent as SourceFile | undefined; file; file = file.parent as unknown as SourceFile)
    files.push(file);
  return files;
}
