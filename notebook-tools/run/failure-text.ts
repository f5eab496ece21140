/** A failure as text that could be pasted into an issue as it is. Pure. */
import { applyCarriageReturns, multilineText, type Output } from "../nbformat";
import { withoutAnsi } from "./cell-result";
import { frame, showsLine } from "./source-location";
import type { CellResult, Failure } from "./types";

/** How much of a stack and of each stream is shown, in lines. */
const shownLines = 12;

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** "notebooks/02.ipynb, cell 5 (Where the work goes)". */
export function cellTitle(file: string, cell: Pick<CellResult, "number" | "heading" | "rerun">): string {
  if (cell.number === 0) return `${file}, ${cell.heading}`; // of the caller's own
  const heading = cell.heading ? ` (${cell.heading})` : "";
  return printableLine(`${file}, cell ${cell.number}${heading}${cell.rerun ? ", run again" : ""}`);
}

/** U+0000 is shown as U+2400 and so on; of the controls above ASCII nothing shows what they are. */
const sign = (control: string): string => {
  const code = control.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
};

/** Text as a terminal would show it, which it does not steer: no colours, titles nor cleared screens. */
export function printable(text: string): string {
  return applyCarriageReturns(withoutAnsi(text).replaceAll("\r\n", "\n")).replace(/(?![\n\t])\p{Cc}/gu, sign);
}

/** The same, and all on one line. */
export const printableLine = (text: string): string => withoutAnsi(text).replace(/\p{Cc}/gu, sign);

/** An argument as a shell takes it for one: POSIX's, on Windows cmd's and PowerShell's. */
export function forShell(argument: string): string {
  if (!/[^\w./\\:@+-]/.test(argument)) return argument;
  if (process.platform === "win32") return `"${argument}"`;
  return `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

const indent = (text: string): string => text.replace(/^(?=.)/gm, "  ");

function lastLines(text: string): string {
  const lines = text.trimEnd().split("\n");
  const hidden = lines.length - shownLines;
  return hidden > 0 ? [`… ${hidden} lines before`, ...lines.slice(-shownLines)].join("\n") : lines.join("\n");
}

function firstLines(text: string): string {
  const lines = text.split("\n");
  const hidden = lines.length - shownLines;
  return hidden > 0 ? [...lines.slice(0, shownLines), `… ${hidden} more lines`].join("\n") : text;
}

function streamSection(outputs: readonly Output[], name: string, shown: ReadonlySet<string>): string[] {
  // The end is enough to look at; joining a stream of 100 MB for it would not be.
  const texts = outputs.flatMap((output) =>
    output.output_type === "stream" && output.name === name ? multilineText(output.text).slice(-20_000) : [],
  );
  const text = texts.join("").trimEnd();
  return text === "" || shown.has(text) ? [] : [`${name}:`, indent(lastLines(printable(text)))];
}

function failureSection(failure: Failure): string[] {
  const { message, trace, diff } = failure;
  const isShown = trace === undefined || trace.trim() === message;
  const heading = failure.kind === "died" ? ["The kernel's own output:"] : [];
  // A traceback starts with the message; of a long one the first line is enough before it.
  const told = !isShown && trace.includes(message) ? message.split("\n")[0]! : message;
  return [
    told,
    ...(diff ? [diff] : []),
    ...(isShown ? [] : [...heading, indent(firstLines(printable(trace)))]),
  ];
}

/**
 * File, cell number, heading, source line with a frame, error, the streams before it, how long it took, and the
 * command that runs just this notebook.
 */
export function failureText(file: string, cell: CellResult, command: string): string {
  const { failures, outputs, source, executionCount } = cell;
  const place = failures.find((failure) => failure.line !== undefined);
  const isShown = place && showsLine(firstLines(place.trace ?? ""), place.line!);
  const traces = new Set(failures.flatMap(({ trace }) => (trace ? [trace.trim()] : [])));
  const lines = [
    `${cellTitle(file, cell)}${executionCount === null ? "" : `, [${executionCount}]`}`,
    ...failures.flatMap(failureSection).map(indent),
    "",
    ...(isShown ? [] : [indent(frame(source, place?.line)), ""]),
    ...streamSection(outputs, "stdout", traces).map(indent),
    ...streamSection(outputs, "stderr", traces).map(indent),
    indent(`After ${duration(cell.durationMs)}. To run just this notebook: ${command}`),
  ];
  return printable(lines.join("\n"));
}
