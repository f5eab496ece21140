import type { Cell, JsonValue, MultilineString } from "./types";

/** The text of a string or of a list of lines. */
export function multilineText(value: MultilineString): string {
  return typeof value === "string" ? value : value.join("");
}

/** The source of a cell as one text. */
export function sourceText(cell: Pick<Cell, "source">): string {
  return multilineText(cell.source);
}

/** The text of one entry of a mimebundle; JSON values are written out as JSON. */
export function mimeText(value: JsonValue): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((line) => typeof line === "string")) return value.join("");
  return JSON.stringify(value, null, 2);
}

/** The line ends of Python's `str.splitlines`, with which Jupyter writes notebooks; `\r\n` is one too. */
const OTHER_ENDS = String.raw`\r\v\f\x1c-\x1e\x85\u2028\u2029`;
const LINE_ENDS = String.raw`\n${OTHER_ENDS}`;
const LINE = new RegExp(`[^${LINE_ENDS}]*(?:\r\n|[${LINE_ENDS}])|[^${LINE_ENDS}]+$`, "g");

const ODD = new RegExp(String.raw`[\\${OTHER_ENDS}]`);

/** Whether `\n` in a text's JSON is always the end of a line, and its lines have no other ends. */
export const hasPlainLines = (text: string): boolean => !ODD.test(text);

/** The lines of a text with their line ends, one after the other, as Jupyter writes them. */
export function* linesOf(text: string): Generator<string> {
  for (const [line] of text.matchAll(LINE)) yield line;
}
