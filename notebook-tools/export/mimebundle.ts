import { type Attachments, type MimeBundle, mimeText } from "../nbformat/browser";

/** The mime types that a page can show, the richest first. */
const RICHEST = [
  "image/svg+xml",
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif",
  "text/html",
  "text/markdown",
  "application/json",
  "text/plain",
] as const;

export type ShownMime = (typeof RICHEST)[number];

/** One entry of a mimebundle, its data as text. */
export interface Shown {
  mime: ShownMime;
  text: string;
}

/** The richest entry that a page can show; undefined when there is none. */
export function richest(data: MimeBundle): Shown | undefined {
  const mime = RICHEST.find((mime) => data[mime] !== undefined);
  return mime && { mime, text: textOf(mime, data) };
}

function textOf(mime: ShownMime, data: MimeBundle): string {
  if (mime === "application/json") return JSON.stringify(data[mime], null, 2);
  return mimeText(data[mime]!);
}

/** A base64 image as an address. */
export function imageUri(mime: string, base64: string): string {
  return `data:${mime};base64,${base64.replace(/[^A-Za-z0-9+/=]/g, "")}`;
}

/** The image that a cell carries under a name; undefined when there is none. */
export function attachedImage(
  name: string,
  attachments: Attachments,
): { mime: string; data: string } | undefined {
  const bundle = Object.hasOwn(attachments, name) ? attachments[name]! : {};
  const mime = Object.keys(bundle).find((mime) => mime.startsWith("image/"));
  return mime === undefined ? undefined : { mime, data: mimeText(bundle[mime]!) };
}
