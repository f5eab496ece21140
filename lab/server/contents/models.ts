import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import {
  type Cell,
  type MultilineString,
  multilineText,
  type Notebook,
  NotebookError,
  type Output,
  parseNotebook,
} from "notebook-tools";
import { mimeTypeOf } from "../http/mime";
import { HttpError } from "../http/router";
import { locate, unlessMissing } from "./paths";
import type { Trust } from "./trust";

export type ContentsType = "directory" | "file" | "notebook";

/** Jupyter's model of a file, folder or notebook. */
export interface Model {
  readonly name: string;
  readonly path: string;
  readonly type: ContentsType;
  readonly writable: boolean;
  readonly created: string;
  readonly last_modified: string;
  readonly size: number | null;
  readonly mimetype: string | null;
  readonly format: string | null;
  readonly content: unknown;
  readonly hash?: string;
  readonly hash_algorithm?: string;
}

/** What of a file the client asked for. */
export interface Wanted {
  readonly content: boolean;
  readonly hash: boolean;
  readonly type?: string | null;
  readonly format?: string | null;
}

const joined = (text: MultilineString) => multilineText(text);

function joinedOutput(output: Output): Output {
  if (output.output_type === "stream") return { ...output, text: joined(output.text) };
  if (output.output_type === "error") return output;
  const isLines = (value: unknown) => Array.isArray(value) && value.every((line) => typeof line === "string");
  const data = Object.entries(output.data).map(([mime, value]) => [
    mime,
    isLines(value) && !/json$/.test(mime) ? (value as string[]).join("") : value,
  ]);
  return { ...output, data: Object.fromEntries(data) };
}

/** JupyterLab expects every text of a cell as one string. */
function joinedCell(cell: Cell): Cell {
  const source = joined(cell.source);
  return cell.cell_type === "code"
    ? { ...cell, source, outputs: cell.outputs.map(joinedOutput) }
    : { ...cell, source };
}

/** Reads a notebook's text for JupyterLab; throws `HttpError` 400 with the place of what is wrong. */
function notebookFrom(bytes: Buffer, apiPath: string): Notebook {
  try {
    const { notebook } = parseNotebook(new TextDecoder("utf-8", { fatal: true }).decode(bytes), apiPath);
    return { ...notebook, cells: notebook.cells.map(joinedCell) };
  } catch (error) {
    if (error instanceof NotebookError) throw new HttpError(400, error.message);
    if (error instanceof TypeError)
      throw new HttpError(400, `${apiPath} is not UTF-8 text; save it as UTF-8.`);
    throw error;
  }
}

function fileContent(bytes: Buffer, apiPath: string, format?: string | null) {
  const mimetype = mimeTypeOf(apiPath);
  try {
    if (format !== "base64")
      return {
        content: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
        format: "text",
        mimetype: mimetype === "application/octet-stream" ? "text/plain" : mimetype,
      };
  } catch {
    if (format === "text") throw new HttpError(400, `${apiPath} is not UTF-8 text.`);
  }
  return { content: bytes.toString("base64"), format: "base64", mimetype };
}

/** Builds the models of what lies below `root`, a real path. */
export function createModels(root: string, trust: Trust) {
  /** The folder's visible entries; links that lead out of the root or nowhere are left out. */
  async function entriesOf(folder: string, apiPath: string): Promise<Model[]> {
    const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
    const models = names.map(async (name) => {
      try {
        return await get(path.posix.join(apiPath, name), { content: false, hash: false });
      } catch (error) {
        if (error instanceof HttpError) return null;
        throw error;
      }
    });
    return (await Promise.all(models)).filter((model) => model !== null);
  }

  async function fileParts(file: string, apiPath: string, type: ContentsType, wanted: Wanted) {
    if (!wanted.content && !wanted.hash) return {};
    const bytes = await readFile(file);
    const hash = createHash("sha256").update(bytes).digest("hex");
    const parts = { hash, hash_algorithm: "sha256" };
    if (!wanted.content) return parts;
    if (type === "file") return { ...parts, ...fileContent(bytes, apiPath, wanted.format) };
    return { ...parts, content: await trust.mark(notebookFrom(bytes, apiPath)), format: "json" };
  }

  /** The model of a path. Throws `HttpError` 404 when there is none, 400 when it is of another type. */
  async function get(apiPath: string, wanted: Wanted): Promise<Model> {
    const file = await locate(root, apiPath);
    const stats = await unlessMissing(() => stat(file));
    if (!stats || !(stats.isFile() || stats.isDirectory()))
      throw new HttpError(404, `No such file or directory: ${apiPath}`);
    const isFolder = stats.isDirectory();
    const isNotebook = apiPath.endsWith(".ipynb") && wanted.type !== "file";
    const type = isFolder ? "directory" : isNotebook ? "notebook" : "file";
    if (wanted.type && (wanted.type === "directory") !== isFolder)
      throw new HttpError(400, `${apiPath} is ${isFolder ? "a folder" : "not a folder"}`);
    const base = {
      name: path.posix.basename(apiPath),
      path: apiPath,
      type,
      writable: true,
      created: stats.birthtime.toISOString(),
      last_modified: stats.mtime.toISOString(),
      size: isFolder ? null : stats.size,
      mimetype: null,
      format: null,
      content: null,
    } as const;
    if (!isFolder) return { ...base, ...(await fileParts(file, apiPath, type, wanted)) };
    return wanted.content ? { ...base, format: "json", content: await entriesOf(file, apiPath) } : base;
  }

  return { get };
}
