import { findProblems, type Problem } from "./check";
import { NotebookDocument } from "./document";
import { NotebookError } from "./errors";
import { findFault } from "./fault";
import { notebookText } from "./notebook-text";
import { multilineText } from "./text";
import type { Cell, Notebook, Output } from "./types";
import { isOldNotebook, upgraded } from "./upgrade";

/**
 * Reads the text of a notebook of nbformat 4.0 to 4.5; one of 2 or 3 is read as what it would be in 4.
 * @param file the name to use in messages
 * @throws NotebookError for text that is not JSON (with the line) and for what is no notebook (with the cell)
 */
export function parseNotebook(text: string, file = "notebook"): NotebookDocument {
  const stored = text.startsWith("\ufeff") ? text.slice(1) : text;
  const read = parseJson(stored, file);
  const old = isOldNotebook(read) ? read : undefined;
  const parsed = old ? upgraded(old) : read;
  const problems = soundProblems(parsed, file);
  // What is edited is the upgraded text: that of the file has other members.
  const json = old ? notebookText(filledIn(parsed as Notebook)) : stored;
  const document = new NotebookDocument(file, filledIn(parsed as Notebook), problems, json);
  return old ? document.upgradedFrom(`${old.nbformat}.${old.nbformat_minor ?? 0}`) : document;
}

/**
 * Checks a parsed value as `parseNotebook` does, and fills in what a notebook may leave out.
 * @param file the name to use in messages
 * @throws NotebookError for what is no notebook (with the cell)
 */
export function checkNotebook(value: unknown, file = "notebook"): Notebook {
  soundProblems(value, file);
  return filledIn(value as Notebook);
}

/** The problems that a notebook can live with; throws for the first that it cannot. */
function soundProblems(parsed: unknown, file: string): Problem[] {
  const problems = findProblems(parsed);
  const fatal = problems.find((problem) => problem.fatal);
  if (fatal) throw new NotebookError(fatal.message, { file, cell: fatal.cell });
  return problems;
}

/**
 * Text as JSON, with or without a byte order mark.
 * @throws NotebookError with the line where it is none
 */
export function parseJson(marked: string, file: string): unknown {
  const text = marked.startsWith("\ufeff") ? marked.slice(1) : marked;
  try {
    return JSON.parse(text);
  } catch (error) {
    const fault = findFault(text);
    if (!fault) throw error;
    const line = text.slice(0, fault.position).split("\n").length;
    throw new NotebookError(fault.reason, { file, line });
  }
}

/** What a notebook may leave out without losing its meaning. */
function filledIn(notebook: Notebook): Notebook {
  return { ...notebook, metadata: notebook.metadata ?? {}, cells: notebook.cells.map(filledInCell) };
}

/** The same for one cell. */
export function filledInCell(cell: Cell): Cell {
  const metadata = cell.metadata ?? {};
  if (cell.cell_type !== "code") return { ...cell, metadata };
  const outputs = (cell.outputs ?? []).map(joined);
  return { ...cell, metadata, outputs, execution_count: cell.execution_count ?? null };
}

/** A stream as one text: the lines of a large one, each a string of its own, would take as much memory again. */
function joined(output: Output): Output {
  return output.output_type === "stream" ? { ...output, text: multilineText(output.text) } : output;
}
