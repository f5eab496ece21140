/** What a folder of numbered notebooks says of itself. Pure. */

export interface Section {
  path: string;
  /** The notebook's own heading, else its file name. */
  title: string;
  /** How long it takes, in the notebook's own words; "" where it does not say. */
  time: string;
}

export type Progress = "failed" | "clean" | "begun" | undefined;

export const isSection = (name: string) => /^\d.*\.ipynb$/i.test(name);

const byNumber = new Intl.Collator("en", { numeric: true });
export const inOrder = (paths: readonly string[]) => [...paths].sort(byNumber.compare);

const baseName = (path: string) => path.slice(path.lastIndexOf("/") + 1);

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

/** How far a notebook is, from the cells that have code and how those that ran in this session ended. */
export function progressOf(codeCells: readonly string[], ended: ReadonlyMap<string, boolean>): Progress {
  const ran = codeCells.filter((id) => ended.has(id));
  if (ran.length === 0) return undefined;
  if (ran.some((id) => !ended.get(id))) return "failed";
  return ran.length === codeCells.length ? "clean" : "begun";
}

/** The section `step` places after `path`; `undefined` beyond both ends. */
export function neighbour(sections: readonly Section[], path: string, step: number): Section | undefined {
  const index = sections.findIndex((section) => section.path === path);
  return index < 0 ? undefined : sections[index + step];
}
