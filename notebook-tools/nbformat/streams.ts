import { multilineText } from "./text";
import type { Output, Stream } from "./types";

/**
 * Outputs as a front end would show them: neighbouring streams of one name are one stream,
 * with its carriage returns and backspaces applied.
 */
export function joinStreams(outputs: readonly Output[]): Output[] {
  const joined: Output[] = [];
  for (const group of groupStreams(outputs)) {
    const [first] = group;
    if (first.output_type !== "stream") joined.push(first);
    else joined.push({ ...first, text: applyCarriageReturns(streamText(group as Stream[])) });
  }
  return joined;
}

type Group = [Output, ...Output[]];

function groupStreams(outputs: readonly Output[]): Group[] {
  const groups: Group[] = [];
  for (const output of outputs) {
    const last = groups.at(-1);
    if (last && isSameStream(last[0], output)) last.push(output);
    else groups.push([output]);
  }
  return groups;
}

function isSameStream(a: Output, b: Output): boolean {
  return a.output_type === "stream" && b.output_type === "stream" && a.name === b.name;
}

function streamText(streams: readonly Stream[]): string {
  return streams.map((stream) => multilineText(stream.text)).join("");
}

/**
 * The text that is seen once a terminal has obeyed its carriage returns (back to the start of
 * the line) and backspaces (one to the left): later characters replace earlier ones.
 */
export function applyCarriageReturns(text: string): string {
  if (!/[\r\b]/.test(text)) return text;
  return text.split("\n").map(overwritten).join("\n");
}

function overwritten(line: string): string {
  if (!/[\r\b]/.test(line)) return line;
  const seen: string[] = [];
  let column = 0;
  for (const character of line) {
    if (character === "\r") column = 0;
    else if (character === "\b") column = Math.max(0, column - 1);
    else seen[column++] = character;
  }
  return seen.join("");
}
