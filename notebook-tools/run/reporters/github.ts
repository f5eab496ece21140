/** GitHub Actions: an annotation at each failing line, and a table in the job's summary. */
import { appendFileSync } from "node:fs";
import { writeFault } from "../../nbformat";
import { cellTitle, duration, failureText, printable, printableLine } from "../failure-text";
import { countCells, summary } from "../summary";
import type { Listener, NotebookResult, RunResult } from "../types";

/** Source: "Workflow commands for GitHub Actions". */
const escapeData = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

function annotation(file: string, line: number, title: string, text: string): string {
  return `::error file=${escapeProperty(printableLine(file))},line=${line},title=${escapeProperty(title)}::${escapeData(text)}\n`;
}

function annotations(notebook: NotebookResult, command: string): string[] {
  const { file, problem, status, cells } = notebook;
  const ofCells = cells
    .filter((cell) => cell.status === "failed" || cell.status === "differs")
    .map((cell) =>
      annotation(file, cell.fileLine ?? 1, cellTitle(file, cell), failureText(file, cell, command)),
    );
  if (problem === undefined) return ofCells;
  const line = Number(/:(\d+): /.exec(problem)?.[1] ?? 1);
  const titles = { "not-stored": "The outputs were not stored", failed: "The notebook tests nothing" };
  const title = { ...titles }[status as string] ?? "The notebook cannot be run";
  return [...ofCells, annotation(file, line, title, printable(problem))];
}

const tableText = (text: string): string => printableLine(text).replaceAll("|", "\\|");

function table(run: RunResult): string {
  const rows = run.notebooks.map((notebook) => {
    const { passed, failed, differs } = countCells([notebook]);
    const mark = notebook.status === "passed" ? "✅" : "❌";
    return `| ${mark} | ${tableText(notebook.file)} | ${passed} | ${failed + differs} | ${duration(notebook.durationMs)} |`;
  });
  return [
    "| | notebook | passed | failed | time |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
    summary(run),
    "",
  ].join("\n");
}

function append(file: string, text: string): void {
  try {
    appendFileSync(file, text);
  } catch (error) {
    throw writeFault(file, error);
  }
}

/** `summaryFile`: `GITHUB_STEP_SUMMARY`. */
export function githubReporter(
  write: (text: string) => void,
  command: (file: string) => string,
  summaryFile: string | undefined,
): Listener {
  return (event) => {
    if (event.type === "notebook-end") {
      for (const line of annotations(event.notebook, command(event.notebook.file))) write(line);
    } else if (event.type === "run-end" && summaryFile) append(summaryFile, `${table(event.run)}\n`);
  };
}
