import {
  type Attachments,
  type Cell,
  type DisplayData,
  type ExecuteResult,
  hasTag,
  joinStreams,
  multilineText,
  type Notebook,
  type Output,
  sourceText,
} from "../nbformat/browser";
import { withoutAnsi } from "./ansi";
import { type ExportOptions, languageOf } from "./html";
import { attachedImage, richest } from "./mimebundle";
import { sanitize, sanitizeSvg } from "./sanitize";
import { sanitizeMarkdown } from "./sanitize-markdown";
import { drawingOf } from "./svg";

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
  const images = new Images(`${name}_files`);
  const parts = notebook.cells.map((cell) => cellMarkdown(cell, languageOf(notebook), images));
  return { text: `${parts.filter((part) => part !== "").join("\n\n")}\n`, files: images.files };
}

const EXTENSIONS: Record<string, string> = {
  "image/svg+xml": "svg",
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
};

class Images {
  readonly files: MarkdownExport["files"] = new Map();
  constructor(private readonly folder: string) {}

  /** Keeps an image and gives the path to it. */
  add(mime: string, data: string): string {
    const path = `${this.folder}/image-${this.files.size + 1}.${EXTENSIONS[mime] ?? "bin"}`;
    const isSvg = mime === "image/svg+xml";
    this.files.set(
      path,
      isSvg ? { data: sanitizeSvg(data), encoding: "utf8" } : { data, encoding: "base64" },
    );
    return encodeURI(path);
  }
}

function cellMarkdown(cell: Cell, language: string, images: Images): string {
  if (hasTag(cell, "remove-cell")) return "";
  if (cell.cell_type === "markdown") return proseMarkdown(cell, images);
  if (cell.cell_type === "raw") return "";
  const source = sourceText(cell).trimEnd();
  const outputs = joinStreams(cell.outputs).map((output) => outputMarkdown(output, images));
  return [source.trim() && fenced(source, language), ...outputs].filter((part) => part !== "").join("\n\n");
}

function proseMarkdown(cell: Exclude<Cell, { cell_type: "code" }>, images: Images): string {
  return sanitizeMarkdown(withAttachments(withPageLinks(sourceText(cell)), cell.attachments ?? {}, images));
}

/** Links between notebooks lead to their Markdown. */
function withPageLinks(markdown: string): string {
  return markdown.replace(
    /(\]\(<?|\]:[ \t]*<?)(?![a-z][a-z0-9+.-]*:|\/\/)([^\s()<>?#]*)\.ipynb(?=[\s)>?#]|$)/gim,
    "$1$2.md",
  );
}

/** The attachments that the text names become files; the longest names first, since one may begin another. */
function withAttachments(markdown: string, attachments: Attachments, images: Images): string {
  return Object.keys(attachments)
    .sort((a, b) => b.length - a.length)
    .reduce((text, name) => {
      const forms = [name, encodeURI(name), encodeURIComponent(name)].map((form) => `attachment:${form}`);
      const image = attachedImage(name, attachments);
      if (!image || !forms.some((form) => text.includes(form))) return text;
      const path = images.add(image.mime, image.data);
      return forms.reduce((text, form) => text.replaceAll(form, path), text);
    }, markdown);
}

function outputMarkdown(output: Output, images: Images): string {
  if (output.output_type === "stream") return fenced(withoutAnsi(multilineText(output.text)), "text");
  if (output.output_type === "error") return fenced(withoutAnsi(output.traceback.join("\n")), "text");
  return bundleMarkdown(output, images);
}

function bundleMarkdown({ data }: DisplayData | ExecuteResult, images: Images): string {
  const shown = richest(data);
  if (!shown) return "";
  if (shown.mime.startsWith("image/"))
    return `![${altOf(shown.mime, shown.text)}](${images.add(shown.mime, shown.text)})`;
  if (shown.mime === "text/html") return htmlBlock(sanitize(shown.text));
  if (shown.mime === "text/markdown") return sanitizeMarkdown(shown.text);
  return fenced(withoutAnsi(shown.text), shown.mime === "application/json" ? "json" : "text");
}

/** HTML that Markdown leaves alone: a block without empty lines. */
function htmlBlock(html: string): string {
  return `<div>\n${html.replace(/\n\s*\n/g, "\n").trim()}\n</div>`;
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
