/** Where and why a text is not JSON. */
export interface Fault {
  position: number;
  reason: string;
}

/** The first place where a text stops being JSON (RFC 8259); undefined when it is JSON. */
export function findFault(text: string): Fault | undefined {
  const reader = new Reader(text);
  try {
    readDocument(reader);
    return undefined;
  } catch (error) {
    if (error instanceof Unexpected)
      return { position: reader.position, reason: describe(text, reader.position, error.expected) };
    // The stack of calls is full: no notebook is so deep.
    return { position: reader.position, reason: "lists and objects are nested too deeply for a notebook." };
  }
}

class Unexpected extends Error {
  constructor(readonly expected: string) {
    super(expected);
  }
}

class Reader {
  position = 0;
  constructor(readonly text: string) {}

  peek(): string {
    const blank = /[ \t\r\n]*/y;
    blank.lastIndex = this.position;
    blank.exec(this.text);
    this.position = blank.lastIndex;
    return this.text.charAt(this.position);
  }

  accept(token: string): boolean {
    if (this.peek() !== token) return false;
    this.position++;
    return true;
  }

  expect(token: string, expected: string): void {
    if (!this.accept(token)) this.fail(expected);
  }

  fail(expected: string): never {
    throw new Unexpected(expected);
  }
}

function readDocument(reader: Reader): void {
  readValue(reader);
  if (reader.peek() !== "") reader.fail("the end of the file");
}

function readValue(reader: Reader): void {
  const first = reader.peek();
  if (first === "{") readObject(reader);
  else if (first === "[") readArray(reader);
  else if (first === '"') readString(reader);
  else readScalar(reader);
}

function readObject(reader: Reader): void {
  reader.expect("{", "an object");
  if (reader.accept("}")) return;
  do {
    if (reader.peek() !== '"') reader.fail("a name in double quotes");
    readString(reader);
    reader.expect(":", "`:`");
    readValue(reader);
  } while (reader.accept(","));
  reader.expect("}", "`,` or `}`");
}

function readArray(reader: Reader): void {
  reader.expect("[", "a list");
  if (reader.accept("]")) return;
  do readValue(reader);
  while (reader.accept(","));
  reader.expect("]", "`,` or `]`");
}

function readString(reader: Reader): void {
  reader.expect('"', "a string");
  // Piece by piece: one pattern for a whole string would overflow on an image of some MB.
  const piece = /(?:[^"\\\p{Cc}]|[\x7f-\x9f]){1,1000}|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/uy;
  piece.lastIndex = reader.position;
  while (piece.test(reader.text)) reader.position = piece.lastIndex;
  if (reader.text[reader.position] !== '"') reader.fail('the end of the string (`"`)');
  reader.position++;
}

function readScalar(reader: Reader): void {
  const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;
  scalar.lastIndex = reader.position;
  if (!scalar.test(reader.text)) reader.fail("a value");
  reader.position = scalar.lastIndex;
}

function describe(text: string, position: number, expected: string): string {
  const start = text.lastIndexOf("\n", position - 1) + 1;
  const line = text.slice(start, text.indexOf("\n", position) + 1 || undefined);
  const rest = text.slice(position, position + 40);
  if (text.trim() === "") return "the file is empty; restore it from version control, or delete it.";
  if (rest.trim() === "")
    return `the file ends too early, where ${expected} was expected; restore it from version control.`;
  if (/^\s*(<{7}|={7}|>{7}|\|{7})/.test(line))
    return `Git left conflict markers here (${"`"}${line.trim().slice(0, 40)}${"`"}); resolve the conflict, for example with \`git mergetool\` or nbdime.`;
  const name = /^-?(NaN|Infinity)\b/.exec(rest)?.[0];
  if (name)
    return `\`${name}\` is not JSON; write null or a string instead, or run the cell again so that it prints one.`;
  return `not JSON: expected ${expected}, got \`${rest.split(/[\r\n]/)[0]}\`; correct this line or restore the file from version control.`;
}
