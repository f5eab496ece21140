/** A small diff of two texts, line by line. Pure. */
import { differing } from "./window";

type Line = [mark: " " | "-" | "+", text: string];

/** Up to this many lines on each side the shortest diff is looked for; beyond it the whole block counts as changed. */
const searchLimit = 400;
const context = 2;
/** How many lines of a diff are shown; of a block that is too large to search, half of them for each side. */
const shownLimit = 40;
const widthLimit = 160;

/** Longest common subsequence by the usual table. */
function search(a: readonly string[], b: readonly string[]): Line[] {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * width + j] =
        a[i] === b[j]
          ? table[(i + 1) * width + j + 1]! + 1
          : Math.max(table[(i + 1) * width + j]!, table[i * width + j + 1]!);
    }
  }
  const lines: Line[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push([" ", a[i]!]);
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && table[(i + 1) * width + j]! >= table[i * width + j + 1]!)) {
      lines.push(["-", a[i++]!]);
    } else lines.push(["+", b[j++]!]);
  }
  return lines;
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (count < a.length && count < b.length && a[count] === b[count]) count++;
  return count;
}

function commonEnd(a: readonly string[], b: readonly string[], start: number): number {
  let count = 0;
  const most = Math.min(a.length, b.length) - start;
  while (count < most && a.at(-1 - count) === b.at(-1 - count)) count++;
  return count;
}

/** Lines to show, and how many more there are. */
interface Part {
  lines: Line[];
  hidden: number;
}

function block(mark: "-" | "+", texts: readonly string[]): Part {
  const lines = texts.slice(0, shownLimit / 2).map((text): Line => [mark, text]);
  return { lines, hidden: texts.length - lines.length };
}

function changed(a: readonly string[], b: readonly string[]): Part {
  if (a.length <= searchLimit && b.length <= searchLimit) return { lines: search(a, b), hidden: 0 };
  const [old, fresh] = [block("-", a), block("+", b)];
  return { lines: [...old.lines, ...fresh.lines], hidden: old.hidden + fresh.hidden };
}

function cut(text: string): string {
  return text.length > widthLimit ? `${text.slice(0, widthLimit)}…` : text;
}

/** The lines that differ, each with `-` (stored) or `+` (now), and two lines around them. */
export function diff(stored: string, now: string): string {
  const a = stored.split("\n");
  const b = now.split("\n");
  const start = commonStart(a, b);
  const end = commonEnd(a, b, start);
  const middle = changed(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const before = a.slice(Math.max(0, start - context), start).map((text): Line => [" ", text]);
  const after = a.slice(a.length - end, a.length - end + context).map((text): Line => [" ", text]);
  const lines = [...before, ...middle.lines, ...after];
  const shown = lines.slice(0, shownLimit).map(([mark, text]) => `${mark} ${cut(text)}`.trimEnd());
  const hidden = middle.hidden + lines.length - shown.length;
  return [...shown, ...(hidden > 0 ? [`… ${hidden} more lines of the diff`] : [])].join("\n");
}

/** Texts together longer than this are first cut to where they differ. */
const largeText = 1_000_000;

/** The diff of two texts that are given in parts; parts of the same place are compared with each other. */
export function diffParts(stored: readonly string[], now: readonly string[]): string {
  const size = [...stored, ...now].reduce((sum, { length }) => sum + length, 0);
  if (size <= largeText || stored.length !== now.length) return diff(stored.join("\n"), now.join("\n"));
  const cuts = stored.map((part, i) => differing(part, now[i]!, context + 1));
  return diff(cuts.map(([part]) => part).join("\n"), cuts.map(([, part]) => part).join("\n"));
}
