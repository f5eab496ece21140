/** A stretch of text, from `start` up to but not including `end`. */
export interface Span {
  start: number;
  end: number;
}

/** Where a member of an object stands. */
export interface Member {
  key: Span;
  value: Span;
}

/** Where a code cell keeps what a run changes. */
export interface CellSpans {
  cell: Span;
  members: Map<string, Member>;
}

/**
 * The place of every cell and its members in a notebook's text, which must be JSON already
 * (`JSON.parse` has read it). One pass over the text, no copies of the outputs: 100 MB are fine.
 */
export function scanCells(text: string): CellSpans[] {
  const cells = scanNotebook(text).members.get("cells");
  if (!cells) return [];
  return scanArray(text, cells.value.start).map((cell) => ({ cell, members: scanObject(text, cell.start) }));
}

/** The place of the notebook itself and of its members. */
export function scanNotebook(text: string): CellSpans {
  const start = skipBlank(text, 0);
  return { cell: { start, end: text.length }, members: scanObject(text, start) };
}

/** The members of the object that a text is. Throws `SyntaxError` for some text that is none, not for all. */
export function scanMembers(text: string): Map<string, Member> {
  const start = skipBlank(text, 0);
  if (text[start] !== "{") throw new SyntaxError("An object was expected.");
  return scanObject(text, start);
}

/** The places of the items of the list that a text is. Throws `SyntaxError` for what stands between them, not in them. */
export function* scanValues(text: string): Generator<Span> {
  const between = /[ \t\n\r]*([[,\]])[ \t\n\r]*/y;
  let mark = between.exec(text)?.[1];
  if (mark !== "[") throw new SyntaxError("A list was expected.");
  if (text.slice(between.lastIndex) === "]") return;
  while (mark !== "]") {
    const start = between.lastIndex;
    between.lastIndex = skipValue(text, start);
    yield { start, end: between.lastIndex };
    mark = between.exec(text)?.[1];
    if (mark !== "," && mark !== "]") throw new SyntaxError("A comma was expected.");
  }
  if (between.lastIndex !== text.length) throw new SyntaxError("The text goes on.");
}

/** The members of the object that starts at `start`; of equal names the last wins, as in `JSON.parse`. */
function scanObject(text: string, start: number): Map<string, Member> {
  const members = new Map<string, Member>();
  let at = skipBlank(text, start + 1);
  while (text[at] !== "}") {
    const key = { start: at, end: skipValue(text, at) };
    const value = scanValue(text, skipBlank(text, key.end) + 1);
    members.set(JSON.parse(text.slice(key.start, key.end)), { key, value });
    at = skipComma(text, value.end);
  }
  return members;
}

/** The places of the items of the list that starts at `start`. */
export function scanArray(text: string, start: number): Span[] {
  const items: Span[] = [];
  let at = skipBlank(text, start + 1);
  while (text[at] !== "]") {
    const item = scanValue(text, at);
    items.push(item);
    at = skipComma(text, item.end);
  }
  return items;
}

function scanValue(text: string, at: number): Span {
  const start = skipBlank(text, at);
  return { start, end: skipValue(text, start) };
}

function skipComma(text: string, at: number): number {
  const next = skipBlank(text, at);
  return text[next] === "," ? skipBlank(text, next + 1) : next;
}

function skipBlank(text: string, at: number): number {
  while (text.charCodeAt(at) <= 0x20) at++;
  return at;
}

function skipValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return skipString(text, start);
  if (first === "{" || first === "[") return skipNested(text, start);
  const end = /[\s,\]}]|$/g;
  end.lastIndex = start;
  return end.exec(text)!.index;
}

function skipNested(text: string, start: number): number {
  const mark = /["[\]{}]/g;
  mark.lastIndex = start;
  for (let depth = 0; ; ) {
    const at = mark.exec(text)?.index ?? ended();
    const character = text[at];
    if (character === '"') mark.lastIndex = skipString(text, at);
    else depth += character === "{" || character === "[" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
}

function skipString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? ended() : end + 1;
}

/** For text that is not JSON after all: without this its end would be looked for again and again. */
function ended(): never {
  throw new SyntaxError("The text ends too early.");
}

/** Whether an odd number of backslashes stands before a quotation mark. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === "\\") first--;
  return (at - first) % 2 === 1;
}
