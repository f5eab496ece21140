/** What a folder of numbered notebooks says of itself. Pure. */

export interface Section {
  path: string;
  /** The notebook's own heading, else its file name. */
  title: string;
  /** How long it takes, in the notebook's own words; "" where it does not say. */
  time: string;
}

export type Progress = "failed" | "changed" | "clean" | "begun" | undefined;

/** How a cell that ran in this session ended, and what it said when it began. */
export interface CellRun {
  isOk: boolean;
  source: string;
}

/** A folder with the same notebooks in another language. */
export interface Edition {
  /** A BCP 47 tag. */
  language: string;
  folder: string;
  /** Names of its sections. */
  names: ReadonlySet<string>;
}

export const isSection = (name: string) => /^\d.*\.ipynb$/i.test(name);

const byNumber = new Intl.Collator("en", { numeric: true });
export const inOrder = (paths: readonly string[]) => [...paths].sort(byNumber.compare);

export const baseName = (path: string) => path.slice(path.lastIndexOf("/") + 1);
export const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** The text of a heading without its Markdown. */
const plain = (markdown: string) =>
  markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\*\*|__|`|~~/g, "")
    .replace(/\s+#+\s*$/, "")
    .trim();

function firstText(notebook: unknown): string {
  const cells = (notebook as { cells?: unknown } | null)?.cells;
  if (!Array.isArray(cells)) return "";
  const cell = cells.find((one) => one?.cell_type === "markdown");
  const source: unknown = cell?.source;
  return Array.isArray(source) ? source.join("") : typeof source === "string" ? source : "";
}

/** `notebook` may be anything that a file holds. */
export function describeSection(path: string, notebook: unknown): Section {
  const text = firstText(notebook);
  const heading = plain(/^#{1,6}[ \t]+(.+)$/m.exec(text)?.[1] ?? "");
  // In any language: words in italics with a number on both sides of a middle dot.
  const time = /(?<!\*)\*([^*\n]*\d[^*\n]*·[^*\n]*\d[^*\n]*)\*(?!\*)/.exec(text)?.[1] ?? "";
  return { path, title: heading || baseName(path).replace(/\.ipynb$/i, ""), time: time.trim() };
}

/** How far a notebook is, from its cells with code (by id, with what they say now) and those that ran in this session. */
export function progressOf(code: ReadonlyMap<string, string>, runs: ReadonlyMap<string, CellRun>): Progress {
  const ran = [...code.keys()].filter((id) => runs.has(id));
  if (ran.length === 0) return undefined;
  if (ran.some((id) => runs.get(id)!.source !== code.get(id))) return "changed";
  if (ran.some((id) => !runs.get(id)!.isOk)) return "failed";
  return ran.length === code.size ? "clean" : "begun";
}

/** The path `step` places after `path`; `undefined` beyond both ends, and for a path that is not among them. */
export function neighbour(paths: readonly string[], path: string, step: number): string | undefined {
  const index = paths.indexOf(path);
  return index < 0 ? undefined : paths[index + step];
}

/** The language that the name of a folder stands for, as `ru` or `pt_BR`. */
export function languageOf(folder: string): string | undefined {
  const tag = folder.replace("_", "-");
  if (!/^[a-z]{2,3}(-[A-Z]{2})?$/.test(tag)) return undefined;
  return new Intl.DisplayNames("en", { type: "language", fallback: "none" }).of(tag) ? tag : undefined;
}

/** A language by its own name, such as `Русский`. */
export function languageName(tag: string): string {
  const name = new Intl.DisplayNames(tag, { type: "language" }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1);
}

/** The path of the same notebook in the next of the editions after the one in its own folder. */
export function otherEdition(
  editions: readonly Edition[],
  path: string,
): { language: string; path: string } | undefined {
  const own = editions.findIndex(({ folder }) => folder === folderOf(path));
  const after = own < 0 ? [] : [...editions.slice(own + 1), ...editions.slice(0, own)];
  const next = after.find(({ names }) => names.has(baseName(path)));
  return next && { language: next.language, path: [next.folder, baseName(path)].filter(Boolean).join("/") };
}
