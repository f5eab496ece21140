import {
  type DisplayData,
  type ErrorOutput,
  type ExecuteResult,
  joinStreams,
  mimeText,
  multilineText,
  type Output,
  type Stream,
} from "../nbformat/browser";
import { addressesWith } from "./addresses";
import { ansiToHtml, withoutAnsi } from "./ansi";
import { escapeHtml } from "./escape";
import { highlight } from "./highlight";
import type { Labels } from "./labels";
import { renderMarkdown } from "./markdown-html";
import { latexHtml } from "./math";
import { imageUri, liveMimes, richest, type Shown } from "./mimebundle";
import type { PageContext } from "./options";
import { preHtml } from "./preformatted";
import { type Sanitized, sanitize } from "./sanitize";
import { drawingOf } from "./svg";

/** The outputs of the cell of this number as HTML, streams joined as a front end shows them. */
export function outputsHtml(outputs: readonly Output[], number: number, context: PageContext): string {
  return joinStreams(outputs)
    .map((output, index) => outputHtml(output, `output-${number}-${index + 1}`, context))
    .join("\n");
}

function outputHtml(output: Output, id: string, context: PageContext): string {
  if (output.output_type === "stream") return streamHtml(output, context.labels);
  if (output.output_type === "error") return errorHtml(output, context.labels);
  return bundleHtml(output, id, context);
}

function streamHtml({ name, text }: Stream, labels: Labels): string {
  const isError = name === "stderr";
  const label = isError ? ` role="group" aria-label="${labels.errors}"` : "";
  return `<div class="${isError ? "stderr" : "stdout"}"${label}>${preHtml(multilineText(text), ansiToHtml)}</div>`;
}

function errorHtml(error: ErrorOutput, labels: Labels): string {
  return `<div class="error" role="group" aria-label="${labels.errors}">${preHtml(errorText(error), ansiToHtml)}</div>`;
}

/** The traceback, or what is known where a kernel sends none. */
export function errorText({ ename, evalue, traceback }: ErrorOutput): string {
  return traceback.length > 0 ? traceback.join("\n") : `${ename}: ${evalue}`;
}

function bundleHtml(output: DisplayData | ExecuteResult, id: string, context: PageContext): string {
  const shown = richest(output.data);
  const note = unshownHtml(unshown(output.data, shown), context.labels);
  if (!shown) return note;
  if (shown.mime.startsWith("image/")) return imageHtml(shown, output, context);
  if (/^(?:audio|video)\//.test(shown.mime)) return mediaHtml(shown);
  return `${note}<div class="result" id="${id}">${textHtml(shown, id, context)}</div>`;
}

/** The mime types that a page cannot show, where nothing but plain text stands for them. */
export function unshown(data: DisplayData["data"], shown: Shown | undefined): string[] {
  if (!shown) return Object.keys(data);
  return shown.mime === "text/plain" ? liveMimes(data) : [];
}

function textHtml({ mime, text }: Shown, id: string, context: PageContext): string {
  const { headings, labels, findImage, findLink } = context;
  const addresses = addressesWith(findImage, findLink);
  if (mime === "text/html") return sanitizedHtml(sanitize(text, addresses, `#${id}`), labels, mime);
  // Its headings get anchors of their own, but are no parts of the notebook.
  if (mime === "text/markdown")
    return sanitizedHtml(
      renderMarkdown(text, { headings: [...headings], labels, addresses, id }),
      labels,
      mime,
    );
  if (mime === "text/latex") return latexHtml(text) ?? preHtml(text, (tex) => highlight(tex, "latex"));
  if (mime === "text/plain") return preHtml(text, ansiToHtml);
  return preHtml(text, (code) => highlight(code, mime.replace(/^(?:application|text)\/(?:x-|geo)?/, "")));
}

/** Safe HTML, and after it a note of what is not in it: nothing goes without a word. */
export function sanitizedHtml({ html, leftOut }: Sanitized, labels: Labels, mime: string): string {
  const names = leftOut.map((name) => elementHtml(name)).join(", ");
  if (isEmpty(html)) {
    const what = names === "" ? "" : ` (${names})`;
    return `${html}<p class="unshown">${labels.unshown} <code>${escapeHtml(mime)}</code>${what}</p>`;
  }
  return names === "" ? html : `${html}\n<p class="unshown">${labels.leftOut} ${names}</p>`;
}

/** A frame's address can still be visited. */
function elementHtml(name: string): string {
  const [element, address] = name.split(" ");
  const code = `<code>&#60;${escapeHtml(element!)}&#62;</code>`;
  if (address === undefined || !/^https?:\/\//i.test(address)) return code;
  return `${code} <a href="${escapeHtml(address)}">${escapeHtml(address)}</a>`;
}

/** Whether nothing in some HTML can be seen. */
function isEmpty(html: string): boolean {
  if (/<(?:img|svg|math|audio|video|input|hr|progress|meter|button|select)\b/i.test(html)) return false;
  return html.replace(/<style>[^<]*<\/style>|<[^>]*>|&nbsp;|\s/g, "") === "";
}

function unshownHtml(mimes: string[], labels: Labels): string {
  if (mimes.length === 0) return "";
  const says = mimes.some((mime) => mime.includes("jupyter.widget")) ? labels.widget : labels.unshown;
  return `<p class="unshown">${says} <code>${escapeHtml(mimes.join(", "))}</code></p>\n`;
}

function mediaHtml({ mime, text }: Shown): string {
  const element = mime.split("/")[0]!;
  return `<${element} controls preload="metadata" src="${escapeHtml(imageUri(mime, text))}"></${element}>`;
}

function imageHtml(shown: Shown, output: DisplayData | ExecuteResult, context: PageContext): string {
  const { labels } = context;
  const plain = output.data["text/plain"];
  const drawing = shown.mime === "image/svg+xml" ? drawingOf(shown.text) : undefined;
  const size = sizeOf(output, shown.mime) || drawnSize(drawing);
  const src = drawing?.src ?? imageUri(shown.mime, shown.text);
  const alt = drawing?.alt || (plain === undefined ? labels.image : withoutAnsi(mimeText(plain)).trim());
  // On a narrow screen a wide drawing scrolls sideways (and so takes the focus) rather than becoming too small to read.
  const [focus, least] = drawing?.width
    ? [` tabindex="0"`, ` style="min-width: min(${drawing.width}px, 36rem)"`]
    : ["", ""];
  const name = context.nameChart?.(output.data);
  const chart = name === undefined ? "" : ` data-chart="${escapeHtml(name)}"`;
  const clear = isTransparent(output.data) ? ` class="clear"` : "";
  return `<figure${focus}${clear}${chart}><img src="${escapeHtml(src)}" alt="${escapeHtml(alt)}"${size}${least}></figure>`;
}

/** Whether a chart says itself that it is drawn for light and dark pages alike. */
function isTransparent(data: DisplayData["data"]): boolean {
  const mime = Object.keys(data).find((mime) => /^application\/vnd\.vega/.test(mime));
  const spec = mime === undefined ? undefined : (data[mime] as { background?: unknown; config?: unknown });
  const config = spec?.config as { background?: unknown } | undefined;
  return (spec?.background ?? config?.background) === "transparent";
}

/** The size that the output's metadata asks for, as attributes. */
function sizeOf(output: DisplayData | ExecuteResult, mime: string): string {
  const asked = output.metadata?.[mime] as Record<string, unknown> | undefined;
  return ["width", "height"]
    .filter((side) => Number(asked?.[side]) > 0)
    .map((side) => ` ${side}="${Number(asked?.[side])}"`)
    .join("");
}

/** A drawing's own size, so that the page keeps its place before it is drawn. */
function drawnSize(drawing: { width?: number; height?: number } | undefined): string {
  return drawing?.width && drawing.height ? ` width="${drawing.width}" height="${drawing.height}"` : "";
}
