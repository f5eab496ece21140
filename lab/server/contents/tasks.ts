import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { zipSync } from "fflate";
import {
  checkNotebook,
  exportHtml,
  exportMarkdown,
  exportScript,
  imagesBelow,
  type Notebook,
  notebookText,
  parseNotebook,
  sharedDataDirs,
} from "notebook-tools";
import { HttpError } from "../http/errors";
import { mimeTypeOf } from "../http/mime";
import { jsonObject } from "../http/router";
import { joinedCell } from "./joined";
import type { ContentsType, Model } from "./models";
import { readTrust, withoutTrust, withTrust } from "./trust";

export interface ReadInput {
  readonly file: string;
  readonly model: Model;
  readonly type: ContentsType;
  readonly format: string | null;
  /** Whether the answer says the hash of the content. */
  readonly hash: boolean;
  readonly trustFolder: string;
}

export interface SaveInput {
  readonly apiPath: string;
  /** The request's body. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly trustFolder: string;
}

export interface Saved {
  readonly type: ContentsType;
  /** The part of a large upload, counted from 1; -1 is the last one. */
  readonly chunk: number | null;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly hash: string;
  /** The signatures of the outputs that were made here. */
  readonly trusted: string[];
}

export interface ExportInput {
  readonly root: string;
  readonly file: string;
  readonly format: string;
}

export interface Exported {
  readonly name: string;
  readonly mimetype: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Throws `HttpError` 400 for bytes that are not UTF-8. */
function utf8(bytes: Uint8Array, apiPath: string, ignoreBOM = false): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM }).decode(bytes);
  } catch {
    throw new HttpError(400, `${apiPath} is not UTF-8 text; save it as UTF-8.`);
  }
}

/** Gives memory back now: a large notebook is held several times, and the garbage collector would come late. */
function release({ buffer, byteLength }: Uint8Array): void {
  // A small file may lie in memory that it shares with others. Node has `transfer` since 21.
  if (byteLength === buffer.byteLength) (buffer as Transferable).transfer?.(0);
}

type Transferable = ArrayBufferLike & { transfer?(byteLength: number): ArrayBuffer };

function fileContent(bytes: Buffer, apiPath: string, format: string | null) {
  const mimetype = mimeTypeOf(apiPath);
  const isText = {
    format: "text",
    mimetype: mimetype === "application/octet-stream" ? "text/plain" : mimetype,
  };
  const isBinary = { format: "base64", mimetype };
  if (format === "base64") return { content: bytes.toString("base64"), ...isBinary };
  try {
    return { content: utf8(bytes, apiPath, true), ...isText };
  } catch (error) {
    if (format === "text") throw error;
    return { content: bytes.toString("base64"), ...isBinary };
  }
}

/** A notebook as JupyterLab expects it. Its text and its bytes are gone when this returns. */
function joinedNotebook(bytes: Uint8Array, apiPath: string): Notebook {
  const text = utf8(bytes, apiPath);
  release(bytes);
  const { notebook } = parseNotebook(text, apiPath);
  return { ...notebook, cells: notebook.cells.map(joinedCell) };
}

/** The model of a file with its content, as JSON, and the signatures of its outputs that are trusted. */
async function read({ file, model, type, format, hash, trustFolder }: ReadInput) {
  const bytes = await readFile(file);
  const hashes = hash ? { hash: hashOf(bytes), hash_algorithm: "sha256" } : {};
  const { path: apiPath } = model;
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  if (type === "file")
    return { json: encode({ ...model, ...fileContent(bytes, apiPath, format), ...hashes }), seen: [] };
  const { notebook, seen } = withTrust(joinedNotebook(bytes, apiPath), readTrust(trustFolder));
  return { json: encode({ ...model, ...hashes, format: "json", content: notebook }), seen };
}

/** Not all that Node takes for base64 is. No white space is read in two ways, which would take for ever. */
const isBase64 = /^[A-Za-z0-9+/\s]*(?:=\s*){0,2}$/;

function fileBytes(content: unknown, format: unknown): Uint8Array<ArrayBuffer> {
  if (typeof content !== "string") throw new HttpError(400, "A file's content must be a string.");
  if (format !== "base64") return new TextEncoder().encode(content);
  if (!isBase64.test(content)) throw new HttpError(400, "The file's content is not base64.");
  return Buffer.from(content, "base64");
}

/** What a request to save wants to have in the file. Throws `HttpError` 400 for a notebook that would not open again. */
async function prepare({ apiPath, body, trustFolder }: SaveInput): Promise<Saved> {
  const { type, format, content, chunk } = jsonObject(
    Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  );
  release(body);
  const empty = {
    chunk: typeof chunk === "number" ? chunk : null,
    trusted: [],
    hash: "",
    data: new Uint8Array(),
  };
  if (type === "directory") return { ...empty, type };
  if (type !== "notebook") {
    const data = fileBytes(content, format);
    return { ...empty, type: "file", data, hash: hashOf(data) };
  }
  const { notebook, trusted } = withoutTrust(checkNotebook(content, apiPath), readTrust(trustFolder).key);
  const data = new TextEncoder().encode(notebookText(notebook));
  return { ...empty, type, data, hash: hashOf(data), trusted };
}

/** A notebook as one file to save. */
async function exported({ root, file, format }: ExportInput): Promise<Exported> {
  const apiPath = path.relative(root, file).split(path.sep).join("/");
  const { notebook } = parseNotebook(utf8(await readFile(file), apiPath), apiPath);
  const stem = path.parse(file).name;
  const encode = (text: string) => new TextEncoder().encode(text);
  if (format === "script") {
    const { text, extension } = exportScript(notebook);
    return { name: stem + extension, mimetype: "text/plain; charset=utf-8", data: encode(text) };
  }
  if (format === "html") {
    const findImage = imagesBelow(path.dirname(file), root);
    const data = encode(exportHtml(notebook, { path: file, findImage }));
    return { name: `${stem}.html`, mimetype: "text/html; charset=utf-8", data };
  }
  const { text, files } = exportMarkdown(notebook, { path: file });
  if (files.size === 0)
    return { name: `${stem}.md`, mimetype: "text/markdown; charset=utf-8", data: encode(text) };
  const images = [...files].map(([name, { data, encoding }]) => [name, Buffer.from(data, encoding)]);
  const data = zipSync({ [`${stem}.md`]: encode(text), ...Object.fromEntries(images) });
  return { name: `${stem}.zip`, mimetype: "application/zip", data };
}

/** Jupyter's data folders; Python may have to be asked for them, and that is waited for. */
const dataDirs = async (_: Record<string, never>) => ({ folders: sharedDataDirs() });

/** What takes long for a large notebook. Each gives plain data, so that it can run on a thread. */
export const tasks = { read, prepare, exported, dataDirs };
export type Tasks = typeof tasks;
