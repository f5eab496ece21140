import { toLines } from "./text";
import type { Cell, JsonValue, Notebook, Output } from "./types";

/** How a notebook's text is laid out. */
export interface Layout {
  /** One level of indentation; empty when the whole notebook is on one line. */
  indent: string;
  newline: string;
}

/** The layout of a notebook's text, read from its first lines. */
export function layoutOf(text: string): Layout {
  const [, newline = "\n", indent = ""] = /^\s*\{[ \t]*(\r\n|\n)([ \t]*)/.exec(text) ?? [];
  return { indent, newline };
}

/**
 * A value as JSON text that starts in a line indented by `margin`. Names are sorted and
 * non-ASCII text stays readable, as Jupyter writes it.
 */
export function jsonText(value: unknown, { indent, newline }: Layout, margin: string): string {
  const depth = indent === "" ? 0 : margin.length / indent.length;
  const text =
    margin === indent.repeat(depth)
      ? jsonAtDepth(sorted(value), indent, depth)
      : JSON.stringify(sorted(value), null, indent).replaceAll("\n", `\n${margin}`);
  return newline === "\n" ? text : text.replaceAll("\n", newline);
}

/**
 * JSON text indented as at some depth: written inside as many lists, which are cut off again.
 * Indenting a text of 100 MB afterwards, line by line, would take several times its memory.
 */
function jsonAtDepth(value: unknown, indent: string, depth: number): string {
  let wrapped = value;
  let [before, after] = [0, 0];
  for (let level = 1; level <= depth; level++) {
    wrapped = [wrapped];
    before += "[\n".length + level * indent.length;
    after += "\n]".length + (level - 1) * indent.length;
  }
  const text = JSON.stringify(wrapped, null, indent);
  return text.slice(before, text.length - after);
}

/**
 * The whole text of a notebook as Jupyter writes it: indented by one space, names sorted, texts as
 * lists of lines, a newline at the end.
 */
export function notebookText(notebook: Notebook): string {
  const written = { ...notebook, cells: notebook.cells.map(writtenCell) };
  return `${jsonText(written, { indent: " ", newline: "\n" }, "")}\n`;
}

function writtenCell(cell: Cell): Cell {
  const source = linesOf(cell.source) as string[];
  return cell.cell_type === "code"
    ? { ...cell, source, outputs: toWritten(cell.outputs) }
    : { ...cell, source };
}

/** Outputs with their texts as lists of lines, as Jupyter writes them. */
export function toWritten(outputs: readonly Output[]): Output[] {
  return outputs.map((output) => {
    if (output.output_type === "stream") return { ...output, text: linesOf(output.text) as string[] };
    if (output.output_type === "error") return output;
    const data = Object.entries(output.data).map(([mime, value]) => [
      mime,
      isLinesMime(mime) ? linesOf(value) : value,
    ]);
    return { ...output, data: Object.fromEntries(data) };
  });
}

/** The mime types whose text nbformat splits; others, such as base64 images, stay one string. */
export function isLinesMime(mime: string): boolean {
  return mime.startsWith("text/") || mime === "application/javascript" || mime === "image/svg+xml";
}

function linesOf(value: JsonValue): JsonValue {
  return typeof value === "string" ? toLines(value) : value;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
