/** A small diff of two texts, line by line. Pure. */

type Line = [mark: " " | "-" | "+", text: string];

/** Up to this many lines on each side the shortest diff is looked for; beyond it the whole block counts as changed. */
const searchLimit = 400;
const context = 2;
/** How many lines of a diff are shown. */
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

function changed(a: readonly string[], b: readonly string[]): Line[] {
  if (a.length <= searchLimit && b.length <= searchLimit) return search(a, b);
  return [...a.map((text): Line => ["-", text]), ...b.map((text): Line => ["+", text])];
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
  const lines = [...before, ...middle, ...after];
  const shown = lines.slice(0, shownLimit).map(([mark, text]) => `${mark} ${cut(text)}`.trimEnd());
  const hidden = lines.length - shown.length;
  return [...shown, ...(hidden > 0 ? [`… ${hidden} more lines of the diff`] : [])].join("\n");
}
