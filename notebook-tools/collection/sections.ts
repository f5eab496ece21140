import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { headings, type Notebook, NotebookError, readNotebook, sourceText } from "../nbformat";

/** A numbered notebook of a collection, such as `04-to-thread.ipynb`. */
export interface Section {
  /** File name within the folder. */
  name: string;
  notebook: Notebook;
  /** The first heading, as plain text: "04 · toThread". */
  title: string;
  /** The first quoted line below it, Markdown; empty where there is none. */
  summary: string;
}

const numbered = /^\d\d-.+\.ipynb$/;

/**
 * The numbered notebooks of a folder, in order.
 * @throws NotebookError when one is broken or starts without a heading
 */
export async function readSections(folder: string): Promise<Section[]> {
  const names = (await readdir(folder)).filter((name) => numbered.test(name)).sort();
  return Promise.all(names.map((name) => readSection(folder, name)));
}

async function readSection(folder: string, name: string): Promise<Section> {
  const file = join(folder, name);
  const { notebook } = await readNotebook(file);
  const first = notebook.cells[0];
  const text = first?.cell_type === "markdown" ? sourceText(first) : "";
  const title = headings(text)[0];
  if (!title) {
    throw new NotebookError("starts without a heading; the first cell needs a line such as `# 04 · Title`.", {
      file,
    });
  }
  return { name, notebook, title, summary: /^> (.+)$/m.exec(text)?.[1] ?? "" };
}
