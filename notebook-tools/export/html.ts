import {
  type Attachments,
  type Cell,
  type CodeCell,
  hasTag,
  type Notebook,
  sourceText,
} from "../nbformat/browser";
import { escapeHtml } from "./escape";
import { highlight } from "./highlight";
import { type Labels, labelsOf, langOfPath } from "./labels";
import { type Heading, renderMarkdown } from "./markdown";
import { attachedImage, imageUri } from "./mime";
import { outputsHtml } from "./outputs";
import { preHtml } from "./pre";
import type { Addresses } from "./sanitize";
import { STYLE } from "./style";
import { drawingOf } from "./svg";
import { tocHtml } from "./toc";

/** What is known of a notebook beside its content. */
export interface ExportOptions {
  /** The notebook's path; gives the title without a heading, and the language where a folder names one. */
  path?: string;
  /** The language of the prose (BCP 47); without it the metadata's `lang`, the path's, or English. */
  lang?: string;
  /** The title; without it the metadata's `title`, the first heading, or the file's name. */
  title?: string;
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
  const language = languageOf(notebook);
  const body = notebook.cells
    .map((cell, index) => cellHtml(cell, { number: index + 1, headings, labels, language }))
    .join("\n");
  const title = options.title ?? notebook.metadata.title ?? headings[0]?.text ?? fileName(options.path);
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

interface CellContext {
  /** Counted from 1. */
  number: number;
  headings: Heading[];
  labels: Labels;
  /** The language of the code. */
  language: string;
}

function cellHtml(cell: Cell, context: CellContext): string {
  if (hasTag(cell, "remove-cell")) return "";
  const html = contentHtml(cell, context);
  if (html === "" || !hasTag(cell, "solution")) return html;
  return detailsHtml(context.labels.solution, html);
}

function contentHtml(cell: Cell, context: CellContext): string {
  if (cell.cell_type === "code") return codeHtml(cell, context);
  if (cell.cell_type === "markdown" || isMarkdown(cell))
    return proseHtml(sourceText(cell), cell.attachments, context.headings);
  return "";
}

/** Raw cells name the format that they are meant for. */
function isMarkdown(cell: Cell): boolean {
  const format = cell.metadata.raw_mimetype ?? cell.metadata.format;
  return format === "text/markdown" || format === "text/html";
}

function proseHtml(source: string, attachments: Attachments | undefined, headings: Heading[]): string {
  return `<div class="prose">\n${renderMarkdown(source, headings, addressesWith(attachments))}</div>`;
}

function codeHtml(cell: CodeCell, { number, labels, language }: CellContext): string {
  const { jupyter } = cell.metadata;
  const source = hasTag(cell, "remove-input") ? "" : sourceText(cell).trimEnd();
  const outputs = hasTag(cell, "remove-output") ? "" : outputsHtml(cell.outputs, labels);
  if (source.trim() === "" && outputs === "") return "";
  const code =
    source.trim() &&
    preHtml(source, (text) => highlight(text, language), ` class="language-${escapeHtml(language)}"`);
  const parts = [
    code &&
      folded(`<div class="source">${code}</div>`, jupyter?.source_hidden, `${labels.show}: ${labels.code}`),
    outputs &&
      folded(
        `<div class="outputs" role="group" aria-label="${labels.output} ${number}">\n${outputs}\n</div>`,
        jupyter?.outputs_hidden,
        `${labels.show}: ${labels.output}`,
      ),
  ];
  return `<div class="cell" id="cell-${number}" role="group" aria-label="${labels.code} ${number}">\n${parts.filter(Boolean).join("\n")}\n</div>`;
}

function folded(html: string, isHidden: boolean | undefined, summary: string): string {
  return isHidden ? detailsHtml(summary, html) : html;
}

function detailsHtml(summary: string, html: string): string {
  return `<details><summary>${escapeHtml(summary)}</summary>\n${html}\n</details>`;
}

/** Links between notebooks lead to their pages; attached images come with the page. */
function addressesWith(attachments: Attachments = {}): Addresses {
  return {
    link: (href) => (isRelative(href) ? href.replace(/\.ipynb(?=$|[?#])/, ".html") : href),
    image: (src) => (src.startsWith("attachment:") ? attachedUri(src, attachments) : src),
  };
}

function isRelative(href: string): boolean {
  return !/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(href);
}

function attachedUri(src: string, attachments: Attachments): string {
  const image = attachedImage(decoded(src.slice("attachment:".length)), attachments);
  if (!image) return "";
  return image.mime === "image/svg+xml" ? drawingOf(image.data).src : imageUri(image.mime, image.data);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function langOf(notebook: Notebook, path = ""): string {
  const { lang } = notebook.metadata;
  return typeof lang === "string" ? lang : (langOfPath(path) ?? "en");
}

/** The language of a notebook's code, in lower case, as its kernel names it. */
export function languageOf({ metadata }: Notebook): string {
  return (metadata.language_info?.name ?? metadata.kernelspec?.language ?? "text").toLowerCase();
}

function fileName(path = "Notebook"): string {
  return path
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.ipynb$/, "");
}
