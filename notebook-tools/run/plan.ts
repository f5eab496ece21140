/** Which cells of a notebook run, and how. Pure. */
import {
  type Cell,
  hasTag,
  headingAbove,
  type NotebookDocument,
  sourceText,
  tags,
} from "../nbformat/browser";

/** A notebook as far as it is run and compared. */
export type Cells = Pick<NotebookDocument, "cells">;

export interface PlannedCell {
  index: number;
  number: number;
  heading: string | undefined;
  source: string;
  /** `empty` and `skip` cells are not sent. */
  action: "run" | "empty" | "skip";
  /** Tag `raises-exception`: must fail. */
  raises: boolean;
  /** Tag `ignore-output`: not compared, and the stored output stays. */
  ignoreOutput: boolean;
  /** Tag `measured`: compared by shape. */
  measured: boolean;
  /** Tag `parameters`: the values of `--param` are set after it. */
  parameters: boolean;
  timeoutMs: number;
}

/** A cell's limit, in ms, where nobody says otherwise. */
export const defaultTimeoutMs = 60_000;

/** A notebook that was read, and what is to run of it. */
export interface PlannedNotebook {
  file: string;
  document: NotebookDocument;
  cells: readonly PlannedCell[];
}

/** In ms. A longer timer goes off at once. Source: Node's `setTimeout`. */
export const longestTimer = 2 ** 31 - 1;

const timeoutTag = /^timeout:(\d+(?:\.\d+)?)$/;

/** The cell's own limit from its tag `timeout:N` (seconds), else `otherwise`. */
function timeoutOf(cell: Cell, otherwise: number): number {
  const seconds = tags(cell)
    .map((tag) => timeoutTag.exec(tag)?.[1])
    .find((found) => found !== undefined);
  return seconds === undefined ? otherwise : Math.min(Number(seconds) * 1000, longestTimer);
}

function actionOf(cell: Cell): PlannedCell["action"] {
  if (hasTag(cell, "skip-execution")) return "skip";
  return sourceText(cell).trim() === "" ? "empty" : "run";
}

/**
 * The number, from 1, of the first cell whose tags are no list of texts, which would run as if it had none; undefined
 * where there is no such cell.
 */
export function cellWithBadTags({ cells }: Cells): number | undefined {
  const isBad = ({ metadata: { tags } }: Cell) =>
    tags !== undefined && !(Array.isArray(tags) && tags.every((tag) => typeof tag === "string"));
  const found = cells.findIndex((cell) => cell.cell_type === "code" && isBad(cell));
  return found < 0 ? undefined : found + 1;
}

/** The code cells of a notebook in order. */
export function plan(document: Cells, timeoutMs: number): PlannedCell[] {
  return document.cells.flatMap((cell, index) =>
    cell.cell_type === "code"
      ? {
          index,
          number: index + 1,
          heading: headingAbove(document.cells, index),
          source: sourceText(cell),
          action: actionOf(cell),
          raises: hasTag(cell, "raises-exception"),
          ignoreOutput: hasTag(cell, "ignore-output"),
          measured: hasTag(cell, "measured"),
          parameters: hasTag(cell, "parameters"),
          timeoutMs: timeoutOf(cell, timeoutMs),
        }
      : [],
  );
}

/** One run of a cell; `rerun` where it is the second of `NotebookOptions.rerun`. */
export interface Step {
  cell: PlannedCell;
  rerun: boolean;
}

/** Code of the caller's own that runs in the notebook's kernel, as a cell that stands in no file. */
export interface ExtraCell {
  /** What the test is called. */
  name: string;
  source: string;
}

/** A cell that stands in no file: its number is 0, its index -1. */
export function extraCell(source: string, heading: string | undefined, timeoutMs: number): PlannedCell {
  return {
    index: -1,
    number: 0,
    heading,
    source,
    action: "run",
    raises: false,
    ignoreOutput: true,
    measured: false,
    parameters: false,
    timeoutMs,
  };
}

/** All cells in order, and with `rerun` all of them again. */
export function steps(cells: readonly PlannedCell[], rerun = false): Step[] {
  const pass = (again: boolean) => cells.map((cell) => ({ cell, rerun: again }));
  return rerun ? [...pass(false), ...pass(true)] : pass(false);
}
