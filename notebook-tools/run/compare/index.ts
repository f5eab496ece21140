/** Stored outputs against those of a run, as a reader of the notebook would see them. Pure. */
import {
  applyCarriageReturns,
  type MimeBundle,
  mimeText,
  multilineText,
  type Output,
} from "../../nbformat/browser";
import { withoutAnsi } from "../cell-result";
import { diffParts } from "./diff";
import { hashOf } from "./hash";
import { isClose, maskNumbers, normalizeText } from "./normalize";
import type { CompareOptions } from "./options";
import { isVegaLite, vegaLiteContent, vegaLiteShape } from "./vega-lite";

export { diff } from "./diff";
export { type CompareOptions, normalizers } from "./options";

interface How extends CompareOptions {
  /** Compares shapes: numbers are masked, charts go by encoding and names. */
  measured: boolean;
}

/** Frames inside Node.js and inside installed packages say how the kernel is built, not what the cell did. */
const foreignFrame = /^\s+at .*(?:node:|node_modules).*(?:\n|$)/gm;

function comparableText(text: string, { measured, normalize = [] }: How): string {
  const normalized = normalizeText(text, normalize);
  return measured ? maskNumbers(normalized) : normalized;
}

/** All that went to one stream, whatever came between: two streams race each other. */
function stream(outputs: readonly Output[], name: string, how: How): string {
  const pieces = outputs.flatMap((output) =>
    output.output_type === "stream" && output.name === name ? [multilineText(output.text)] : [],
  );
  const text = applyCarriageReturns(pieces.join(""));
  return comparableText(name === "stderr" ? text.replace(foreignFrame, "") : text, how);
}

function streamNames(outputs: readonly Output[]): string[] {
  return outputs.flatMap((output) => (output.output_type === "stream" ? [output.name] : []));
}

const sortedJson = (value: unknown): string => JSON.stringify(sorted(value), null, 1);

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, sorted(item)]));
}

function image(value: MimeBundle[string], { images = "kind" }: How): string {
  return images === "hash" ? hashOf(mimeText(value)) : "an image";
}

function mimeContent(mime: string, value: MimeBundle[string], how: How): string {
  if (isVegaLite(mime))
    return how.measured
      ? sortedJson(vegaLiteShape(value))
      : comparableText(sortedJson(vegaLiteContent(value)), how);
  if (mime.startsWith("image/")) return image(value, how);
  const isJson = mime === "application/json" || mime.endsWith("+json");
  return comparableText(isJson ? sortedJson(value) : mimeText(value), how);
}

/**
 * A picture beside a chart shows the same; only the chart is compared. Of a measured chart the text beside it is what was
 * measured, in words: whether two lines cross, how many tasks failed.
 */
function comparedMimes(data: MimeBundle, { measured }: How): string[] {
  const mimes = Object.keys(data).sort();
  if (!mimes.some(isVegaLite)) return mimes;
  return mimes.filter((mime) => !mime.startsWith("image/") && !(measured && mime === "text/plain"));
}

function rich(output: Output, how: How): string[] {
  if (output.output_type === "stream") return [];
  if (output.output_type === "error")
    return [`error: ${comparableText(withoutAnsi(`${output.ename}: ${output.evalue}`), how)}`];
  const { data } = output;
  return [
    `${output.output_type}:`,
    ...comparedMimes(data, how).map((mime) => `${mime}:\n${mimeContent(mime, data[mime]!, how)}`),
  ];
}

/** Outputs as texts in which equal things are equal: one for each stream, then one for each other output. */
function comparable(outputs: readonly Output[], how: How): string[] {
  const streams = [...new Set(streamNames(outputs))]
    .sort()
    .flatMap((name) => [`${name}:`, stream(outputs, name, how)]);
  return [...streams, ...outputs.flatMap((output) => rich(output, how))];
}

function isSame(a: string, b: string, tolerance: number): boolean {
  if (a === b) return true;
  if (tolerance <= 0) return false;
  const [left, right] = [a.split("\n"), b.split("\n")];
  return left.length === right.length && left.every((line, i) => isClose(line, right[i]!, tolerance));
}

/**
 * The difference between stored and new outputs as a small diff; null where there is none. Streams are joined,
 * carriage returns applied; execution counts and metadata do not count.
 */
export function compareOutputs(stored: readonly Output[], now: readonly Output[], how: How): string | null {
  const [a, b] = [comparable(stored, how), comparable(now, how)];
  const { tolerance = 0 } = how;
  // Part by part: joining them would copy a large output only to find it equal.
  if (a.length === b.length && a.every((part, i) => isSame(part, b[i]!, tolerance))) return null;
  return diffParts(a, b);
}
