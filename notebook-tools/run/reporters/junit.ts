/** JUnit's XML, which most CI systems read: a suite for each notebook, a case for each cell. */
import { failureText, printable } from "../failure-text";
import type { CellResult, Listener, NotebookResult, RunResult } from "../types";

/** What XML 1.0 cannot hold, even escaped. */
const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

function escapeXml(text: string): string {
  return text
    .replace(forbidden, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

function body(notebook: NotebookResult, cell: CellResult, command: string): string {
  if (cell.status === "skipped" || cell.status === "not-run") return "<skipped/>";
  if (cell.status === "passed") return "";
  const message = escapeXml(printable(cell.failures[0]?.message ?? cell.status));
  return `<failure message="${message}" type="${cell.failures[0]?.kind ?? cell.status}">${escapeXml(failureText(notebook.file, cell, command))}</failure>`;
}

function caseOf(notebook: NotebookResult, cell: CellResult, command: string): string {
  const name = `cell ${cell.number}${cell.heading ? `: ${cell.heading}` : ""}${cell.rerun ? ", run again" : ""}`;
  return `    <testcase classname="${escapeXml(notebook.file)}" name="${escapeXml(name)}" time="${seconds(cell.durationMs)}">${body(notebook, cell, command)}</testcase>`;
}

function suite(notebook: NotebookResult, command: string): string {
  const count = (...statuses: string[]) =>
    notebook.cells.filter((cell) => statuses.includes(cell.status)).length;
  // What stopped the notebook as a whole is a case of its own, so that no reader takes an empty suite for passed.
  const problem = notebook.problem
    ? [
        `    <testcase classname="${escapeXml(notebook.file)}" name="the notebook"><error message="${escapeXml(printable(notebook.problem))}"/></testcase>`,
      ]
    : [];
  const tests = notebook.cells.length + problem.length;
  return [
    `  <testsuite name="${escapeXml(notebook.file)}" tests="${tests}" failures="${count("failed", "differs")}" errors="${problem.length}" skipped="${count("skipped", "not-run")}" time="${seconds(notebook.durationMs)}">`,
    ...problem,
    ...notebook.cells.map((cell) => caseOf(notebook, cell, command)),
    "  </testsuite>",
  ].join("\n");
}

function document(run: RunResult, suites: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites time="${seconds(run.durationMs)}">\n${suites.join("\n")}\n</testsuites>\n`;
}

export function junitReporter(write: (text: string) => void, command: (file: string) => string): Listener {
  // Written when each notebook ends: the result of the whole run may be without outputs.
  const ended = new Map<string, string>();
  const suiteOf = (notebook: NotebookResult) => suite(notebook, command(notebook.file));
  return (event) => {
    if (event.type === "notebook-end") ended.set(event.notebook.file, suiteOf(event.notebook));
    if (event.type !== "run-end") return;
    const { notebooks } = event.run;
    write(
      document(
        event.run,
        notebooks.map((notebook) => ended.get(notebook.file) ?? suiteOf(notebook)),
      ),
    );
    ended.clear();
  };
}
