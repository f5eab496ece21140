import MarkdownIt = require("markdown-it");

import { isSafeHtml, isScriptAddress } from "./sanitize";

const parser = new MarkdownIt({ html: true });
// Every address must become a link here, so that none is overlooked that another program would follow.
parser.validateLink = () => true;

interface Token {
  type: string;
  content: string;
  /** Of a fence: what it is made of. */
  markup: string;
  /** The lines of the source that a block comes from: the first, and the one after the last. */
  map: [number, number] | null;
  attrs: [string, string][] | null;
  children: Token[] | null;
}

/**
 * Markdown in which nothing acts, and whose last fence is closed, so that it takes nothing of what comes after it. What
 * is harmless stays byte for byte; a paragraph or block with a script, an event handler or a `javascript:` address
 * shows them as text instead.
 */
export function sanitizeMarkdown(markdown: string): string {
  return withClosedFence(withoutActs(markdown));
}

function withClosedFence(markdown: string): string {
  const last = (parser.parse(markdown, {}) as Token[]).at(-1);
  if (last?.type !== "fence" || !last.map) return markdown;
  const [, ...inside] = markdown.split(/\r\n?|\n/).slice(...last.map);
  const end = inside.at(-1)?.trim() ?? "";
  const isClosed = end.startsWith(last.markup) && /^(?:`+|~+)$/.test(end);
  return isClosed ? markdown : `${markdown.trimEnd()}\n${last.markup}`;
}

function withoutActs(markdown: string): string {
  const dangerous = dangerousLines(markdown);
  if (dangerous.size === 0) return markdown;
  const lines = markdown.replace(/\r\n?/g, "\n").split("\n");
  // First only the tags that act; then, should there be a way to write one that this does not know, all in
  // these lines; and at last the whole.
  for (const change of [withoutActingTags, asText]) {
    const text = lines.map((line, number) => (dangerous.has(number) ? change(line) : line)).join("\n");
    if (dangerousLines(text).size === 0) return text;
  }
  return lines.map((line) => `    ${line}`).join("\n");
}

/** The numbers of the lines, from 0, that belong to something that acts. */
function dangerousLines(markdown: string): Set<number> {
  const env: MarkdownIt.Env = {};
  const found = new Set<number>();
  let range: [number, number] = [0, 0];
  for (const token of parser.parse(markdown, env) as Token[]) {
    range = token.map ?? range;
    if ([token, ...(token.children ?? [])].some(acts))
      for (let at = range[0]; at < range[1]; at++) found.add(at);
  }
  for (const number of definitionLines(markdown, env)) found.add(number);
  return found;
}

function acts({ type, content, attrs }: Token): boolean {
  if (type === "html_block" || type === "html_inline") return !isSafeHtml(content);
  return (attrs ?? []).some(([name, value]) => (name === "href" || name === "src") && isScriptAddress(value));
}

/** The lines of all definitions (`[name]: address`), if one of them leads to a script. */
function definitionLines(markdown: string, { references = {} }: MarkdownIt.Env): number[] {
  if (!Object.values(references).some(({ href }) => isScriptAddress(href))) return [];
  const lines = markdown.split(/\r\n?|\n/).map((line, number) => (line.includes("]:") ? number : -1));
  return lines.filter((number) => number >= 0);
}

/** A line whose tags and links are harmless; the others, and what closes them, are text. */
function withoutActingTags(line: string): string {
  const acting = Array.from(line.matchAll(TAG), ([tag]) => tag).filter((tag) => !isSafeHtml(tag));
  const names = new Set(acting.map((tag) => /^<\/?([^\s/>]*)/.exec(tag)![1]!.toLowerCase()));
  return line
    .replace(TAG, (tag, name: string) => (names.has(name.toLowerCase()) ? tag.replace("<", "&lt;") : tag))
    .replace(/\](?=[([:])/g, "\\]");
}

const TAG = /<\/?([a-z!?][^\s/>]*)[^<>]*>?/gi;

/** A line in which no tag, link or definition begins. */
function asText(line: string): string {
  return line.replace(/<(?=[a-z/!?])/gi, "&lt;").replace(/\](?=[([:])/g, "\\]");
}
