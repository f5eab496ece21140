/** A line for each cell: for pipes, logs and CI. */
import { cellTitle, duration, failureText, printable, printableLine } from "../failure-text";
import { ending } from "../summary";
import type { CellResult, Listener, NotebookResult } from "../types";

export interface ReporterContext {
  write(text: string): void;
  /** The command that runs one notebook as this run does. */
  command(file: string): string;
  /** Marks text with a colour, or leaves it as it is. */
  colour: { red(text: string): string; green(text: string): string; dim(text: string): string };
}

const words = { passed: "ok", failed: "FAIL", differs: "DIFF", skipped: "skip", "not-run": "-" };

function cellLine(file: string, cell: CellResult): string {
  return `${words[cell.status].padEnd(4)}  ${cellTitle(file, cell)}  ${duration(cell.durationMs)}`;
}

/** The failures of a notebook, one after the other. */
export function failureTexts(notebook: NotebookResult, command: string): string[] {
  const { file, problem, cells } = notebook;
  const ofCells = cells
    .filter((cell) => cell.status === "failed" || cell.status === "differs")
    .map((cell) => failureText(file, cell, command));
  if (problem === undefined) return ofCells;
  return [...ofCells, printable(problem.startsWith(file) ? problem : `${file}: ${problem}`)];
}

/** What else is to be known of a notebook, a line each. */
export const noteLines = ({ file, notes }: NotebookResult): string[] =>
  notes.map((note) => printableLine(`note  ${file}: ${note}`));

export function plainReporter({ write, command }: ReporterContext): Listener {
  return (event) => {
    switch (event.type) {
      case "cell-end":
        write(`${cellLine(event.file, event.cell)}\n`);
        break;
      case "cell-changed":
        write(`${cellLine(event.file, event.cell)}, after its end\n`);
        break;
      case "notebook-end":
        for (const line of noteLines(event.notebook)) write(`${line}\n`);
        for (const text of failureTexts(event.notebook, command(event.notebook.file))) write(`\n${text}\n\n`);
        break;
      case "run-end":
        write(`${ending(event.run)}\n`);
        break;
    }
  };
}
