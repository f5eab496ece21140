import { type Attachments, type MimeBundle, mimeText } from "../nbformat/browser";

/** What a page can show, the richest first; each stands for a family of mime types. */
const RICHEST = [
  /^image\/svg\+xml$/,
  /^image\/(?:png|jpeg|webp|gif|avif|apng|bmp)$/,
  /^(?:audio|video)\/[\w.+-]+$/,
  /^text\/html$/,
  /^text\/markdown$/,
  /^text\/latex$/,
  /^application\/(?:geo)?json$/,
  /^text\/(?!plain$)[\w.+-]+$/,
  /^text\/plain$/,
];

/** Formulas are better than pictures of them; LaTeX in general, such as a table, is not. */
const FORMULA = /^\s*(?:\$|\\\[|\\\(|\\begin\{(?:align|equation|gather|multline|eqnarray))/;

/** One entry of a mimebundle, its data as text. */
export interface Shown {
  mime: string;
  text: string;
}

/** The richest entry that a page can show and that is not empty; undefined when there is none. */
export function richest(data: MimeBundle): Shown | undefined {
  const latex = entryOf("text/latex", data);
  if (latex && data["image/svg+xml"] === undefined && FORMULA.test(latex.text)) return latex;
  for (const family of RICHEST) {
    const mime = Object.keys(data).find((mime) => family.test(mime) && entryOf(mime, data));
    if (mime !== undefined) return entryOf(mime, data);
  }
  return undefined;
}

function entryOf(mime: string, data: MimeBundle): Shown | undefined {
  const value = data[mime];
  if (value === undefined || value === null) return undefined;
  const text = /json$/.test(mime) ? JSON.stringify(value, null, 2) : mimeText(value);
  return text.trim() === "" && mime !== "text/plain" ? undefined : { mime, text };
}

/** The mime types of a front end's own that no page can show, such as those of widgets and of Plotly. */
export function liveMimes(data: MimeBundle): string[] {
  return Object.keys(data).filter(
    (mime) => /^application\/(?!(?:geo)?json$)/.test(mime) && data[mime] !== undefined,
  );
}

/** A base64 image, sound or film as an address. */
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
