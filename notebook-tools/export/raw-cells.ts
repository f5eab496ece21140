import type { RawCell } from "../nbformat/browser";

/** Names that older tools write for mime types. */
const NAMES: Record<string, string> = { html: "text/html", markdown: "text/markdown", latex: "text/latex" };

/** The format that a raw cell is meant for, as a mime type; undefined when it is meant for all. */
export function rawFormat({ metadata }: Pick<RawCell, "metadata">): string | undefined {
  const format = metadata.raw_mimetype ?? metadata.format;
  if (typeof format !== "string" || format.trim() === "") return undefined;
  const name = format.trim().toLowerCase();
  return NAMES[name] ?? name;
}
