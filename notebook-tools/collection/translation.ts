/** A translated notebook beside its original, cell by cell: same code, same order, no text older than its original. Pure. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { type Cell, type MarkdownCell, type Notebook, sourceText } from "../nbformat";
import { withoutParts } from "./markers";

/** A cell of a translation that is not as its original asks for. */
export interface CellFault {
  /** From 1, in the translation; undefined for a cell that is missing there. */
  number?: number;
  id: string;
  wrong: string;
  /** What mends it: a sync, a run that stores outputs, a translator who then says `--translated`, or an edit. */
  way: "sync" | "run" | "translate" | "edit";
}

export interface Alignment {
  /** The translation with the code, the order and the metadata of its original; its outputs are its own, or none. */
  notebook: Notebook;
  /** What is wrong with the translation as it stands, in its order; cells that are missing come first. */
  faults: CellFault[];
}

/** Where a translated Markdown cell keeps which original it is the translation of. */
const recordKey = "translated_from";

/**
 * The translation brought into line with its original, and what was not in line.
 * @param isTranslated whether the Markdown cell with this id was translated from the original as it is now
 */
export function alignTranslation(
  original: Notebook,
  translation: Notebook,
  isTranslated: (id: string) => boolean = () => false,
): Alignment {
  const { twins, extras } = pairCells(original, translation);
  const faults = new Map<Cell, CellFault[]>();
  for (const cell of [...extras.values()].flat()) {
    const wrong = "is not in the original; write it there first, or delete it";
    faults.set(cell, [{ id: cell.id ?? "without an id", wrong, way: "edit" }]);
  }
  const missing: CellFault[] = [];
  const cells = [...(extras.get(undefined) ?? [])];
  for (const [at, twin] of original.cells.entries()) {
    const id = twin.id!;
    const cell = twins.get(id);
    const aligned =
      cell?.cell_type === twin.cell_type ? alignCell(twin, cell, isTranslated) : draftOf(twin, cell);
    cells.push(aligned.cell);
    if (cell) {
      faults.set(
        cell,
        aligned.faults.map((fault) => ({ id, ...fault })),
      );
      cells.push(...(extras.get(cell) ?? []));
    } else missing.push({ id, wrong: `is missing (cell ${at + 1} of the original)`, way: "sync" });
  }
  for (const cell of movedCells(original, [...twins.values()])) {
    const wrong = "stands in another place than in the original";
    faults.get(cell)!.push({ id: cell.id!, wrong, way: "sync" });
  }
  const numbered = translation.cells.flatMap((cell, at) =>
    (faults.get(cell) ?? []).map((fault) => ({ number: at + 1, ...fault })),
  );
  return { notebook: { ...translation, cells }, faults: [...missing, ...numbered] };
}

/** The cells that share an id with one of the original, and the others by the former that they stand behind. */
function pairCells(original: Notebook, translation: Notebook) {
  const ids = new Set(original.cells.map(({ id }) => id));
  const twins = new Map<string, Cell>();
  const extras = new Map<Cell | undefined, Cell[]>();
  let before: Cell | undefined;
  for (const cell of translation.cells) {
    if (cell.id !== undefined && ids.has(cell.id) && !twins.has(cell.id)) {
      twins.set(cell.id, cell);
      before = cell;
    } else extras.set(before, [...(extras.get(before) ?? []), cell]);
  }
  return { twins, extras };
}

type Aligned = { cell: Cell; faults: Omit<CellFault, "id">[] };

/** What stands in for a cell that the translation lacks: the original's text, or its code without its outputs. */
function draftOf(original: Cell, cell: Cell | undefined): Aligned {
  const wrong = `is a ${cell?.cell_type} cell, in the original a ${original.cell_type} cell`;
  return { cell: withoutOutputs(original), faults: [{ wrong, way: "sync" }] };
}

function alignCell(original: Cell, cell: Cell, isTranslated: (id: string) => boolean): Aligned {
  if (cell.cell_type === "markdown") return alignText(original, cell, isTranslated);
  const faults = metadataFaults(original.metadata, cell.metadata);
  const aligned = { ...cell, source: original.source, metadata: original.metadata };
  if (sourceText(cell) !== sourceText(original)) {
    faults.unshift({ wrong: "differs from the original", way: "sync" });
    return { cell: withoutOutputs(aligned), faults };
  }
  if (outputsOf(cell) === 0 && outputsOf(original) > 0)
    faults.push({ wrong: "has no outputs, its original has", way: "run" });
  return { cell: aligned, faults };
}

const outputsOf = (cell: Cell): number => (cell.cell_type === "code" ? cell.outputs.length : 0);

/** What other code gave, or gave in another language, is nothing that this cell gives. */
const withoutOutputs = (cell: Cell): Cell =>
  cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell;

function alignText(original: Cell, cell: MarkdownCell, isTranslated: (id: string) => boolean): Aligned {
  const { [recordKey]: recorded, ...metadata } = cell.metadata;
  const faults = metadataFaults(original.metadata, metadata);
  if (!hasProse(original))
    return { cell: { ...cell, source: original.source, metadata: original.metadata }, faults };
  const current = recordOf(original);
  const isDraft = recordOf(cell) === current;
  const record = isTranslated(original.id!) && !isDraft ? current : recorded;
  if (record === undefined || isDraft) faults.push({ wrong: "is not translated", way: "translate" });
  else if (record !== current)
    faults.push({ wrong: "is older than its original, whose text has changed since", way: "translate" });
  return {
    cell: { ...cell, metadata: { ...original.metadata, ...(record ? { [recordKey]: record } : {}) } },
    faults,
  };
}

function metadataFaults(wanted: Cell["metadata"], metadata: Cell["metadata"]): Aligned["faults"] {
  if (isDeepStrictEqual({ ...metadata }, { ...wanted })) return [];
  return [{ wrong: "has other tags or metadata than the original", way: "sync" }];
}

/** Whether there is anything to translate: a cell with nothing but generated parts is written by a sync. */
const hasProse = (cell: Cell): boolean =>
  withoutParts(sourceText(cell))
    .replace(/<!--.*?-->/gs, "")
    .trim() !== "";

/** What a translation remembers of its original: a hash of the text without its generated parts. */
const recordOf = (cell: Cell): string =>
  createHash("sha256")
    .update(withoutParts(sourceText(cell)))
    .digest("hex")
    .slice(0, 16);

/** The fewest cells whose move brings the others into the original's order. */
function movedCells(original: Notebook, cells: readonly Cell[]): Cell[] {
  const places = cells.map(({ id }) => original.cells.findIndex((cell) => cell.id === id));
  // The longest ascending run that ends with each cell.
  const runs: number[][] = [];
  for (const [at, place] of places.entries()) {
    const fitting = runs.filter((run) => places[run.at(-1)!]! < place);
    runs.push([...fitting.reduce((best, run) => (run.length > best.length ? run : best), []), at]);
  }
  const kept = new Set(runs.reduce((best, run) => (run.length > best.length ? run : best), []));
  return cells.filter((_cell, at) => !kept.has(at));
}
