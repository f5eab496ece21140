import MarkdownIt = require("markdown-it");

import { escapeHtml } from "./escape";
import { highlight } from "./highlight";
import { preHtml } from "./preformatted";
import { type Addresses, sanitize } from "./sanitize";

/** A heading of the page, for its table of contents. */
export interface Heading {
  level: number;
  text: string;
  /** The anchor, unique in the page. */
  id: string;
}

const parser = new MarkdownIt({ html: true, linkify: true });
// Bare `example.ts` must not become a link to a site; addresses with a scheme do.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
// The sanitiser judges addresses: it also sees those in raw HTML, and knows attachments.
parser.validateLink = () => true;

/**
 * Markdown as sanitised HTML. Its headings get anchors as Jupyter makes them (blanks become `-`)
 * and are added to `headings`.
 */
export function renderMarkdown(markdown: string, headings: Heading[], addresses: Addresses): string {
  const tokens = parser.parse(markdown, {});
  tokens.forEach((token, index) => {
    if (token.type !== "heading_open") return;
    const inline = tokens[index + 1]!;
    const heading = newHeading(Number(token.tag.slice(1)), plainText(inline.children ?? []), headings);
    headings.push(heading);
    token.attrSet("id", heading.id);
  });
  return sanitize(parser.renderer.render(tokens, parser.options, {}), addresses);
}

parser.renderer.rules.heading_close = (tokens, index) => {
  const id = tokens[index - 2]?.attrGet("id") ?? "";
  const anchor = `<a class="anchor" href="#${escapeHtml(encodeURIComponent(id))}" aria-hidden="true" tabindex="-1">#</a>`;
  return ` ${anchor}</${tokens[index]!.tag}>\n`;
};

parser.renderer.rules.fence = (tokens, index) => {
  const { info, content } = tokens[index]!;
  const language = info.trim().split(/\s+/)[0]!.toLowerCase();
  const attributes = language ? ` class="language-${escapeHtml(language)}"` : "";
  return `${preHtml(content.trimEnd(), (code) => highlight(code, language), attributes)}\n`;
};

/** The anchors of the page itself. */
const RESERVED = /^(?:main|cell-\d+)$/;

function newHeading(level: number, text: string, others: readonly Heading[]): Heading {
  const slug = text.trim().replace(/\s+/g, "-") || "section";
  const taken = new Set(others.map(({ id }) => id));
  let id = slug;
  for (let number = 1; taken.has(id) || RESERVED.test(id); number++) id = `${slug}-${number}`;
  return { level, text, id };
}

function plainText(tokens: readonly { type: string; content: string; children?: unknown }[]): string {
  return tokens
    .filter(({ type }) => type === "text" || type === "code_inline" || type === "text_special")
    .map(({ content }) => content)
    .join("");
}
