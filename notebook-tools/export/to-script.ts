import { type Cell, hasTag, type Notebook, sourceText } from "../nbformat/browser";
import { languageOf } from "./html";

/** A program, and the extension of its file. */
export interface ScriptExport {
  text: string;
  /** With its dot, as `.ts`. */
  extension: string;
}

/**
 * A notebook as a program: code as it is, prose as line comments, each cell after a `%%` mark that
 * editors know (the percent format).
 */
export function exportScript(notebook: Notebook): ScriptExport {
  const language = languageOf(notebook);
  const comment = ["python", "r", "julia", "ruby", "bash"].includes(language) ? "#" : "//";
  const cells = notebook.cells.filter((cell) => cell.cell_type !== "raw" && !hasTag(cell, "remove-cell"));
  const text = cells.map((cell) => cellScript(cell, comment)).join("\n\n");
  return { text: `${text}\n`, extension: extensionOf(notebook) };
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

function cellScript(cell: Cell, comment: string): string {
  const source = sourceText(cell).trimEnd();
  if (cell.cell_type === "code") return `${comment} %%\n${source}`;
  // Every line end that JavaScript knows, so that no prose can become code.
  const lines = source.split(/\r\n|[\n\r\u2028\u2029]/).map((line) => `${comment} ${line}`.trimEnd());
  return [`${comment} %% [markdown]`, ...lines].join("\n");
}
