/** Counting results and what they mean for the exit code. Pure. */
import { relative } from "node:path";
import { commonFolder } from "../nbformat";
import { duration } from "./failure-text";
import type { CellStatus, NotebookResult, NotebookStatus, RunResult } from "./types";

export const exitCodes = { passed: 0, failed: 1, badUsage: 2, noKernel: 3, interrupted: 130 } as const;

const codeOf: Record<NotebookStatus, number> = {
  passed: exitCodes.passed,
  failed: exitCodes.failed,
  "bad-notebook": exitCodes.badUsage,
  "no-kernel": exitCodes.noKernel,
  "not-stored": exitCodes.badUsage,
  "not-run": exitCodes.failed,
};

/** The gravest of the notebooks' codes; nothing that did not run counts as passed. */
export function exitCode(run: RunResult): number {
  return Math.max(exitCodes.passed, ...run.notebooks.map((notebook) => codeOf[notebook.status]));
}

export function countCells(notebooks: readonly NotebookResult[]): Record<CellStatus, number> {
  const counts = { passed: 0, failed: 0, differs: 0, skipped: 0, "not-run": 0 };
  for (const cell of notebooks.flatMap(({ cells }) => cells)) counts[cell.status]++;
  return counts;
}

/** "1 cell", "2 cells". */
export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

/** "2 notebooks, 31 cells: 30 passed, 1 failed, in 3.2 s". */
export function summary(run: RunResult): string {
  const counts = countCells(run.notebooks);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const parts = Object.entries(counts)
    .filter(([status, count]) => count > 0 || status === "passed")
    .map(([status, count]) => `${count} ${status === "not-run" ? "not run" : status}`);
  const whole = (status: NotebookStatus) =>
    run.notebooks.filter((notebook) => notebook.status === status).length;
  const unread = whole("bad-notebook") + whole("no-kernel");
  return [
    `${plural(run.notebooks.length, "notebook")}, ${plural(total, "cell")}: ${parts.join(", ")}`,
    unread > 0 ? `; ${plural(unread, "notebook")} could not be run` : "",
    whole("not-stored") > 0 ? `; ${plural(whole("not-stored"), "notebook")} could not be stored` : "",
    whole("not-run") > 0 ? `; ${plural(whole("not-run"), "notebook")} not started` : "",
    `, in ${duration(run.durationMs)}`,
    run.stopped ? `. Stopped: ${run.stopped}` : "",
  ].join("");
}

/** How many failed notebooks' copies are named. */
const shownCopies = 3;

/** "3 executed copies are in out; of failed notebooks: out/b.ipynb"; undefined where none was written. */
export function copiesText({ notebooks }: RunResult): string | undefined {
  const copies = notebooks.flatMap(({ copy }) => copy ?? []);
  if (copies.length === 0) return undefined;
  if (copies.length === 1) return `The executed copy is ${copies[0]}`;
  const failed = notebooks.flatMap(({ copy, status }) => (status === "passed" ? [] : (copy ?? [])));
  const shown = failed.length > shownCopies ? [...failed.slice(0, shownCopies), "…"] : failed;
  const ofFailed = failed.length > 0 ? `; of failed notebooks: ${shown.join(", ")}` : "";
  return `${copies.length} executed copies are in ${relative("", commonFolder(copies)) || "."}${ofFailed}`;
}

/** The last lines of a report. */
export function ending(run: RunResult): string {
  return [summary(run), copiesText(run)].filter((line) => line !== undefined).join("\n");
}
