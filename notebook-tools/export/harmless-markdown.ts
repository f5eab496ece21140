import MarkdownIt = require("markdown-it");

import { sanitize } from "./sanitize";

const parser = new MarkdownIt({ html: true });
parser.validateLink = () => true;

interface Token {
  type: string;
  content: string;
  attrs: [string, string][] | null;
  children: Token[] | null;
}

/** Markdown with the same words, but its raw HTML sanitised and its `javascript:` addresses emptied. */
export function harmlessMarkdown(markdown: string): string {
  const tokens = (parser.parse(markdown, {}) as Token[]).flatMap((token) => [
    token,
    ...(token.children ?? []),
  ]);
  const raw = tokens.filter(({ type }) => type === "html_block" || type === "html_inline");
  const clean = raw.reduce(
    (text, { content }) => text.replace(content, () => harmlessTag(content)),
    markdown,
  );
  return tokens.some(leadsToScript) ? withoutScriptAddresses(clean) : clean;
}

/** One tag, or a block of HTML. An opening tag alone must not be closed, nor a closing one be dropped. */
function harmlessTag(html: string): string {
  if (/^<\/[a-z][a-z0-9]*\s*>$/i.test(html)) return /^<\/(script|style|iframe)/i.test(html) ? "" : html;
  const clean = sanitize(html);
  return /^<[^/!][^>]*>$/.test(html.trim()) ? clean.replace(/<\/[a-z0-9]+>$/, "") : clean;
}

function leadsToScript({ attrs }: Token): boolean {
  return (attrs ?? []).some(([name, value]) => (name === "href" || name === "src") && isScript(value));
}

function isScript(address: string): boolean {
  return /^(?:javascript|vbscript|data:text)/i.test(address.replace(/[\s\p{Cc}]/gu, ""));
}

/** The addresses of links, images and definitions, however they are written. */
function withoutScriptAddresses(markdown: string): string {
  return markdown.replace(
    /(\]\(\s*<?|\]:\s*<?|<)((?:[^\s()<>]|\([^\s()]*\))+)/g,
    (whole, before: string, address: string) =>
      isScript(parser.utils.unescapeAll(address)) ? `${before}#` : whole,
  );
}
