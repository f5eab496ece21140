/** What becomes of new outputs: compared with the stored ones, written into the notebook or into a copy. */
import {
  type CodeCell,
  checkReplaceable,
  fileStamp,
  type NotebookDocument,
  NotebookError,
  type Output,
  refuseOldFormat,
  writeAtomically,
} from "../nbformat";
import type { CompareOptions } from "./compare";
import { diffOf } from "./differences";
import type { PlannedCell, PlannedNotebook } from "./plan";
import type { CellResult } from "./types";

/** The first run of each cell; a second one of `rerun` is not kept. */
function executedCells(
  { document, cells: planned }: PlannedNotebook,
  cells: readonly CellResult[],
): { cell: CellResult; planned: PlannedCell; stored: CodeCell }[] {
  const byIndex = new Map(planned.map((cell) => [cell.index, cell]));
  return cells
    .filter((cell) => !cell.rerun && cell.status !== "skipped" && cell.status !== "not-run")
    .map((cell) => ({
      cell,
      planned: byIndex.get(cell.index)!,
      stored: document.cells[cell.index] as CodeCell,
    }));
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
function updated(
  notebook: PlannedNotebook,
  cells: readonly CellResult[],
  how: CompareOptions,
): NotebookDocument {
  const ended = executedCells(notebook, cells).filter(({ cell }) => !wasInterrupted(cell));
  return ended.reduce((edited, { cell, planned, stored }) => {
    const keepStored =
      cell.status !== "failed" && wasRun(stored) && diffOf(stored, cell, planned, how) === null;
    const outputs = keepStored ? withCount(stored.outputs, cell.executionCount) : cell.outputs;
    return edited.withOutputs(cell.index, { outputs, execution_count: cell.executionCount });
  }, notebook.document);
}

/** The notebook with all new outputs. */
function executed(notebook: PlannedNotebook, cells: readonly CellResult[]): NotebookDocument {
  return executedCells(notebook, cells).reduce(
    (edited, { cell }) =>
      edited.withOutputs(cell.index, { outputs: cell.outputs, execution_count: cell.executionCount }),
    notebook.document,
  );
}

/**
 * Writes the notebook in place, unless that would change nothing.
 * Throws `NotebookError` where the file is no longer the one that was read (`stamp`): an edit that somebody
 * made while the notebook ran would be lost.
 */
export async function update(
  notebook: PlannedNotebook,
  cells: readonly CellResult[],
  how: CompareOptions = {},
  stamp: string,
): Promise<void> {
  const edited = updated(notebook, cells, how);
  if (!edited.isEdited) return;
  const { file, document } = notebook;
  refuseOldFormat(document);
  await checkReplaceable(file);
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
  notebook: PlannedNotebook,
  cells: readonly CellResult[],
  target: string,
): Promise<void> {
  await writeAtomically(target, executed(notebook, cells).toPieces());
}
