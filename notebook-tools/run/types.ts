/** What a run tells: of a cell, of a notebook, of all notebooks. */
import type { Output } from "../nbformat/browser";

/** `differs`: it ran well, but its outputs are not the stored ones. `not-run`: something before it stopped the notebook. */
export type CellStatus = "passed" | "failed" | "differs" | "skipped" | "not-run";

/** Why a cell did not pass. */
export type FailureKind =
  | "error"
  | "expected-error"
  | "timeout"
  | "died"
  | "input"
  | "aborted"
  | "no-reply"
  | "no-idle"
  | "late"
  | "exit-code"
  | "shell"
  | "diagnostics"
  | "interrupted"
  | "not-run"
  | "differs";

export interface Failure {
  kind: FailureKind;
  /** One sentence; for an error its name and message. */
  message: string;
  /** The traceback or stack, as the kernel gave it, with paths made relative. */
  trace?: string;
  /** The line of the cell's source, from 1. */
  line?: number;
  /** For `differs`: the lines that are not the same. */
  diff?: string;
}

export interface CellResult {
  /** The cell's place among all cells, from 0. */
  index: number;
  /** The same from 1, as it is shown. */
  number: number;
  /** The heading above the cell. */
  heading: string | undefined;
  source: string;
  /** The line of the file where it failed, else where its source starts; known once the notebook has ended, for a cell that did not pass. */
  fileLine?: number;
  status: CellStatus;
  failures: Failure[];
  outputs: Output[];
  executionCount: number | null;
  durationMs: number;
  /** Whether this was the second time, of `rerun`. */
  rerun: boolean;
  /** What the last shell command of the cell ended with, where that is known and not 0. */
  shellCode?: number;
}

/**
 * `bad-notebook`: the file cannot be run as it is. `no-kernel`: its kernel could not be had. `not-stored`: it ran,
 * but its outputs could not be written.
 */
export type NotebookStatus = "passed" | "failed" | "bad-notebook" | "no-kernel" | "not-stored" | "not-run";

export interface NotebookResult {
  file: string;
  status: NotebookStatus;
  /** Why, for a notebook none of whose cells could run, or whose outputs could not be written. */
  problem: string | undefined;
  kernel: string | undefined;
  cells: CellResult[];
  durationMs: number;
  /** The end of what the kernel's process wrote outside the protocol. */
  kernelOutput: string;
  /** What the reader of a report should know although it is no failure, a sentence each. */
  notes: readonly string[];
  /** Where its executed copy was written. */
  copy?: string;
}

export interface RunResult {
  notebooks: NotebookResult[];
  durationMs: number;
  /** Why the run ended before its end: Ctrl-C, `--fail-fast`, `--run-timeout`. */
  stopped: string | undefined;
}

/** What happens during a run, in order, for reporters. */
export type RunEvent =
  | { type: "run-start"; files: string[] }
  | { type: "notebook-start"; file: string; cells: number }
  | { type: "cell-start"; file: string; number: number; heading: string | undefined }
  | { type: "cell-end"; file: string; cell: CellResult }
  /** A cell that had ended did not pass after all: something failed after its `idle`, or its outputs differ. */
  | { type: "cell-changed"; file: string; cell: CellResult }
  | { type: "notebook-end"; notebook: NotebookResult }
  | { type: "run-end"; run: RunResult };

export type Listener = (event: RunEvent) => void;
