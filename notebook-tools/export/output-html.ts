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
import type { PageContext } from "./cell-html";
import { escapeHtml } from "./escape";
import { highlight } from "./highlight";
import type { Labels } from "./labels";
import { renderMarkdown } from "./markdown-html";
import { imageUri, richest, type Shown } from "./mimebundle";
import { preHtml } from "./preformatted";
import { sanitize } from "./sanitize";
import { drawingOf } from "./svg";

/** The outputs of one cell as HTML, streams joined as a front end shows them. */
export function outputsHtml(outputs: readonly Output[], context: PageContext): string {
  return joinStreams(outputs)
    .map((output) => outputHtml(output, context))
    .join("\n");
}

function outputHtml(output: Output, context: PageContext): string {
  if (output.output_type === "stream") return streamHtml(output, context.labels);
  if (output.output_type === "error") return errorHtml(output, context.labels);
  return bundleHtml(output, context);
}

function streamHtml({ name, text }: Stream, labels: Labels): string {
  const isError = name === "stderr";
  const label = isError ? ` role="group" aria-label="${labels.errors}"` : "";
  return `<div class="${isError ? "stderr" : "stdout"}"${label}>${preHtml(multilineText(text), ansiToHtml)}</div>`;
}

function errorHtml({ ename, evalue, traceback }: ErrorOutput, labels: Labels): string {
  const text = traceback.length > 0 ? traceback.join("\n") : `${ename}: ${evalue}`;
  return `<div class="error" role="group" aria-label="${labels.errors}">${preHtml(text, ansiToHtml)}</div>`;
}

function bundleHtml(output: DisplayData | ExecuteResult, context: PageContext): string {
  const shown = richest(output.data);
  if (!shown) return unshownHtml(Object.keys(output.data), context.labels);
  if (shown.mime.startsWith("image/")) return imageHtml(shown, output, context.labels);
  return `<div class="result">${textHtml(shown, context)}</div>`;
}

function textHtml({ mime, text }: Shown, { headings, findImage }: PageContext): string {
  if (mime === "text/html") return sanitize(text, addressesWith(findImage));
  // Its headings get anchors of their own, but are no parts of the notebook.
  if (mime === "text/markdown") return renderMarkdown(text, [...headings], addressesWith(findImage));
  if (mime === "application/json") return preHtml(text, (json) => highlight(json, "json"));
  return preHtml(text, ansiToHtml);
}

function unshownHtml(mimes: string[], labels: Labels): string {
  return mimes.length === 0
    ? ""
    : `<p class="unshown">${labels.unshown} <code>${escapeHtml(mimes.join(", "))}</code></p>`;
}

function imageHtml(shown: Shown, output: DisplayData | ExecuteResult, labels: Labels): string {
  const size = sizeOf(output, shown.mime);
  const plain = output.data["text/plain"];
  const drawing = shown.mime === "image/svg+xml" ? drawingOf(shown.text) : undefined;
  const src = drawing?.src ?? imageUri(shown.mime, shown.text);
  const alt = drawing?.alt || (plain === undefined ? labels.image : withoutAnsi(mimeText(plain)).trim());
  // On a narrow screen a wide drawing scrolls sideways (and so takes the focus) rather than becoming too small to read.
  const [focus, least] = drawing?.width
    ? [` tabindex="0"`, ` style="min-width: min(${drawing.width}px, 36rem)"`]
    : ["", ""];
  return `<figure${focus}><img src="${escapeHtml(src)}" alt="${escapeHtml(alt)}"${size}${least}></figure>`;
}

/** The size that the output's metadata asks for, as attributes. */
function sizeOf(output: DisplayData | ExecuteResult, mime: string): string {
  const asked = output.metadata?.[mime] as Record<string, unknown> | undefined;
  return ["width", "height"]
    .filter((side) => Number(asked?.[side]) > 0)
    .map((side) => ` ${side}="${Number(asked?.[side])}"`)
    .join("");
}
