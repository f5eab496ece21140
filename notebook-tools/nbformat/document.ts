import type { Problem } from "./check";
import { NotebookError } from "./errors";
import { jsonPieces, type Layout, layoutOf } from "./json-text";
import { toWritten } from "./notebook-text";
import { isSame } from "./same";
import { type CellSpans, type Span, scanArray, scanCells, scanNotebook } from "./scan";
import type { Cell, CodeCell, Notebook, Output } from "./types";

/** What a run changes in a code cell. */
export interface CellOutputs {
  outputs: Output[];
  execution_count: number | null;
}

/** A notebook with the text it was read from. Nothing here changes: an edit gives a new document. */
export class NotebookDocument {
  /** The parsed notebook; members that the file leaves out are filled in as empty, the lines of a stream are one text. */
  readonly notebook: Notebook;
  private foundEdits: readonly Edit[] | undefined;

  /** @internal `parseNotebook` and `readNotebook` make one. */
  constructor(
    /** The name used in messages. */
    readonly file: string,
    private readonly stored: Notebook,
    /** What the file does otherwise than nbformat says, none of it fatal. */
    readonly problems: readonly Problem[],
    private readonly text: string,
    /** What is another now, by the cell counted from 0, or `ofNotebook`. */
    private readonly changes: ReadonlyMap<number, Change> = new Map(),
    /** The version of the file, such as "3.0", where it was upgraded as it was read. */
    readonly originalVersion?: string,
  ) {
    const cells = stored.cells.map((cell, index) => ({ ...cell, ...changes.get(index) }) as Cell);
    this.notebook = { ...stored, ...changes.get(ofNotebook), cells } as Notebook;
  }

  get cells(): readonly Cell[] {
    return this.notebook.cells;
  }

  /**
   * The document with other outputs and execution count in one code cell (counted from 0).
   * Outputs that equal the stored ones keep their text.
   * @throws RangeError when the cell is not a code cell.
   */
  withOutputs(cellIndex: number, { outputs, execution_count }: CellOutputs): NotebookDocument {
    const cell = this.cells[cellIndex];
    if (cell?.cell_type !== "code") {
      throw new RangeError(
        `${this.file}: expected the index of a code cell, got ${cellIndex} (${cell?.cell_type ?? "no such cell"}).`,
      );
    }
    return this.withChange(cellIndex, { outputs, execution_count });
  }

  /** The document with other metadata in one cell (counted from 0), or for null of the notebook itself. */
  withMetadata(cellIndex: number | null, metadata: Record<string, unknown>): NotebookDocument {
    return this.withChange(cellIndex ?? ofNotebook, { metadata });
  }

  private withChange(index: number, change: Change): NotebookDocument {
    const changes = new Map(this.changes).set(index, { ...this.changes.get(index), ...change });
    return this.with(changes, this.originalVersion);
  }

  /** The document of a file that has another version than what was made of it. */
  upgradedFrom(version: string): NotebookDocument {
    return this.with(this.changes, version);
  }

  private with(changes: ReadonlyMap<number, Change>, version?: string): NotebookDocument {
    return new NotebookDocument(this.file, this.stored, this.problems, this.text, changes, version);
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
    if (this.changes.size === 0) return [];
    const spans = scanCells(this.text);
    const layout = layoutOf(this.text);
    return [...this.changes].flatMap(([index, change]) => {
      const isCell = index !== ofNotebook;
      const place = isCell ? spans[index]! : scanNotebook(this.text);
      return placeEdits(this.text, layout, place, isCell ? this.stored.cells[index]! : this.stored, change);
    });
  }
}

/** The index of what changes in the notebook itself. */
const ofNotebook = -1;

/** What is another now in a cell or the notebook. */
interface Change extends Partial<CellOutputs> {
  metadata?: Record<string, unknown>;
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

/** The members that differ from the stored ones, and results that the file leaves out. */
function changedMembers(members: CellSpans["members"], stored: Partial<CodeCell>, change: Change): object {
  const changed: Record<string, unknown> = {};
  const { outputs, execution_count, metadata } = change;
  if (
    execution_count !== undefined &&
    !(members.has("execution_count") && stored.execution_count === execution_count)
  )
    changed.execution_count = execution_count;
  if (outputs !== undefined) {
    const written = toWritten(outputs);
    if (!members.has("outputs") || !isSame(toWritten(stored.outputs ?? []), written))
      changed.outputs = written;
  }
  if (metadata !== undefined && !isSame(stored.metadata, metadata)) changed.metadata = metadata;
  return changed;
}

function placeEdits(
  text: string,
  layout: Layout,
  spans: CellSpans,
  stored: Cell | Notebook,
  change: Change,
): Edit[] {
  const changed = changedMembers(spans.members, stored as Partial<CodeCell>, change);
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
