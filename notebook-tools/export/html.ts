import type { Notebook } from "../nbformat/browser";
import type { FindImage } from "./addresses";
import { cellHtml } from "./cell-html";
import { escapeHtml } from "./escape";
import { type Labels, labelsOf, langOfPath } from "./labels";
import type { Heading } from "./markdown-html";
import { STYLE } from "./style";
import { tocHtml } from "./toc";

/** What is known of a notebook beside its content. */
export interface ExportOptions {
  /** The notebook's path; gives the title without a heading, and the language where a folder names one. */
  path?: string;
  /** The language of the prose (BCP 47); without it the metadata's `lang`, the path's, or English. */
  lang?: string;
  /** The title; without it the metadata's `title`, the first heading, or the file's name. */
  title?: string;
  /**
   * Gives the `data:` address of an image that the notebook names by a relative path, so that it
   * comes with the page; without it, or when it finds none, the path stays.
   */
  findImage?: FindImage;
}

/**
 * A notebook as one web page that needs no network and runs nothing: styles, images and charts are
 * in it; code is highlighted; Markdown and HTML are sanitised. Pure: the same notebook and options
 * give the same page, in Node.js and in a browser.
 */
export function exportHtml(notebook: Notebook, options: ExportOptions = {}): string {
  const lang = options.lang ?? langOf(notebook, options.path);
  const labels = labelsOf(lang);
  const headings: Heading[] = [];
  const context = { labels, language: languageOf(notebook), headings, findImage: options.findImage };
  const body = notebook.cells.map((cell, index) => cellHtml(cell, index + 1, context)).join("\n");
  const title =
    options.title ?? textOf(notebook.metadata.title) ?? headings[0]?.text ?? fileName(options.path);
  return pageHtml({ lang, title, labels, toc: tocHtml(headings, labels), body });
}

interface Page {
  lang: string;
  title: string;
  labels: Labels;
  toc: string;
  body: string;
}

/** Even if something harmful got past the sanitiser, this policy keeps it from running or loading. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https: file: 'self'; base-uri 'none'; form-action 'none'";

function pageHtml({ lang, title, labels, toc, body }: Page): string {
  return `<!doctype html>
<html lang="${escapeHtml(lang)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#main">${labels.skip}</a>
<div class="page">
${toc}<main id="main" tabindex="-1">
${body}
</main>
</div>
</body>
</html>
`;
}

function langOf(notebook: Notebook, path = ""): string {
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
