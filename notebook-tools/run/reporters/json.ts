/** The whole run as one JSON document, without the outputs themselves. */
import { countCells } from "../summary";
import type { CellResult, Listener, NotebookResult, RunResult } from "../types";

function cellReport({ outputs, source, ...cell }: CellResult) {
  return { ...cell, durationMs: Math.round(cell.durationMs), outputs: outputs.length };
}

function notebookReport(notebook: NotebookResult) {
  return {
    ...notebook,
    durationMs: Math.round(notebook.durationMs),
    problem: notebook.problem ?? null,
    copy: notebook.copy ?? null,
    cells: notebook.cells.map(cellReport),
  };
}

type NotebookReport = ReturnType<typeof notebookReport>;

function report(run: RunResult, ended: ReadonlyMap<string, NotebookReport>) {
  return {
    durationMs: Math.round(run.durationMs),
    stopped: run.stopped ?? null,
    cells: countCells(run.notebooks),
    notebooks: run.notebooks.map((notebook) => ended.get(notebook.file) ?? notebookReport(notebook)),
  };
}

export function jsonReporter(write: (text: string) => void): Listener {
  // Told when each notebook ends: the result of the whole run may be without outputs.
  const ended = new Map<string, NotebookReport>();
  return (event) => {
    if (event.type === "notebook-end") ended.set(event.notebook.file, notebookReport(event.notebook));
    if (event.type !== "run-end") return;
    write(`${JSON.stringify(report(event.run, ended), null, 2)}\n`);
    ended.clear();
  };
}
