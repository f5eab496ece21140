/** The whole run as one JSON document, without the outputs themselves. */
import { countCells } from "../summary";
import type { CellResult, Listener, RunResult } from "../types";

function cellReport({ outputs, source, ...cell }: CellResult) {
  return { ...cell, durationMs: Math.round(cell.durationMs), outputs: outputs.length };
}

function report(run: RunResult) {
  return {
    durationMs: Math.round(run.durationMs),
    stopped: run.stopped ?? null,
    cells: countCells(run.notebooks),
    notebooks: run.notebooks.map((notebook) => ({
      ...notebook,
      durationMs: Math.round(notebook.durationMs),
      problem: notebook.problem ?? null,
      copy: notebook.copy ?? null,
      cells: notebook.cells.map(cellReport),
    })),
  };
}

export function jsonReporter(write: (text: string) => void): Listener {
  return (event) => {
    if (event.type === "run-end") write(`${JSON.stringify(report(event.run), null, 2)}\n`);
  };
}
