import MarkdownIt = require("markdown-it");
import footnotes = require("markdown-it-footnote");

import alerts from "markdown-it-github-alerts";
import { escapeHtml } from "./escape";
import { highlight } from "./highlight";
import { type Labels, labelsOf } from "./labels";
import { mathHtml, mathPlugin } from "./math";
import { preHtml } from "./preformatted";
import { type Addresses, type Sanitized, sanitize } from "./sanitize";
import { taskLists } from "./task-lists";

/** A heading of the page, for its table of contents. */
export interface Heading {
  level: number;
  text: string;
  /** The anchor, unique in the page. */
  id: string;
}

/** What the Markdown texts of a page share. */
export interface MarkdownContext {
  /** The headings so far; those of the text are added. */
  headings: Heading[];
  labels: Labels;
  addresses: Addresses;
  /** Distinguishes the footnotes of this text from those of others in the page. */
  id: string;
}

const parser = new MarkdownIt({ html: true, linkify: true });
// Bare `example.ts` must not become a link to a site; addresses with a scheme do.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
// The sanitiser judges addresses: it also sees those in raw HTML, and knows attachments.
parser.validateLink = () => true;
parser.use(mathPlugin).use(footnotes).use(alerts).use(taskLists);

/**
 * Markdown as GitHub and Jupyter show it (tables, task lists, footnotes, alerts, formulas, HTML), as sanitised HTML.
 * Its headings get anchors as Jupyter makes them (blanks become `-`) and are added to `headings`.
 */
export function renderMarkdown(markdown: string, context: MarkdownContext): Sanitized {
  const env = { docId: context.id, labels: context.labels };
  const tokens = parser.parse(markdown, env);
  tokens.forEach((token, index) => {
    if (token.type !== "heading_open") return;
    const inline = tokens[index + 1]!;
    const heading = newHeading(
      Number(token.tag.slice(1)),
      plainText(inline.children ?? []),
      context.headings,
    );
    context.headings.push(heading);
    token.attrSet("id", heading.id);
  });
  return sanitize(parser.renderer.render(tokens, parser.options, env), context.addresses);
}

parser.renderer.rules.heading_close = (tokens, index) => {
  const id = tokens[index - 2]?.attrGet("id") ?? "";
  const anchor = `<a class="anchor" href="#${escapeHtml(encodeURIComponent(id))}" aria-hidden="true" tabindex="-1">#</a>`;
  return ` ${anchor}</${tokens[index]!.tag}>\n`;
};

parser.renderer.rules.fence = (tokens, index) => {
  const { info, content } = tokens[index]!;
  const language = info.trim().split(/\s+/)[0]!.toLowerCase();
  if (language === "math") return `${mathHtml(content.trim(), true)}\n`;
  const attributes = language ? ` class="language-${escapeHtml(language)}"` : "";
  return `${preHtml(content.trimEnd(), (code) => highlight(code, language), attributes)}\n`;
};

// The plugin's title is English and, where the text gives one, not escaped.
parser.renderer.rules.alert_open = (tokens, index, _options, env) => {
  const { title, type, icon } = tokens[index]!.meta as { title: string; type: string; icon: string };
  const labels = (env as { labels?: Labels } | undefined)?.labels ?? labelsOf("en");
  const text = title.toLowerCase() === type ? (labels.alerts[type] ?? title) : title;
  return `<div class="markdown-alert markdown-alert-${type}"><p class="markdown-alert-title">${icon} ${escapeHtml(text)}</p>\n`;
};

// An empty header cell has nothing to say to a screen reader; as a data cell it is not announced as a header.
parser.renderer.rules.th_open = (tokens, index, options, _env, self) => {
  if (tokens[index + 1]!.content.trim() === "") tokens[index]!.tag = tokens[index + 2]!.tag = "td";
  return self.renderToken(tokens, index, options);
};

/** The anchors of the page itself, and of footnotes. */
const RESERVED = /^(?:main|cell-\d+|output-\d+-\d+|fn(?:ref)?-.+)$/;

function newHeading(level: number, text: string, others: readonly Heading[]): Heading {
  const slug = text.trim().replace(/\s+/g, "-") || "section";
  const taken = new Set(others.map(({ id }) => id));
  let id = slug;
  for (let number = 1; taken.has(id) || RESERVED.test(id); number++) id = `${slug}-${number}`;
  return { level, text, id };
}

/**
 * Links to headings by the anchors that GitHub makes (`#the-idea`) lead to those that the page has (`#The-idea`).
 */
export function mendAnchors(html: string, headings: readonly Heading[]): string {
  const ids = new Set(headings.map(({ id }) => id));
  const bySlug = new Map([...headings].reverse().map(({ id, text }) => [githubSlug(text), id]));
  return html.replace(/(<a\b[^>]*? href="#)([^"]+)"/g, (whole, before: string, anchor: string) => {
    const name = decoded(anchor);
    const id = ids.has(name) ? undefined : bySlug.get(name.toLowerCase());
    return id === undefined ? whole : `${before}${escapeHtml(encodeURIComponent(id))}"`;
  });
}

function githubSlug(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
    .replace(/ /g, "-");
}

function decoded(anchor: string): string {
  try {
    return decodeURIComponent(anchor);
  } catch {
    return anchor;
  }
}

function plainText(tokens: readonly { type: string; content: string; children?: unknown }[]): string {
  return tokens
    .filter(({ type }) => type === "text" || type === "code_inline" || type === "text_special")
    .map(({ content }) => content)
    .join("");
}
