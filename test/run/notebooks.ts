/** Notebooks for tests: those of test/fixtures/notebooks, and small ones made on the spot. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { temporaryFolder } from "./kernels.ts";

const fixtures = resolve(import.meta.dirname, "../fixtures/notebooks");

/** A fixture's path, to run it where it lies. */
export const fixture = (name: string): string => join(fixtures, `${name}.ipynb`);

/** A copy of a fixture in a folder of its own, to be written into. */
export function copyOf(name: string): string {
  const file = join(temporaryFolder(), `${name}.ipynb`);
  cpSync(fixture(name), file);
  return file;
}

interface CellSketch {
  source: string;
  tags?: string[];
  outputs?: object[];
  type?: string;
}

/** A notebook of code cells for a kernel. */
export function notebookText(kernel: string, cells: (string | CellSketch)[]): string {
  const sketches = cells.map((cell) => (typeof cell === "string" ? { source: cell } : cell));
  const notebook = {
    cells: sketches.map(({ source, tags = [], outputs = [], type = "code" }: CellSketch, index) => ({
      cell_type: type,
      ...(type === "code" ? { execution_count: null } : {}),
      id: `c${index}`,
      metadata: tags.length > 0 ? { tags } : {},
      ...(type === "code" ? { outputs } : {}),
      source,
    })),
    metadata: { kernelspec: { display_name: kernel, language: "javascript", name: kernel } },
    nbformat: 4,
    nbformat_minor: 5,
  };
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

export function writeNotebook(
  name: string,
  kernel: string,
  cells: (string | CellSketch)[],
  folder = temporaryFolder(),
): string {
  const file = join(folder, `${name}.ipynb`);
  writeFileSync(file, notebookText(kernel, cells));
  return file;
}

export const read = (file: string): string => readFileSync(file, "utf8");
