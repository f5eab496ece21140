import { type Cell, type Notebook, sourceText } from "../nbformat/browser";
import { languageOf } from "./html";
import { rawFormat } from "./raw-cells";
import { type Selection, visibilityOf } from "./visibility";

/** A program, and the extension of its file. */
export interface ScriptExport {
  text: string;
  /** With its dot, as `.ts`. */
  extension: string;
}

/**
 * A notebook as a program: code as it is, prose and raw cells as line comments, each cell after a `%%` mark that
 * editors know (the percent format).
 */
export function exportScript(notebook: Notebook, selection: Selection = {}): ScriptExport {
  const comment = commentOf(languageOf(notebook));
  const mimetype = notebook.metadata.language_info?.mimetype;
  const cells = notebook.cells.map((cell) => cellScript(cell, comment, mimetype, selection));
  return {
    text: `${cells.filter((text) => text !== "").join("\n\n")}\n`,
    extension: extensionOf(notebook),
  };
}

/** What begins a comment in a programming language. */
export function commentOf(language: string): string {
  return ["python", "r", "julia", "ruby", "bash", "text"].includes(language) ? "#" : "//";
}

/** For notebooks that no kernel has told its extension yet. */
const extensions = new Map(
  Object.entries({
    bash: ".sh",
    javascript: ".js",
    julia: ".jl",
    python: ".py",
    r: ".r",
    ruby: ".rb",
    typescript: ".ts",
  }),
);

function extensionOf(notebook: Notebook): string {
  const extension: unknown = notebook.metadata.language_info?.file_extension;
  if (typeof extension === "string" && /^\.\w+$/.test(extension)) return extension;
  return extensions.get(languageOf(notebook)) ?? ".txt";
}

function cellScript(cell: Cell, comment: string, mimetype: unknown, selection: Selection): string {
  const visibility = visibilityOf(cell, selection);
  if (visibility.cell === "removed" || visibility.source === "removed") return "";
  const source = sourceText(cell).trimEnd();
  const format = cell.cell_type === "raw" ? rawFormat(cell) : undefined;
  if (cell.cell_type === "code" || (format !== undefined && format === mimetype))
    return `${comment} %%\n${source}`;
  // Every line end that JavaScript knows, so that no prose can become code.
  const lines = source.split(/\r\n|[\n\r\u2028\u2029]/).map((line) => `${comment} ${line}`.trimEnd());
  const kind = cell.cell_type === "raw" && format ? `raw ${format}` : cell.cell_type;
  return [`${comment} %% [${kind.replace(/[^\w/.+ -]/g, "")}]`, ...lines].join("\n");
}
