import { dirname, extname, join } from "node:path";
import {
  findNotebooks,
  type Notebook,
  NotebookError,
  type NotebookPath,
  readNotebook,
  writeAtomically,
} from "../nbformat";
import { exportHtml } from "./html";
import { imagesBelow } from "./local-images";
import { exportMarkdown } from "./to-markdown";
import { exportScript } from "./to-script";

export const FORMATS = ["html", "markdown", "script"] as const;
export type Format = (typeof FORMATS)[number];

export interface ExportNotebooksOptions {
  /** Default `html`. */
  to?: Format;
  /** Where the pages go, in the folders of the notebooks; default: beside each notebook. */
  outputDir?: string;
  /** Told of each notebook once it is written. */
  onExport?: (notebook: string, page: string) => void;
}

/** What became of the notebooks. */
export interface ExportReport {
  /** The pages, in the order of the notebooks. */
  written: string[];
  /** The notebooks that could not be read or written; the others are exported all the same. */
  failed: NotebookError[];
}

/**
 * Exports notebooks and the notebooks below folders.
 * @throws NotebookError when there are none, or a path does not exist
 */
export async function exportNotebooks(
  paths: readonly string[],
  { to = "html", outputDir, onExport }: ExportNotebooksOptions = {},
): Promise<ExportReport> {
  const notebooks = await findNotebooks(paths);
  if (notebooks.length === 0)
    throw new NotebookError("no notebook (`*.ipynb`) here; name a file or another folder.", {
      file: paths.join(", "),
    });
  const report: ExportReport = { written: [], failed: [] };
  const owners = new Map<string, string>();
  for (const notebook of notebooks) {
    try {
      const page = await exportNotebook(notebook, to, outputDir, owners);
      report.written.push(page);
      onExport?.(notebook.file, page);
    } catch (error) {
      if (!(error instanceof NotebookError)) throw error;
      report.failed.push(error);
    }
  }
  return report;
}

interface Page {
  extension: string;
  text: string;
  /** Beside the page, by their paths from its folder. */
  files: Map<string, { data: string; encoding: "utf8" | "base64" }>;
}

async function exportNotebook(
  { file, relative }: NotebookPath,
  to: Format,
  outputDir: string | undefined,
  owners: Map<string, string>,
): Promise<string> {
  const { notebook } = await readNotebook(file);
  const page = pageOf(notebook, file, to);
  const stem = outputDir === undefined ? file : join(outputDir, relative);
  const target = stem.slice(0, stem.length - extname(stem).length) + page.extension;
  claim(target, file, owners);
  await writeAtomically(target, page.text);
  for (const [path, { data, encoding }] of page.files)
    await writeAtomically(
      join(dirname(target), path),
      encoding === "utf8" ? data : Buffer.from(data, "base64"),
    );
  return target;
}

function claim(target: string, file: string, owners: Map<string, string>): void {
  const owner = owners.get(target);
  if (owner !== undefined && owner !== file)
    throw new NotebookError(
      `would overwrite ${target}, the page of ${owner}; export their common folder instead.`,
      { file },
    );
  owners.set(target, file);
}

function pageOf(notebook: Notebook, path: string, to: Format): Page {
  if (to === "markdown") return { extension: ".md", ...exportMarkdown(notebook, { path }) };
  const files: Page["files"] = new Map();
  if (to === "script") return { ...exportScript(notebook), files };
  return {
    extension: ".html",
    text: exportHtml(notebook, { path, findImage: imagesBelow(dirname(path)) }),
    files,
  };
}
