import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { sharedDataDirs } from "notebook-tools/kernel-client";
import {
  type Cell,
  type CellByCell,
  checkNotebook,
  parseCells,
  parseNotebook,
  parseWithout,
  writeNotebookText,
} from "notebook-tools/nbformat";
import { HttpError } from "../http/errors";
import { mimeTypeOf } from "../http/mime";
import { encoded, type Pieces, release, Utf8Writer } from "../http/pieces";
import { wellFormed } from "../http/reply";
import { jsonObject, utf8 } from "../http/router";
import { joinedCell } from "./joined";
import type { ContentsType, Model } from "./model";
import type { Exported } from "./site";
import { readTrust, withoutTrust, withTrust } from "./trust";

interface ReadInput {
  readonly file: string;
  readonly model: Model;
  readonly type: ContentsType;
  readonly format: string | null;
  /** Whether the answer says the hash of the content. */
  readonly hash: boolean;
  readonly trustFolder: string;
}

interface SaveInput {
  readonly apiPath: string;
  /** The request's body. */
  readonly body: Uint8Array<ArrayBuffer>;
  readonly trustFolder: string;
}

export interface Saved {
  readonly type: ContentsType;
  /** The part of a large upload, counted from 1; -1 is the last one. */
  readonly chunk: number | null;
  readonly data: Pieces;
  readonly hash: string;
  /** The signatures of the outputs that were made here. */
  readonly trusted: string[];
}

interface ExportInput {
  readonly root: string;
  readonly file: string;
  readonly format: string;
}

function hashOf(...pieces: Pieces): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

function fileContent(bytes: Buffer, apiPath: string, format: string | null) {
  const mimetype = mimeTypeOf(apiPath);
  const isText = {
    format: "text",
    mimetype: mimetype === "application/octet-stream" ? "text/plain" : mimetype,
  };
  const isBinary = { format: "base64", mimetype };
  if (format === "base64") return { content: bytes.toString("base64"), ...isBinary };
  try {
    return { content: utf8(bytes, apiPath), ...isText };
  } catch (error) {
    if (format === "text") throw error;
    return { content: bytes.toString("base64"), ...isBinary };
  }
}

/**
 * Does `work` with a notebook that is parsed cell by cell; where that fails, with one that is parsed whole, which says
 * what is wrong, or is of an old version.
 */
function cellByCell<T>(
  parse: () => CellByCell,
  whole: () => CellByCell,
  work: (notebook: CellByCell) => T,
): T {
  try {
    return work(parse());
  } catch {
    return work(whole());
  }
}

function* mapped<T, U>(items: Iterable<T>, change: (item: T) => U): Generator<U> {
  for (const item of items) yield change(item);
}

/** The model of a notebook as JupyterLab expects it. */
function notebookModel(model: Model, { cells, ...notebook }: CellByCell, trustFolder: string) {
  const trust = readTrust(trustFolder);
  const seen: string[] = [];
  const json = new Utf8Writer();
  const { content: _, ...head } = { ...model, format: "json" };
  // The cells come last, so that they can be written as they come.
  const [start, middle] = [head, notebook].map((object) => JSON.stringify(object).slice(0, -1));
  json.write(`${start},"content":${middle},"cells":[`);
  let before = "";
  for (const cell of cells) {
    json.write(
      before + JSON.stringify(withTrust(joinedCell(cell), trust, (signature) => seen.push(signature))),
    );
    before = ",";
  }
  json.write("]}}");
  return { json: json.finished(), seen };
}

/** The model of a file with its content, as JSON, and the signatures of its outputs that are trusted. */
async function read({ file, model, type, format, hash, trustFolder }: ReadInput) {
  const bytes = await readFile(file);
  const hashes = hash ? { hash: hashOf(bytes), hash_algorithm: "sha256" } : {};
  const { path: apiPath } = model;
  if (type === "file") {
    const json = { ...model, ...fileContent(bytes, apiPath, format), ...hashes };
    return { json: encoded(JSON.stringify(json)), seen: [] };
  }
  const text = utf8(bytes, apiPath).replace(/^\ufeff/, "");
  release(bytes);
  return cellByCell(
    () => parseCells(text),
    () => parseNotebook(text, apiPath).notebook,
    (notebook) => notebookModel({ ...model, ...hashes }, notebook, trustFolder),
  );
}

/** Not all that Node takes for base64 is. No white space is read in two ways, which would take for ever. */
const isBase64 = /^[A-Za-z0-9+/\s]*(?:=\s*){0,2}$/;

function fileBytes(content: unknown, format: unknown): Uint8Array<ArrayBuffer> {
  if (typeof content !== "string") throw new HttpError(400, "A file's content must be a string.");
  if (format !== "base64") {
    if (wellFormed(content) === content) return new TextEncoder().encode(content);
    throw new HttpError(
      400,
      "The file's content has half a letter (a lone surrogate), which UTF-8 cannot hold.",
    );
  }
  if (!isBase64.test(content)) throw new HttpError(400, "The file's content is not base64.");
  return Buffer.from(content, "base64");
}

const isWhole = (value: unknown): value is number => Number.isInteger(value);

/** The body of a request to save; a notebook's content is still text, and `undefined` where it is none. */
function saveRequest(text: string): { rest: Record<string, unknown>; content: string | undefined } {
  try {
    const { rest, member: content } = parseWithout("content", text);
    if (rest.type === "notebook") return { rest, content };
  } catch {
    // The next line says what is wrong.
  }
  return { rest: jsonObject(text), content: undefined };
}

/** What a request to save wants to have in the file. Throws `HttpError` 400 for a notebook that would not open again. */
async function prepare({ apiPath, body, trustFolder }: SaveInput): Promise<Saved> {
  const text = utf8(Buffer.from(body.buffer, body.byteOffset, body.byteLength), "The request's body");
  release(body);
  const { rest, content } = saveRequest(text);
  const { type, format, chunk = null } = rest;
  if (chunk !== null && !isWhole(chunk)) throw new HttpError(400, "A part of an upload has a whole number.");
  if (chunk !== null && type !== "file") throw new HttpError(400, "Only a file is uploaded in parts.");
  const empty = { chunk, trusted: [], hash: "", data: [] };
  if (type === "directory") return { ...empty, type };
  if (type !== "notebook" && type !== "file")
    throw new HttpError(400, 'The type must be "file", "notebook" or "directory".');
  if (type === "file") {
    const data = fileBytes(rest.content, format);
    return { ...empty, type, data: [data], hash: hashOf(data) };
  }
  const { key } = readTrust(trustFolder);
  return cellByCell(
    () => parseCells(content ?? ""),
    () => checkNotebook(jsonObject(text).content, apiPath),
    (notebook) => {
      const trusted: string[] = [];
      const written = new Utf8Writer();
      const stored = (cell: Cell) => withoutTrust(cell, key, (signature) => trusted.push(signature));
      writeNotebookText({ ...notebook, cells: mapped(notebook.cells, stored) }, written.write);
      const data = written.finished();
      return { ...empty, type, data, hash: hashOf(...data), trusted };
    },
  );
}

/** A notebook as one file to save. */
async function exported({ root, file, format }: ExportInput): Promise<Exported> {
  if (format === "site") return (await import("./site.js")).exportedSite(root, file);
  // Many libraries, which only this needs.
  const { exportHtml, exportMarkdown, exportScript, imagesBelow } = await import("notebook-tools");
  const apiPath = path.relative(root, file).split(path.sep).join("/");
  const { notebook } = parseNotebook(utf8(await readFile(file), apiPath), apiPath);
  const stem = path.parse(file).name;
  if (format === "script") {
    const { text, extension } = exportScript(notebook);
    return { name: stem + extension, mimetype: "text/plain; charset=utf-8", data: encoded(text) };
  }
  if (format === "html") {
    const findImage = imagesBelow(path.dirname(file), root);
    const data = encoded(exportHtml(notebook, { path: file, findImage }));
    return { name: `${stem}.html`, mimetype: "text/html; charset=utf-8", data };
  }
  const { text, files } = exportMarkdown(notebook, { path: file });
  if (files.size === 0)
    return { name: `${stem}.md`, mimetype: "text/markdown; charset=utf-8", data: encoded(text) };
  const images = [...files].map(([name, { data, encoding }]) => [name, Buffer.from(data, encoding)]);
  const { zipSync } = await import("fflate");
  const data = zipSync({ [`${stem}.md`]: Buffer.from(text), ...Object.fromEntries(images) });
  return { name: `${stem}.zip`, mimetype: "application/zip", data: [data] };
}

/** Jupyter's data folders; Python may have to be asked for them, and that is waited for. */
const dataDirs = async (_: Record<string, never>) => ({ folders: sharedDataDirs() });

/** What takes long for a large notebook. Each gives plain data, so that it can run on a thread. */
export const tasks = { read, prepare, exported, dataDirs };
export type Tasks = typeof tasks;
