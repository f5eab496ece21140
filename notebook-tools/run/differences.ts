/** How the outputs of a run differ from the stored ones. Pure. */
import type { CodeCell } from "../nbformat/browser";
import { type CompareOptions, compareOutputs } from "./compare";
import type { Cells, PlannedCell } from "./plan";
import type { CellResult, Failure } from "./types";

/** The difference as a small diff; null where there is none, and where the cell's outputs are not compared. */
export function diffOf(
  stored: CodeCell,
  cell: CellResult,
  planned: PlannedCell,
  how: CompareOptions,
): string | null {
  if (planned.ignoreOutput) return null;
  return compareOutputs(stored.outputs, cell.outputs, { ...how, measured: planned.measured });
}

/** How a cell's outputs differ from the stored ones, as a failure; undefined where they do not. */
export function differenceFrom(document: Cells, how: CompareOptions = {}) {
  return (cell: CellResult, planned: PlannedCell): Failure | undefined => {
    const stored = document.cells[cell.index] as CodeCell;
    const diff = diffOf(stored, cell, planned, how);
    if (diff === null) return undefined;
    return stored.outputs.length === 0
      ? {
          kind: "differs",
          message: "The run gave outputs, but the notebook stores none here. Store them with --update.",
        }
      : {
          kind: "differs",
          message:
            "The output is not the stored one (-: stored, +: now). If the new one is right, store it with --update.",
          diff,
        };
  };
}
