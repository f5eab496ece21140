/** Runs notebooks so that nothing that failed is taken for passed. */
export { type NotebookOptions, type OpenNotebook, openNotebook, runNotebook } from "./notebook";
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
