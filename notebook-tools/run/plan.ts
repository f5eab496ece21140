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
 * The first code cell, its number from 1, with tags that a run would pass over in silence: no list of texts, or a limit
 * that is none. Undefined where there is no such cell.
 */
export function badTags({ cells }: Cells): { cell: number; problem: string } | undefined {
  const problems = cells.map((cell) => (cell.cell_type === "code" ? problemOf(cell) : undefined));
  const found = problems.findIndex((problem) => problem !== undefined);
  return found < 0 ? undefined : { cell: found + 1, problem: problems[found]! };
}

function problemOf({ metadata: { tags } }: Cell): string | undefined {
  if (tags === undefined) return undefined;
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string"))
    return '`tags` must be a list of strings, such as ["raises-exception"]; correct them.';
  const limit = tags.find((tag) => tag.startsWith("timeout:") && !(Number(timeoutTag.exec(tag)?.[1]) > 0));
  return limit && `the tag \`${limit}\` must be \`timeout:N\` with seconds above 0; correct it.`;
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
