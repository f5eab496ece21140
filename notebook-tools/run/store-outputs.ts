/** What becomes of new outputs: compared with the stored ones, written into the notebook or into a copy. */
import {
  type CodeCell,
  fileStamp,
  type NotebookDocument,
  NotebookError,
  type Output,
  writeAtomically,
} from "../nbformat";
import { type CompareOptions, compareOutputs } from "./compare";
import { type PlannedCell, plan } from "./plan";
import type { CellResult, NotebookResult } from "./types";

/** Nothing to complain of. */
export const isFine = (cell: CellResult): boolean => cell.status === "passed" || cell.status === "skipped";

/** The first run of each cell; a second one of `rerun` is not kept. */
function kept(
  document: NotebookDocument,
  cells: readonly CellResult[],
): { cell: CellResult; planned: PlannedCell; stored: CodeCell }[] {
  const planned = new Map(plan(document, 0).map((cell) => [cell.index, cell]));
  return cells
    .filter((cell) => !cell.rerun && cell.status !== "skipped" && cell.status !== "not-run")
    .map((cell) => ({
      cell,
      planned: planned.get(cell.index)!,
      stored: document.cells[cell.index] as CodeCell,
    }));
}

function difference(
  stored: CodeCell,
  cell: CellResult,
  planned: PlannedCell,
  how: CompareOptions,
): string | null {
  if (planned.ignoreOutput) return null;
  return compareOutputs(stored.outputs, cell.outputs, { ...how, measured: planned.measured });
}

function checkKept({ cell, planned, stored }: ReturnType<typeof kept>[number], how: CompareOptions): void {
  if (cell.status !== "passed") return;
  const diff = difference(stored, cell, planned, how);
  if (diff === null) return;
  cell.status = "differs";
  cell.failures.push(
    stored.outputs.length === 0
      ? {
          kind: "differs",
          message: "The run gave outputs, but the notebook stores none here. Store them with --update.",
        }
      : {
          kind: "differs",
          message:
            "The output is not the stored one (-: stored, +: now). If the new one is right, store it with --update.",
          diff,
        },
  );
}

/** Marks a cell that passed but whose outputs are not the stored ones as `differs`. */
export function checkCell(document: NotebookDocument, cell: CellResult, how: CompareOptions): void {
  for (const one of kept(document, [cell])) checkKept(one, how);
}

/** The same for all cells of a notebook. */
export function checkOutputs(document: NotebookDocument, result: NotebookResult, how: CompareOptions): void {
  for (const one of kept(document, result.cells)) checkKept(one, how);
  if (result.status === "passed" && result.cells.some((cell) => cell.status === "differs"))
    result.status = "failed";
}

const wasRun = (stored: CodeCell): boolean => stored.outputs.length > 0 || stored.execution_count !== null;

function withCount(outputs: readonly Output[], count: number | null): Output[] {
  return outputs.map((output) =>
    output.output_type === "execute_result" ? { ...output, execution_count: count } : output,
  );
}

/** Whether the run ended before the cell did, which says nothing of the cell. */
const wasInterrupted = (cell: CellResult): boolean =>
  cell.failures.some((failure) => failure.kind === "interrupted");

/**
 * The notebook with new outputs, except where the stored ones would pass a check, so that measured times do not
 * churn, and where the cell was interrupted.
 */
export function updated(
  document: NotebookDocument,
  result: NotebookResult,
  how: CompareOptions,
): NotebookDocument {
  const ended = kept(document, result.cells).filter(({ cell }) => !wasInterrupted(cell));
  return ended.reduce((edited, { cell, planned, stored }) => {
    const keepStored =
      cell.status !== "failed" && wasRun(stored) && difference(stored, cell, planned, how) === null;
    const outputs = keepStored ? withCount(stored.outputs, cell.executionCount) : cell.outputs;
    return edited.withOutputs(cell.index, { outputs, execution_count: cell.executionCount });
  }, document);
}

/** The notebook with all new outputs. */
export function executed(document: NotebookDocument, result: NotebookResult): NotebookDocument {
  return kept(document, result.cells).reduce(
    (edited, { cell }) =>
      edited.withOutputs(cell.index, { outputs: cell.outputs, execution_count: cell.executionCount }),
    document,
  );
}

/**
 * Writes the notebook in place, unless that would change nothing.
 * Throws `NotebookError` where the file is no longer the one that was read (`stamp`): an edit that somebody
 * made while the notebook ran would be lost.
 */
export async function update(
  document: NotebookDocument,
  result: NotebookResult,
  how: CompareOptions,
  stamp: string,
): Promise<void> {
  const edited = updated(document, result, how);
  if (!edited.isEdited) return;
  const { file } = document;
  const now = await fileStamp(file);
  if (now === "")
    throw new NotebookError("was deleted while it ran, so its outputs were not stored.", { file });
  if (now !== stamp)
    throw new NotebookError(
      "was changed or replaced while it ran, so its outputs were not stored; run it again.",
      { file },
    );
  await writeAtomically(file, edited.toPieces());
}

/** Writes an executed copy. */
export async function writeCopy(
  document: NotebookDocument,
  result: NotebookResult,
  target: string,
): Promise<void> {
  await writeAtomically(target, executed(document, result).toPieces());
}
