import { sourceText } from "./text";
import type { Cell } from "./types";

/** The tags of a cell; none when its metadata has no list of them. */
export function tags(cell: Pick<Cell, "metadata">): string[] {
  const { tags } = cell.metadata;
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : [];
}

/** Whether a cell carries a tag, such as `raises-exception`. */
export function hasTag(cell: Pick<Cell, "metadata">, tag: string): boolean {
  return tags(cell).includes(tag);
}

/**
 * The title of the part that a cell belongs to: the nearest Markdown heading above it, or in it.
 * Undefined before the first heading.
 */
export function headingAbove(cells: readonly Cell[], index: number): string | undefined {
  for (const cell of cells.slice(0, index + 1).reverse()) {
    const last = cell.cell_type === "markdown" ? headings(sourceText(cell)).at(-1) : undefined;
    if (last) return last;
  }
  return undefined;
}

/** The headings of a Markdown text (`# Title` lines outside code fences) as plain text. */
export function headings(markdown: string): string[] {
  const prose = markdown.replace(
    /^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^ {0,3}\1[`~]*\s*$|$(?![\s\S]))/gm,
    "",
  );
  return Array.from(prose.matchAll(/^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*\r?$/gm), (match) =>
    withoutMarkup(match[1]!),
  );
}

function withoutMarkup(markdown: string): string {
  return markdown.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/<[^>]*>|[`*]|\\(?=[#_[\]])/g, "");
}
