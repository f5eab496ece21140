import { readFile } from "node:fs/promises";
import { join, posix, relative, sep } from "node:path";
import {
  type Cell,
  type Notebook,
  NotebookError,
  notebookText,
  sourceText,
  writeAtomically,
} from "../nbformat";
import { fillMarkers } from "./markers";
import { type Language, navigation, sectionTable } from "./parts";
import { readSections, type Section } from "./sections";

export interface SyncOptions {
  /** A Markdown page outside the folder with `<!-- sections -->` markers, such as the README. */
  readme?: string;
}

/** A file whose generated parts are not what they should be, and its right text. */
export interface FileChange {
  file: string;
  text: string;
}

/** Editions in other languages: folders below the collection with the same file names. */
const translations: readonly Language[] = ["ru"];

/**
 * The files of a collection whose generated parts are stale: navigation bars between `<!-- nav -->` markers,
 * the list of sections between `<!-- sections -->` markers, and the code of translated editions, which is that of
 * the original's cell with the same id; their outputs are their own. Nothing is written.
 * @throws NotebookError for a folder without sections, a broken notebook, or a translated code cell whose id the original lacks
 */
export async function staleFiles(folder: string, { readme }: SyncOptions = {}): Promise<FileChange[]> {
  const originals = await readSections(folder);
  if (originals.length === 0)
    throw new NotebookError("no numbered notebook (`NN-slug.ipynb`) here; name another folder.", {
      file: folder,
    });
  const changes = await staleSections(folder, originals, "en");
  for (const language of translations) {
    const place = join(folder, language);
    const translated = await readSections(place).catch(ignoreMissing);
    const current = translated.map((section) => withCodeOf(originals, section, place));
    changes.push(...(await staleSections(place, current, language)));
  }
  if (readme) changes.push(...(await staleReadme(readme, folder, originals)));
  return changes;
}

/** Brings the generated parts up to date and gives the files it wrote. */
export async function syncCollection(folder: string, options: SyncOptions = {}): Promise<string[]> {
  const changes = await staleFiles(folder, options);
  for (const { file, text } of changes) await writeAtomically(file, text);
  return changes.map(({ file }) => file);
}

function ignoreMissing(error: NodeJS.ErrnoException): Section[] {
  if (error.code === "ENOENT") return [];
  throw error;
}

async function staleSections(folder: string, sections: Section[], language: Language): Promise<FileChange[]> {
  const table = sectionTable(sections, language);
  const wanted = sections.map(({ name, notebook }, at) => ({
    file: join(folder, name),
    text: notebookText(withParts(notebook, { nav: navigation(sections, at), sections: table })),
  }));
  return onlyStale(wanted);
}

async function staleReadme(readme: string, folder: string, sections: Section[]): Promise<FileChange[]> {
  const path = relative(join(readme, ".."), folder).split(sep).join(posix.sep);
  const table = sectionTable(sections, "en", `${path}/`);
  const text = fillMarkers(await readFile(readme, "utf8"), "sections", table);
  return onlyStale([{ file: readme, text }]);
}

async function onlyStale(wanted: FileChange[]): Promise<FileChange[]> {
  const stored = await Promise.all(wanted.map(({ file }) => readFile(file, "utf8")));
  return wanted.filter(({ text }, at) => text !== stored[at]);
}

/** The notebook with its markers filled; cells without markers stay the same objects. */
function withParts(notebook: Notebook, parts: Record<string, string>): Notebook {
  const cells = notebook.cells.map((cell) => {
    if (cell.cell_type !== "markdown") return cell;
    const source = sourceText(cell);
    const filled = Object.entries(parts).reduce(
      (text, [name, part]) => fillMarkers(text, name, part),
      source,
    );
    return filled === source ? cell : { ...cell, source: filled.split(/(?<=\n)/) };
  });
  return { ...notebook, cells };
}

function withCodeOf(originals: readonly Section[], section: Section, folder: string): Section {
  const original = originals.find(({ name }) => name === section.name);
  const byId = new Map(original?.notebook.cells.map((cell) => [cell.id, cell]));
  const cells = section.notebook.cells.map((cell): Cell => {
    if (cell.cell_type !== "code") return cell;
    const twin = byId.get(cell.id);
    // Outputs are the translation's own: its charts speak its language.
    if (twin?.cell_type === "code") return { ...cell, source: twin.source, metadata: twin.metadata };
    throw new NotebookError(
      `code cell ${cell.id} has no twin in the original; code is written there first.`,
      {
        file: join(folder, section.name),
      },
    );
  });
  return { ...section, notebook: { ...section.notebook, cells } };
}
