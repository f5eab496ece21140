import {
  type Cell,
  type CodeCell,
  type MarkdownCell,
  multilineText,
  type RawCell,
  sourceText,
} from "../nbformat/browser";
import { addressesWith } from "./addresses";
import { escapeHtml } from "./escape";
import { highlight } from "./highlight";
import { renderMarkdown } from "./markdown-html";
import type { PageContext } from "./options";
import { outputsHtml, sanitizedHtml } from "./output-html";
import { preHtml } from "./preformatted";
import { rawFormat } from "./raw-cells";
import { sanitize } from "./sanitize";
import { type Visibility, visibilityOf } from "./visibility";

/** One cell as HTML, `number` counted from 1; empty when there is nothing to show. */
export function cellHtml(cell: Cell, number: number, context: PageContext): string {
  const { labels } = context;
  const isSolution = cell.metadata.tags?.includes?.("solution");
  return part(
    visibilityOf(cell, context).cell,
    isSolution ? labels.solution : `${labels.show}: ${labels.cell}`,
    () => (cell.cell_type === "code" ? codeHtml(cell, number, context) : textHtml(cell, number, context)),
  );
}

/** A part of a page as its visibility asks; empty when there is nothing to show. */
function part(visibility: Visibility, summary: string, content: () => string): string {
  if (visibility === "removed") return "";
  const html = content();
  return visibility === "folded" && html !== ""
    ? `<details><summary>${escapeHtml(summary)}</summary>\n${html}\n</details>`
    : html;
}

function textHtml(cell: MarkdownCell | RawCell, number: number, context: PageContext): string {
  const html = visibilityOf(cell, context).source === "removed" ? "" : proseHtml(cell, number, context);
  return html === "" ? "" : `<div class="prose">\n${html}</div>`;
}

function proseHtml(cell: MarkdownCell | RawCell, number: number, context: PageContext): string {
  const source = sourceText(cell);
  // A comment alone, such as a marker, is nothing to show.
  if (source.replace(/<!--[\s\S]*?-->/g, "").trim() === "") return "";
  const { labels, headings, findImage, findLink } = context;
  const addresses = addressesWith(findImage, findLink, cell.attachments);
  const format = cell.cell_type === "raw" ? rawFormat(cell) : "text/markdown";
  if (format === "text/markdown")
    return sanitizedHtml(
      renderMarkdown(source, { headings, labels, addresses, id: String(number) }),
      labels,
      format,
    );
  if (format === "text/html") return sanitizedHtml(sanitize(source, addresses), labels, format);
  if (format === undefined) return `${preHtml(source, escapeHtml)}\n`;
  return `<p class="unshown">${labels.raw} <code>${escapeHtml(format)}</code></p>\n`;
}

function codeHtml(cell: CodeCell, number: number, context: PageContext): string {
  const { labels } = context;
  const { source, outputs } = visibilityOf(cell, context);
  const parts = [
    part(source, `${labels.show}: ${labels.code}`, () =>
      sourceHtml(multilineText(cell.source).trimEnd(), context.language),
    ),
    part(outputs, `${labels.show}: ${labels.output}`, () => {
      const html = outputsHtml(cell.outputs, number, context);
      const label = `${labels.output} ${number}`;
      return html && `<div class="outputs" role="group" aria-label="${label}">\n${html}\n</div>`;
    }),
  ].filter((html) => html !== "");
  if (parts.length === 0) return "";
  return `<div class="cell" id="cell-${number}" role="group" aria-label="${labels.code} ${number}">\n${parts.join("\n")}\n</div>`;
}

function sourceHtml(source: string, language: string): string {
  if (source.trim() === "") return "";
  const attributes = ` class="language-${escapeHtml(language)}"`;
  return `<div class="source">${preHtml(source, (text) => highlight(text, language), attributes)}</div>`;
}
