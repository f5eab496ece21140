import {
  type Attachments,
  type Cell,
  type CodeCell,
  type DisplayData,
  type ExecuteResult,
  joinStreams,
  multilineText,
  type Notebook,
  type Output,
  sourceText,
} from "../nbformat/browser";
import { isRelative, linkTo } from "./addresses";
import { withoutAnsi } from "./ansi";
import { addressOf } from "./escape";
import { isUnrun, langOf, languageOf } from "./html";
import { type Labels, labelsOf } from "./labels";
import { attachedImage, richest } from "./mimebundle";
import type { ExportOptions } from "./options";
import { errorText, sanitizedHtml, unshown } from "./output-html";
import { rawFormat } from "./raw-cells";
import { sanitize, sanitizeSvg } from "./sanitize";
import { sanitizeMarkdown } from "./sanitize-markdown";
import { drawingOf } from "./svg";
import { type Visibility, visibilityOf } from "./visibility";

/** A Markdown document, and the images that lie beside it. */
export interface MarkdownExport {
  text: string;
  /** By the path that the text names. */
  files: Map<string, { data: string; encoding: "utf8" | "base64" }>;
}

/**
 * A notebook as Markdown: prose as it is but for scripts, code and outputs in fences, images as files
 * in a folder named after the notebook.
 */
export function exportMarkdown(notebook: Notebook, options: ExportOptions = {}): MarkdownExport {
  const name = (options.path ?? "notebook")
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.ipynb$/, "");
  const files = new Files(`${name}_files`);
  const labels = labelsOf(options.lang ?? langOf(notebook, options.path));
  const context = { ...options, labels, language: languageOf(notebook), files };
  const parts = notebook.cells.map((cell) => cellMarkdown(cell, context));
  if (isUnrun(notebook)) parts.unshift(note(labels.neverRan));
  return { text: `${parts.filter((part) => part !== "").join("\n\n")}\n`, files: files.files };
}

interface Context extends ExportOptions {
  labels: Labels;
  /** The language of the code. */
  language: string;
  files: Files;
}

class Files {
  readonly files: MarkdownExport["files"] = new Map();
  constructor(private readonly folder: string) {}

  /** Keeps an image, a sound or a film and gives the path to it. */
  add(mime: string, data: string): string {
    const [kind, format = "bin"] = mime.replace("svg+xml", "svg").replace("jpeg", "jpg").split("/");
    const path = `${this.folder}/${kind}-${this.files.size + 1}.${format.replace(/[^\w]/g, "")}`;
    const isSvg = mime === "image/svg+xml";
    this.files.set(
      path,
      isSvg ? { data: sanitizeSvg(data), encoding: "utf8" } : { data, encoding: "base64" },
    );
    return addressOf(path);
  }
}

function cellMarkdown(cell: Cell, context: Context): string {
  const { labels } = context;
  const visibility = visibilityOf(cell, context);
  const isSolution = cell.metadata.tags?.includes?.("solution");
  return part(visibility.cell, isSolution ? labels.solution : `${labels.show}: ${labels.cell}`, () => {
    if (cell.cell_type === "code") return codeMarkdown(cell, context);
    if (visibility.source === "removed") return "";
    return cell.cell_type === "markdown" ? proseMarkdown(cell, context) : rawMarkdown(cell, context);
  });
}

/** A part as its visibility asks; GitHub and others fold what is in `<details>`. */
function part(visibility: Visibility, summary: string, content: () => string): string {
  if (visibility === "removed") return "";
  const text = content();
  return visibility === "folded" && text !== ""
    ? `<details>\n<summary>${summary}</summary>\n\n${text}\n\n</details>`
    : text;
}

function codeMarkdown(cell: CodeCell, context: Context): string {
  const { labels } = context;
  const visibility = visibilityOf(cell, context);
  const source = multilineText(cell.source).trimEnd();
  return [
    part(
      visibility.source,
      `${labels.show}: ${labels.code}`,
      () => source.trim() && fenced(source, context.language),
    ),
    part(visibility.outputs, `${labels.show}: ${labels.output}`, () =>
      joined(joinStreams(cell.outputs).map((output) => outputMarkdown(output, context))),
    ),
  ]
    .filter((text) => text !== "")
    .join("\n\n");
}

function joined(parts: string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}

function proseMarkdown(cell: Exclude<Cell, { cell_type: "code" }>, context: Context): string {
  // Links before attachments, whose files are the export's own.
  const linked = withPageLinks(sourceText(cell), context);
  return sanitizeMarkdown(withAttachments(linked, cell.attachments ?? {}, context.files));
}

function rawMarkdown(cell: Exclude<Cell, { cell_type: "code" }>, context: Context): string {
  const format = rawFormat(cell);
  if (format === undefined || format === "text/markdown") return proseMarkdown(cell, context);
  if (format === "text/html") return htmlBlock(sourceText(cell), context, format);
  return note(`${context.labels.raw} \`${format}\``);
}

function note(text: string): string {
  return `> ${text}`;
}

/** Links between notebooks lead to their Markdown, and others to where `findLink` says; code stays as it is. */
function withPageLinks(markdown: string, { findLink }: Context): string {
  const mended = (address: string) =>
    isRelative(address) ? (linkTo(address, ".md", findLink) ?? "") : address;
  const withLinks = (text: string) =>
    text
      .replace(
        /(\]\(|^ {0,3}\[[^\]\n]+\]:[ \t]*)(?:<([^<>\n]+)>|([^\s()<>]+))/gm,
        (_, before: string, quoted: string | undefined, bare: string) =>
          before + (quoted === undefined ? mended(bare) : `<${mended(quoted)}>`),
      )
      .replace(
        /(<(?:a|img|audio|video|source)\b[^<>]*?\s(?:href|src)=)(?:"([^"<>]+)"|'([^'<>]+)')/gi,
        (_, before: string, double: string | undefined, single: string) =>
          `${before}"${mended(double ?? single)}"`,
      );
  const parts = markdown.split(FENCE);
  // `split` yields text, a fenced block, what its fence is made of, and so on.
  return parts.map((text, at) => (at % 3 === 0 ? withLinks(text) : at % 3 === 1 ? text : "")).join("");
}

const FENCE = /(^ {0,3}(`{3,}|~{3,})[^\n]*\n(?:[\s\S]*?^ {0,3}\2[`~]*[ \t]*$|[\s\S]*$(?![\s\S])))/m;

/** The attachments that the text names become files; the longest names first, since one may begin another. */
function withAttachments(markdown: string, attachments: Attachments, files: Files): string {
  return Object.keys(attachments)
    .sort((a, b) => b.length - a.length)
    .reduce((text, name) => {
      const forms = [name, encodeURI(name), encodeURIComponent(name)].map((form) => `attachment:${form}`);
      const image = attachedImage(name, attachments);
      if (!image || !forms.some((form) => text.includes(form))) return text;
      const path = files.add(image.mime, image.data);
      return forms.reduce((text, form) => text.replaceAll(form, path), text);
    }, markdown);
}

function outputMarkdown(output: Output, context: Context): string {
  if (output.output_type === "stream") return fenced(withoutAnsi(multilineText(output.text)), "text");
  if (output.output_type === "error") return fenced(withoutAnsi(errorText(output)), "text");
  return bundleMarkdown(output, context);
}

function bundleMarkdown({ data }: DisplayData | ExecuteResult, context: Context): string {
  const { labels } = context;
  const shown = richest(data);
  const mimes = unshown(data, shown);
  const isWidget = mimes.some((mime) => mime.includes("jupyter.widget"));
  const says = note(`${isWidget ? labels.widget : labels.unshown} \`${mimes.join(", ")}\``);
  const text = shown ? shownMarkdown(shown.mime, shown.text, context) : "";
  return joined([mimes.length > 0 ? says : "", text]);
}

function shownMarkdown(mime: string, text: string, context: Context): string {
  if (mime.startsWith("image/")) return `![${altOf(mime, text)}](${context.files.add(mime, text)})`;
  if (/^(?:audio|video)\//.test(mime)) {
    const element = mime.split("/")[0]!;
    return `<${element} controls src="${context.files.add(mime, text)}"></${element}>`;
  }
  if (mime === "text/html") return htmlBlock(text, context, mime);
  if (mime === "text/markdown") return sanitizeMarkdown(withPageLinks(text, context));
  // Formulas have their delimiters, as Markdown wants them; other LaTeX is shown as it is.
  if (mime === "text/latex") return /^\s*\$/.test(text) ? text.trim() : fenced(text, "latex");
  if (/json$/.test(mime)) return fenced(text, "json");
  return fenced(withoutAnsi(text), mime.replace(/^text\/(?:x-)?/, "").replace("plain", "text"));
}

/** HTML that Markdown leaves alone: a block without empty lines. */
function htmlBlock(html: string, { labels }: Context, mime: string): string {
  const safe = sanitizedHtml(sanitize(html), labels, mime);
  return `<div>\n${safe.replace(/\n\s*\n/g, "\n").trim()}\n</div>`;
}

function altOf(mime: string, text: string): string {
  return mime === "image/svg+xml" ? drawingOf(text).alt.replace(/[[\]\\\n]/g, " ") : "";
}

/** Text in a fence that is longer than any fence within it. */
function fenced(text: string, info: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`{3,}/g), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${info}\n${text.replace(/\n+$/, "")}\n${fence}`;
}
