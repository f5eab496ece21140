import { Lines, writeJson } from "./json-text";
import { multilineText, sourceText } from "./text";
import type { Cell, CellByCell, JsonValue, MultilineString, Notebook, Output } from "./types";

/** Outputs as Jupyter writes them: texts as lists of lines. */
export function toWritten(outputs: readonly Output[]): unknown[] {
  return outputs.map((output) => {
    if (output.output_type === "stream") return { ...output, text: new Lines(multilineText(output.text)) };
    if (output.output_type === "error") return output;
    const data = Object.entries(output.data).map(([mime, value]) => [mime, writtenData(mime, value)]);
    return { ...output, data: Object.fromEntries(data) };
  });
}

/** nbformat splits these mime types; others, such as base64 images, stay one string. */
function writtenData(mime: string, value: JsonValue): unknown {
  const isText = mime.startsWith("text/") || mime === "application/javascript" || mime === "image/svg+xml";
  return isText && isMultiline(value) ? new Lines(multilineText(value)) : value;
}

function isMultiline(value: JsonValue): value is MultilineString {
  return (
    typeof value === "string" || (Array.isArray(value) && value.every((line) => typeof line === "string"))
  );
}

/**
 * The whole text of a notebook as Jupyter writes it: indented by one space, names sorted, texts as
 * lists of lines, a newline at the end.
 */
export function notebookText(notebook: Notebook): string {
  const pieces: string[] = [];
  writeNotebookText(notebook, (piece) => pieces.push(piece));
  return pieces.join("");
}

/** Hands the same text on in pieces of some size, each cell when it has come. */
export function writeNotebookText(notebook: CellByCell, write: (piece: string) => void): void {
  const written = { ...notebook, cells: mapped(notebook.cells, writtenCell) };
  writeJson(written, { indent: " ", newline: "\n" }, "", write);
  write("\n");
}

function* mapped<T, U>(items: Iterable<T>, change: (item: T) => U): Generator<U> {
  for (const item of items) yield change(item);
}

function writtenCell(cell: Cell): object {
  const source = new Lines(sourceText(cell));
  return cell.cell_type === "code"
    ? { ...cell, source, outputs: toWritten(cell.outputs) }
    : { ...cell, source };
}
