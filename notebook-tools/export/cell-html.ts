import {
  type Cell,
  type CodeCell,
  hasTag,
  type MarkdownCell,
  type RawCell,
  sourceText,
} from "../nbformat/browser";
import { addressesWith, type FindImage } from "./addresses";
import { escapeHtml } from "./escape";
import { highlight } from "./highlight";
import type { Labels } from "./labels";
import { type Heading, renderMarkdown } from "./markdown-html";
import { outputsHtml } from "./output-html";
import { preHtml } from "./preformatted";

/** What the cells of a page share. */
export interface PageContext {
  labels: Labels;
  /** The language of the code. */
  language: string;
  /** The headings so far. */
  headings: Heading[];
  findImage?: FindImage;
}

/** One cell as HTML, `number` counted from 1; empty when there is nothing to show. */
export function cellHtml(cell: Cell, number: number, context: PageContext): string {
  if (hasTag(cell, "remove-cell")) return "";
  const html = contentHtml(cell, number, context);
  if (html === "" || !hasTag(cell, "solution")) return html;
  return detailsHtml(context.labels.solution, html);
}

function contentHtml(cell: Cell, number: number, context: PageContext): string {
  if (cell.cell_type === "code") return codeHtml(cell, number, context);
  if (cell.cell_type === "markdown" || isMarkdown(cell)) return proseHtml(cell, context);
  return "";
}

/** Raw cells name the format that they are meant for. */
function isMarkdown(cell: Cell): boolean {
  const format = cell.metadata.raw_mimetype ?? cell.metadata.format;
  return format === "text/markdown" || format === "text/html";
}

function proseHtml(cell: MarkdownCell | RawCell, { headings, findImage }: PageContext): string {
  const html = renderMarkdown(sourceText(cell), headings, addressesWith(findImage, cell.attachments));
  return `<div class="prose">\n${html}</div>`;
}

function codeHtml(cell: CodeCell, number: number, context: PageContext): string {
  const { labels } = context;
  const { jupyter } = cell.metadata;
  const source = hasTag(cell, "remove-input") ? "" : sourceHtml(sourceText(cell).trimEnd(), context.language);
  const outputs = hasTag(cell, "remove-output") ? "" : outputsHtml(cell.outputs, context);
  if (source === "" && outputs === "") return "";
  const label = `${labels.output} ${number}`;
  const parts = [
    folded(source, jupyter?.source_hidden, `${labels.show}: ${labels.code}`),
    folded(
      outputs && `<div class="outputs" role="group" aria-label="${label}">\n${outputs}\n</div>`,
      jupyter?.outputs_hidden,
      `${labels.show}: ${labels.output}`,
    ),
  ];
  const html = parts.filter((part) => part !== "").join("\n");
  return `<div class="cell" id="cell-${number}" role="group" aria-label="${labels.code} ${number}">\n${html}\n</div>`;
}

function sourceHtml(source: string, language: string): string {
  if (source.trim() === "") return "";
  const attributes = ` class="language-${escapeHtml(language)}"`;
  return `<div class="source">${preHtml(source, (text) => highlight(text, language), attributes)}</div>`;
}

function folded(html: string, isHidden: boolean | undefined, summary: string): string {
  return isHidden && html !== "" ? detailsHtml(summary, html) : html;
}

function detailsHtml(summary: string, html: string): string {
  return `<details><summary>${escapeHtml(summary)}</summary>\n${html}\n</details>`;
}
