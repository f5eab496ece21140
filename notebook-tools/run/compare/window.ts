/** The lines of two large texts in which they differ, found without a list of all their lines. Pure. */

function sameAtStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let count = 0;
  while (count < most && a.charCodeAt(count) === b.charCodeAt(count)) count++;
  return count;
}

function sameAtEnd(a: string, b: string, most: number): number {
  let count = 0;
  while (count < most && a.charCodeAt(a.length - 1 - count) === b.charCodeAt(b.length - 1 - count)) count++;
  return count;
}

/** Where the line starts that holds `position`, or one `lines` before it. */
function lineStart(text: string, position: number, lines: number): number {
  let start = text.lastIndexOf("\n", position - 1) + 1;
  for (let i = 0; i < lines && start > 0; i++) start = start > 1 ? text.lastIndexOf("\n", start - 2) + 1 : 0;
  return start;
}

/** Where the line ends that holds `position`, or one `lines` after it. */
function lineEnd(text: string, position: number, lines: number): number {
  const next = (from: number) => {
    const found = text.indexOf("\n", from);
    return found < 0 ? text.length : found;
  };
  let end = next(position);
  for (let i = 0; i < lines && end < text.length; i++) end = next(end + 1);
  return end;
}

/** Both texts from `context` lines before the first difference to as many after the last one. */
export function differing(a: string, b: string, context: number): [string, string] {
  const start = sameAtStart(a, b);
  const end = sameAtEnd(a, b, Math.min(a.length, b.length) - start);
  const from = lineStart(a, start, context);
  const to = lineEnd(a, a.length - end, context);
  return [a.slice(from, to), b.slice(from, b.length - (a.length - to))];
}
