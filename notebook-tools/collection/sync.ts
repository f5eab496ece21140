import { readFile } from "node:fs/promises";
import { join, posix, relative, resolve, sep } from "node:path";
import { type Notebook, NotebookError, notebookText, sourceText, writeAtomically } from "../nbformat";
import { fillMarkers, type partNames } from "./markers";
import { type Language, navigation, sectionTable } from "./parts";
import { readSections, type Section } from "./sections";
import { alignTranslation, type CellFault } from "./translation";

export interface SyncOptions {
  /** A Markdown page outside the folder with `<!-- sections -->` markers, such as the README. */
  readme?: string;
  /**
   * Translated notebooks whose Markdown cells are translations of the original as it is now; `file#id` is
   * one cell.
   */
  translated?: readonly string[];
}

/** A file whose generated parts are not what they should be, and its right text. */
interface FileChange {
  file: string;
  text: string;
}

/** A translation that is not as its original asks for: where, what is wrong, and the way out, as one sentence. */
export interface TranslationFault {
  file: string;
  /** Undefined for a fault of the whole file. */
  cell?: string;
  message: string;
}

export interface CollectionState {
  /** What `syncCollection` would write. */
  changes: FileChange[];
  /** What is wrong with the translations; some of it is mended by the changes. */
  faults: TranslationFault[];
}

/** Editions in other languages: folders below the collection with the same file names. */
const translations: readonly Language[] = ["ru"];

/**
 * Reads a collection and says what is stale: navigation bars between `<!-- nav -->` markers, the list of sections
 * between `<!-- sections -->` markers, and the cells of translated editions. Their code, order and metadata are those of
 * the original's cells with the same ids, their outputs their own, and gone where the code has changed; each Markdown cell remembers which text it
 * translates. Nothing is written.
 * @throws NotebookError for a folder without sections, a broken notebook, an original whose cells have no ids, or a
 *   `translated` that names none of the translations
 */
export async function checkCollection(folder: string, options: SyncOptions = {}): Promise<CollectionState> {
  const { readme, translated = [] } = options;
  const originals = await readSections(folder);
  if (originals.length === 0)
    throw new NotebookError("no numbered notebook (`NN-slug.ipynb`) here; name another folder.", {
      file: folder,
    });
  const changes = await staleSections(folder, originals, "en");
  const faults: TranslationFault[] = [];
  const marks = new Marks(translated);
  for (const language of translations) {
    const place = join(folder, language);
    const sections = await readSections(place).catch(ignoreMissing);
    if (sections.length === 0) continue;
    const aligned = sections.map((section) => {
      const original = originals.find(({ name }) => name === section.name);
      const { notebook, faults: found } = alignSection(folder, place, section, original, marks);
      faults.push(...found);
      return { ...section, notebook };
    });
    faults.push(...missingSections(folder, place, originals, sections));
    changes.push(...(await staleSections(place, aligned, language)));
  }
  marks.refuseUnused(folder);
  if (readme) changes.push(...(await staleReadme(readme, folder, originals)));
  return { changes, faults };
}

/** Brings the generated parts up to date and gives the files it wrote, and what only a person can mend. */
export async function syncCollection(
  folder: string,
  options: SyncOptions = {},
): Promise<{ written: string[]; faults: TranslationFault[] }> {
  const { changes } = await checkCollection(folder, options);
  for (const { file, text } of changes) await writeAtomically(file, text);
  const { faults } = await checkCollection(folder);
  return { written: changes.map(({ file }) => file), faults };
}

/** Which Markdown cells of which files are said to be translated: `file` or `file#id`. */
class Marks {
  readonly #unused: Set<string>;

  constructor(readonly marks: readonly string[]) {
    this.#unused = new Set(marks);
  }

  has(file: string, id: string): boolean {
    const found = this.marks.filter((mark) => {
      const [, path, cell = id] = /^(.*?)(?:#([\w-]+))?$/s.exec(mark)!;
      return resolve(path!) === resolve(file) && cell === id;
    });
    for (const mark of found) this.#unused.delete(mark);
    return found.length > 0;
  }

  refuseUnused(folder: string): void {
    for (const mark of this.#unused) {
      throw new NotebookError(
        `names no translated notebook or Markdown cell below ${folder}; expected a file such as ${join(folder, "ru", "01-slug.ipynb")}, or file#cell-id.`,
        { file: mark },
      );
    }
  }
}

/** A translated section in line with its original, and its faults. */
function alignSection(
  folder: string,
  place: string,
  { name, notebook }: Section,
  original: Section | undefined,
  marks: Marks,
): { notebook: Notebook; faults: TranslationFault[] } {
  const file = join(place, name);
  if (!original) {
    const message = `${file}: there is no ${join(folder, name)} that it translates; rename or delete it.`;
    return { notebook, faults: [{ file, message }] };
  }
  if (original.notebook.cells.some(({ id }) => id === undefined))
    throw new NotebookError("a translation needs cells with ids; save it as nbformat 4.5.", {
      file: join(folder, name),
    });
  const aligned = alignTranslation(original.notebook, notebook, (id) => marks.has(file, id));
  const faults = aligned.faults.map((fault) => {
    return { file, cell: fault.id, message: faultText(folder, file, fault) };
  });
  return { notebook: aligned.notebook, faults };
}

function faultText(folder: string, file: string, { number, id, wrong, way }: CellFault): string {
  const place = number === undefined ? `${file}: cell ${id}` : `${file}, cell ${number} (${id})`;
  const ways: Record<CellFault["way"], string> = {
    sync: `; run \`nb sync ${folder}\`.`,
    translate: `; translate its text, then run \`nb sync ${folder} --translated ${file}#${id}\`.`,
    run: `; run \`nb run --update ${file}\`.`,
    edit: ".",
  };
  return `${place} ${wrong}${ways[way]}`;
}

function missingSections(
  folder: string,
  place: string,
  originals: readonly Section[],
  sections: readonly Section[],
): TranslationFault[] {
  const names = new Set(sections.map(({ name }) => name));
  return originals
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => {
      const file = join(place, name);
      const way = `copy ${join(folder, name)} there, translate its Markdown cells, then run \`nb sync ${folder} --translated ${file}\`.`;
      return { file, message: `${file}: this section is not translated; ${way}` };
    });
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
function withParts(notebook: Notebook, parts: Record<(typeof partNames)[number], string>): Notebook {
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
