import type { Problem } from "./check";
import { NotebookError } from "./errors";
import { jsonPieces, type Layout, layoutOf } from "./json-text";
import { toWritten } from "./notebook-text";
import { isSame } from "./same";
import { type CellSpans, type Span, scanArray, scanCells } from "./scan";
import type { Cell, CodeCell, Notebook, Output } from "./types";

/** What a run changes in a code cell. */
export interface Results {
  outputs: Output[];
  execution_count: number | null;
}

/** A notebook with the text it was read from. Nothing here changes: an edit gives a new document. */
export class NotebookDocument {
  /** The parsed notebook; members that the file leaves out are filled in as empty, the lines of a stream are one text. */
  readonly notebook: Notebook;
  private foundEdits: readonly Edit[] | undefined;

  constructor(
    /** The name used in messages. */
    readonly file: string,
    private readonly stored: Notebook,
    /** What the file does otherwise than nbformat says, none of it fatal. */
    readonly problems: readonly Problem[],
    private readonly text: string,
    private readonly results: ReadonlyMap<number, Results> = new Map(),
    /** The version of the file, such as "3.0", where it was upgraded as it was read. */
    readonly originalVersion?: string,
  ) {
    const cells = stored.cells.map((cell, index) => ({ ...cell, ...results.get(index) }) as Cell);
    this.notebook = { ...stored, cells };
  }

  get cells(): readonly Cell[] {
    return this.notebook.cells;
  }

  /**
   * The document with other outputs and execution count in one code cell (counted from 0).
   * Outputs that equal the stored ones keep their text.
   * @throws RangeError when the cell is not a code cell.
   */
  withOutputs(cellIndex: number, { outputs, execution_count }: Results): NotebookDocument {
    const cell = this.cells[cellIndex];
    if (cell?.cell_type !== "code") {
      throw new RangeError(
        `${this.file}: expected the index of a code cell, got ${cellIndex} (${cell?.cell_type ?? "no such cell"}).`,
      );
    }
    const results = new Map(this.results).set(cellIndex, { outputs, execution_count });
    return this.with(results, this.originalVersion);
  }

  /** The document of a file that has another version than what was made of it. */
  upgradedFrom(version: string): NotebookDocument {
    return this.with(this.results, version);
  }

  private with(results: ReadonlyMap<number, Results>, version?: string): NotebookDocument {
    return new NotebookDocument(this.file, this.stored, this.problems, this.text, results, version);
  }

  /**
   * The line of the file where a line of a cell's source stands, for editors and annotations. The cell is
   * counted from 0, lines from 1. A source that is one string stands on one line; of an upgraded notebook the first line
   * stands for all.
   */
  lineOf(cellIndex: number, sourceLine = 1): number {
    if (this.originalVersion !== undefined) return 1;
    const source = scanCells(this.text)[cellIndex]?.members.get("source");
    if (!source) return 1;
    const { start } = source.value;
    const lines = this.text[start] === "[" ? scanArray(this.text, start) : [];
    const line = lines[Math.min(sourceLine, lines.length) - 1] ?? source.value;
    return this.text.slice(0, line.start).split("\n").length;
  }

  /**
   * The text to write: that of the file, without a byte order mark, with only the bytes of the
   * changed `outputs` and `execution_count` replaced.
   */
  toText(): string {
    return this.toPieces().join("");
  }

  /** The text in pieces, for writing: a notebook with large outputs is not held twice. */
  toPieces(): string[] {
    return applyEdits(this.text, this.edits());
  }

  /** Whether the text to write is another than that of the file. */
  get isEdited(): boolean {
    return this.edits().length > 0;
  }

  private edits(): readonly Edit[] {
    this.foundEdits ??= this.findEdits();
    return this.foundEdits;
  }

  private findEdits(): Edit[] {
    if (this.results.size === 0) return [];
    const spans = scanCells(this.text);
    const layout = layoutOf(this.text);
    return [...this.results].flatMap(([index, results]) =>
      cellEdits(this.text, layout, spans[index]!, this.stored.cells[index] as CodeCell, results),
    );
  }
}

/**
 * For who would write a notebook in place: one of an old version would become another file.
 * @throws NotebookError for a notebook that was upgraded as it was read
 */
export function refuseOldFormat({ file, originalVersion }: NotebookDocument): void {
  if (originalVersion !== undefined)
    throw new NotebookError(
      `is of nbformat ${originalVersion}, which is read but not written; write a copy of nbformat 4 with \`nb run --output-dir DIR\`.`,
      { file },
    );
}

interface Edit extends Span {
  pieces: string[];
}

/** The results that differ from the stored ones, and those that the file leaves out. */
function changedResults(members: CellSpans["members"], stored: CodeCell, results: Results): object {
  const outputs = toWritten(results.outputs);
  const { execution_count } = results;
  const isSameCount = members.has("execution_count") && stored.execution_count === execution_count;
  const isSameOutputs = members.has("outputs") && isSame(toWritten(stored.outputs), outputs);
  return { ...(isSameCount ? {} : { execution_count }), ...(isSameOutputs ? {} : { outputs }) };
}

function cellEdits(
  text: string,
  layout: Layout,
  spans: CellSpans,
  stored: CodeCell,
  results: Results,
): Edit[] {
  const changed = changedResults(spans.members, stored, results);
  return Object.entries(changed).map(([name, value]) => memberEdit(text, layout, spans, name, value));
}

function memberEdit(
  text: string,
  layout: Layout,
  { cell, members }: CellSpans,
  name: string,
  value: unknown,
): Edit {
  const member = members.get(name);
  const margin = marginBefore(text, (member ?? [...members.values()][0])?.key.start ?? cell.start);
  const json = jsonPieces(value, layout, margin);
  return member ? { ...member.value, pieces: json } : newMember(text, cell, name, json);
}

/** A member that the cell lacks goes before its others, where the blank between `{` and them is known. */
function newMember(text: string, cell: Span, name: string, json: string[]): Edit {
  const [blank = ""] = /\s*/y[Symbol.match](text.slice(cell.start + 1, cell.start + 1000)) ?? [];
  const pieces = [`${blank}${JSON.stringify(name)}: `, ...json, ","];
  return { start: cell.start + 1, end: cell.start + 1, pieces };
}

/** The blank at the start of the line, when nothing else stands between it and the position. */
function marginBefore(text: string, position: number): string {
  const line = text.slice(text.lastIndexOf("\n", position - 1) + 1, position);
  return /^[ \t]*/.exec(line)![0];
}

function applyEdits(text: string, edits: readonly Edit[]): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    pieces.push(text.slice(at, edit.start), ...edit.pieces);
    at = edit.end;
  }
  return [...pieces, text.slice(at)];
}
