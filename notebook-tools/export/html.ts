import { type Notebook, sourceText } from "../nbformat/browser";
import { cellHtml } from "./cell-html";
import { documentHtml } from "./document";
import { type Labels, labelsOf, langOfPath } from "./labels";
import { type Heading, mendAnchors } from "./markdown-html";
import type { ExportOptions } from "./options";
import { STYLE } from "./style";
import { tocHtml } from "./toc";

/** What a page shows of a notebook, without the page around it. */
export interface NotebookHtml {
  lang: string;
  labels: Labels;
  title: string;
  headings: Heading[];
  body: string;
}

/**
 * A notebook as one web page that needs no network and runs nothing: styles, images and charts are
 * in it; code is highlighted; Markdown and HTML are sanitised. Pure: the same notebook and options
 * give the same page, in Node.js and in a browser.
 */
export function exportHtml(notebook: Notebook, options: ExportOptions = {}): string {
  return pageHtml(notebookHtml(notebook, options));
}

/** The cells of a notebook as HTML, and what a page says of them. */
export function notebookHtml(notebook: Notebook, options: ExportOptions = {}): NotebookHtml {
  const lang = options.lang ?? langOf(notebook, options.path);
  const labels = labelsOf(lang);
  const headings: Heading[] = [];
  const context = { ...options, labels, language: languageOf(notebook), headings };
  const cells = notebook.cells.map((cell, index) => cellHtml(cell, index + 1, context));
  if (isUnrun(notebook)) cells.unshift(`<p class="unshown">${labels.neverRan}</p>`);
  return {
    lang,
    labels,
    title: options.title ?? textOf(notebook.metadata.title) ?? headings[0]?.text ?? fileName(options.path),
    headings,
    body: mendAnchors(cells.filter((html) => html !== "").join("\n"), headings),
  };
}

/** Whether a notebook has code, none of which has been run. */
export function isUnrun({ cells }: Notebook): boolean {
  const code = cells.filter((cell) => cell.cell_type === "code" && sourceText(cell).trim() !== "");
  return (
    code.length > 0 &&
    code.every(
      (cell) => cell.cell_type === "code" && cell.execution_count === null && cell.outputs.length === 0,
    )
  );
}

/** Even if something harmful got past the sanitiser, this policy keeps it from running or loading. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https: file: 'self'; media-src data: http: https: file: 'self'; base-uri 'none'; form-action 'none'";

function pageHtml({ lang, title, labels, headings, body }: NotebookHtml): string {
  return documentHtml({
    lang,
    title,
    policy: POLICY,
    head: `<style>${STYLE}</style>`,
    body: `<a class="skip" href="#main">${labels.skip}</a>
<div class="page">
${tocHtml(headings, labels)}<main id="main" tabindex="-1">
${body}
</main>
</div>`,
  });
}

/** The language of a notebook's prose: its metadata's, that of its folder, or English. */
export function langOf(notebook: Notebook, path = ""): string {
  return textOf(notebook.metadata.lang) ?? langOfPath(path) ?? "en";
}

/** The language of a notebook's code, in lower case, as its kernel names it. */
export function languageOf({ metadata }: Notebook): string {
  const name = textOf(metadata.language_info?.name) ?? textOf(metadata.kernelspec?.language);
  return name?.toLowerCase() ?? "text";
}

/** Metadata may hold anything, whatever nbformat says of it. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function fileName(path = "Notebook"): string {
  return path
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.ipynb$/, "");
}
