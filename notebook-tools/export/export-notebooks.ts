import { readFile } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import {
  findNotebooks,
  type Notebook,
  NotebookError,
  type NotebookPath,
  readNotebook,
  writeAtomically,
} from "../nbformat";
import { GENERATOR } from "./document";
import { exportHtml, isUnrun, languageOf } from "./html";
import { imagesBelow, linksFrom } from "./local-files";
import type { ExportOptions } from "./options";
import { exportMarkdown } from "./to-markdown";
import { commentOf, exportScript } from "./to-script";
import type { ExportSelection } from "./visibility";

export const FORMATS = ["html", "markdown", "script"] as const;
export type Format = (typeof FORMATS)[number];

export interface ExportNotebooksOptions extends ExportSelection {
  /** Default `html`. */
  to?: Format;
  /** Where the pages go, in the folders of the notebooks; default: beside each notebook. */
  outputDir?: string;
  /** The folder that no image that comes with a page may lie outside of; without it an image may lie anywhere. */
  root?: string;
  /** Replaces files that were not made by an export. Default false: they are left alone, and the notebook fails. */
  force?: boolean;
  /** Told of each notebook once it is written. */
  onExport?: (notebook: string, page: string) => void;
}

/** What became of the notebooks. */
export interface ExportReport {
  /** The pages, in the order of the notebooks. */
  written: string[];
  /** The notebooks that could not be read or written; the others are exported all the same. */
  failed: NotebookError[];
  /** What a reader of the pages will miss, such as the target of a link: sentences that name the notebook. */
  warnings: string[];
}

/**
 * Exports notebooks and the notebooks below folders.
 * @throws NotebookError when there are none, or a path does not exist
 */
export async function exportNotebooks(
  paths: readonly string[],
  options: ExportNotebooksOptions = {},
): Promise<ExportReport> {
  const notebooks = await notebooksIn(paths);
  const pages = new Map(
    notebooks.map((notebook) => [resolve(notebook.file), resolve(pagePath(notebook, options))]),
  );
  const report: ExportReport = { written: [], failed: [], warnings: [] };
  const owners = new Map<string, string>();
  for (const notebook of notebooks) {
    try {
      const page = await exportNotebook(notebook, options, pages, owners, report);
      report.written.push(page);
      options.onExport?.(notebook.file, page);
    } catch (error) {
      if (!(error instanceof NotebookError)) throw error;
      report.failed.push(error);
    }
  }
  return report;
}

/**
 * The notebooks that an export names.
 * @throws NotebookError when there are none, or a path does not exist
 */
export async function notebooksIn(paths: readonly string[]): Promise<NotebookPath[]> {
  const notebooks = await findNotebooks(paths);
  if (notebooks.length > 0) return notebooks;
  throw new NotebookError("no notebook (`*.ipynb`) here; name a file or another folder.", {
    file: paths.join(", "),
  });
}

interface Page {
  text: string;
  /** Beside the page, by their paths from its folder. */
  files: Map<string, { data: string; encoding: "utf8" | "base64" }>;
}

const EXTENSIONS: Record<Exclude<Format, "script">, string> = { html: ".html", markdown: ".md" };

/** Where a page goes; a script's extension is known when its notebook has been read. */
function pagePath(
  { file, relative }: NotebookPath,
  { to = "html", outputDir }: ExportNotebooksOptions,
): string {
  const path = outputDir === undefined ? file : join(outputDir, relative);
  return path.slice(0, path.length - extname(path).length) + (to === "script" ? "" : EXTENSIONS[to]);
}

async function exportNotebook(
  path: NotebookPath,
  options: ExportNotebooksOptions,
  pages: ReadonlyMap<string, string>,
  owners: Map<string, string>,
  { warnings }: ExportReport,
): Promise<string> {
  const { file } = path;
  const { notebook } = await readNotebook(file);
  const missing = new Set<string>();
  const onMissing = (link: string) => missing.add(link);
  const page = pageOf(notebook, options, {
    ...options,
    path: file,
    findImage: imagesBelow(dirname(file), options.root),
    findLink: linksFrom(resolve(file), pages.get(resolve(file))!, pages, onMissing),
  });
  const target = pagePath(path, options) + (options.to === "script" ? exportScript(notebook).extension : "");
  claim(target, file, owners);
  await write(target, file, page, options.force);
  for (const link of missing)
    warnings.push(`${file}: the link to ${link} leads to no file; correct the path.`);
  if (isUnrun(notebook) && options.to !== "script")
    warnings.push(`${file}: this notebook has not been run, so its page has no outputs; run it first.`);
  return target;
}

async function write(target: string, file: string, page: Page, force = false): Promise<void> {
  const old = await contentOf(target);
  const isOurs = old === undefined || isExported(old.toString("utf8"));
  const files = Array.from(page.files, ([path, { data, encoding }]) => ({
    path: join(dirname(target), path),
    data: encoding === "utf8" ? data : Buffer.from(data, "base64"),
  }));
  if (!force && !isOurs) throw notOurs(target, file);
  for (const { path, data } of files) {
    const content = await contentOf(path);
    const isSame = content === undefined || content.equals(Buffer.from(data));
    if (!force && old === undefined && !isSame) throw notOurs(path, file);
    if (content === undefined || !isSame) await writeAtomically(path, data, { sync: false });
  }
  await writeAtomically(target, page.text, { sync: false });
}

function notOurs(target: string, file: string): NotebookError {
  return new NotebookError(
    `would overwrite ${target}, which was not made by an export; name another \`--output-dir\`, or add \`--force\`.`,
    { file },
  );
}

async function contentOf(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new NotebookError(`cannot be replaced: ${(error as Error).message}`, { file });
  }
}

const MARK = `Exported by ${GENERATOR}`;

/** Whether a file was made by an export, which may replace it. */
export function isExported(text: string): boolean {
  return (
    text.includes(`<meta name="generator" content="${GENERATOR}">`) ||
    text.trimEnd().slice(-100).includes(MARK)
  );
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

function pageOf(notebook: Notebook, { to = "html" }: ExportNotebooksOptions, options: ExportOptions): Page {
  const files: Page["files"] = new Map();
  if (to === "html") return { text: exportHtml(notebook, options), files };
  if (to === "script") {
    const { text } = exportScript(notebook, options);
    return { text: `${text}\n${commentOf(languageOf(notebook))} ${MARK}\n`, files };
  }
  const markdown = exportMarkdown(notebook, options);
  return { text: `${markdown.text}\n<!-- ${MARK} -->\n`, files: markdown.files };
}
