/** Runs notebooks so that nothing that failed is taken for passed. */
export type { CompareOptions } from "./compare";
export { type RunOptions, runNotebooks } from "./notebooks";
export type {
  CellResult,
  CellStatus,
  Failure,
  FailureKind,
  Listener,
  NotebookResult,
  NotebookStatus,
  RunEvent,
  RunResult,
} from "./types";
