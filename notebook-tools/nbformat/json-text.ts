import { hasPlainLines, linesOf } from "./text";

/** How a notebook's text is laid out. */
export interface Layout {
  /** One level of indentation; empty when the whole notebook is on one line. */
  indent: string;
  newline: string;
}

/** The layout of a notebook's text, read from its first lines. */
export function layoutOf(text: string): Layout {
  const [, newline = "\n", indent = ""] = /^\s*\{[ \t]*(\r\n|\n)([ \t]*)/.exec(text) ?? [];
  return { indent, newline };
}

/** Text that is written as the list of its lines. */
export class Lines {
  constructor(readonly text: string) {}
}

/**
 * A value as JSON text that starts in a line indented by `margin`, in pieces of some size, so that a large one need not
 * be held twice. Names are sorted and non-ASCII text stays readable, as Jupyter writes it.
 */
export function jsonPieces(value: unknown, layout: Layout, margin: string): string[] {
  const pieces: string[] = [];
  writeJson(value, layout, margin, (piece) => pieces.push(piece));
  return pieces;
}

/** Hands the same pieces on as they are made. Anything that can be iterated is a list. */
export function writeJson(
  value: unknown,
  { indent, newline }: Layout,
  margin: string,
  write: (piece: string) => void,
): void {
  const writer = new Writer(indent, write);
  writer.value(value, indent === "" ? "" : newline + margin);
  writer.flush();
}

/** How many pieces, and of how many characters, are joined at once: more would take more memory than their text. */
const BATCH = { pieces: 4096, characters: 262_144 };

/** How long a part of a text is, in characters; some more to the end of its line. */
const PART = 65_536;

/** A text in parts that end with a line: none is so large that what is made of it counts. */
function* partsOf(text: string): Generator<string> {
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = text.indexOf("\n", start + PART) + 1 || text.length;
    yield text.slice(start, end);
  }
}

const quoted = (text: string) => JSON.stringify(text).slice(1, -1);

class Writer {
  private pieces: string[] = [];
  private characters = 0;

  constructor(
    private readonly indent: string,
    private readonly write: (piece: string) => void,
  ) {}

  flush(): void {
    this.write(this.pieces.join(""));
    this.pieces = [];
    this.characters = 0;
  }

  /** `newline` is the line end together with the indentation of the line that the value starts in. */
  value(value: unknown, newline: string): void {
    if (value instanceof Lines) this.lines(value.text, newline);
    else if (isIterable(value))
      this.list("[]", value, newline, (item) => this.value(item, newline + this.indent));
    else if (typeof value === "object" && value !== null) this.object(value, newline);
    else this.put(JSON.stringify(value));
  }

  private lines(text: string, newline: string): void {
    const between = `",${newline}${this.indent}"`;
    this.list("[]", partsOf(text), newline, (part) => {
      // Many lines at once: where nothing else is escaped so, each `\n` of the JSON but the last begins a new one.
      const json = hasPlainLines(part)
        ? quoted(part).replace(/\\n(?=.)/g, `\\n${between}`)
        : [...linesOf(part)].map(quoted).join(between);
      this.put(`"${json}"`);
    });
  }

  private object(object: object, newline: string): void {
    const entries = Object.entries(object).filter(([, value]) => value !== undefined);
    const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
    this.list("{}", sorted, newline, ([name, value]) => {
      this.put(JSON.stringify(name) + (this.indent === "" ? ":" : ": "));
      this.value(value, newline + this.indent);
    });
  }

  private list<T>(brackets: string, items: Iterable<T>, newline: string, write: (item: T) => void): void {
    let before = brackets[0]!;
    for (const item of items) {
      this.put(before + newline + this.indent);
      write(item);
      before = ",";
    }
    this.put(before === "," ? newline + brackets[1] : brackets);
  }

  private put(piece: string): void {
    this.pieces.push(piece);
    this.characters += piece.length;
    if (this.pieces.length >= BATCH.pieces || this.characters >= BATCH.characters) this.flush();
  }
}

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value;
