import { appendFile, copyFile, mkdir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { type Notebook, NotebookError, notebookText, parseNotebook, writeAtomically } from "notebook-tools";
import { type Call, HttpError, type Reply, type Route } from "../http/router";
import { createCheckpoints } from "./checkpoints";
import { createModels } from "./models";
import { locate, normalise, unlessMissing } from "./paths";
import type { Trust } from "./trust";

const plain = { content: false, hash: true };

/** `name`, or the first of `name1`, `name2` … that the folder does not have. */
async function freeName(folder: string, stem: string, extension: string, separator = ""): Promise<string> {
  const taken = new Set(await readdir(folder));
  for (let number = 0; ; number++) {
    const name = `${stem}${number === 0 ? "" : `${separator}${number}`}${extension}`;
    if (!taken.has(name)) return name;
  }
}

const emptyNotebook: Notebook = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [] };

/** A saved notebook must be one that opens again; throws `HttpError` 400 when it is not. */
function checkedNotebook(content: unknown, apiPath: string): Notebook {
  try {
    return parseNotebook(JSON.stringify(content), apiPath).notebook;
  } catch (error) {
    if (error instanceof NotebookError) throw new HttpError(400, error.message);
    throw error;
  }
}

/** `/api/contents`: the files below `root`, a real path; checkpoints lie in `userFolder`. */
export function contentsRoutes(root: string, userFolder: string, trust: Trust): Route[] {
  const models = createModels(root, trust);
  const checkpoints = createCheckpoints(path.join(userFolder, "checkpoints"));
  const pathOf = ({ params }: Call) => normalise(params[0] ?? "");

  async function existing(apiPath: string): Promise<string> {
    await models.get(apiPath, { content: false, hash: false });
    return locate(root, apiPath);
  }

  async function get(call: Call): Promise<Reply> {
    const { query } = call;
    const content = query.get("content") !== "0";
    const wanted = { content, hash: query.get("hash") === "1" };
    const model = await models.get(pathOf(call), {
      ...wanted,
      type: query.get("type"),
      format: query.get("format"),
    });
    return { json: model };
  }

  async function contentToWrite(apiPath: string, body: Record<string, unknown>) {
    const { type, format, content } = body;
    if (type === "notebook") return notebookText(await trust.record(checkedNotebook(content, apiPath)));
    if (typeof content !== "string") throw new HttpError(400, "A file's content must be a string.");
    if (format === "base64") return Buffer.from(content, "base64");
    return content;
  }

  async function save(call: Call): Promise<Reply> {
    const apiPath = pathOf(call);
    const file = await locate(root, apiPath);
    const isNew = (await unlessMissing(() => stat(file))) === null;
    if (!(await unlessMissing(() => stat(path.dirname(file))))?.isDirectory())
      throw new HttpError(404, `No such folder: ${path.posix.dirname(apiPath)}`);
    const body = await call.body();
    if (body.type === "directory") await mkdir(file, { recursive: true });
    else {
      const content = await contentToWrite(apiPath, body);
      // Large uploads come in numbered parts: 1, 2, … and -1 for the last.
      const isLaterPart = typeof body.chunk === "number" && body.chunk !== 1;
      await (isLaterPart ? appendFile(file, content) : writeAtomically(file, content));
    }
    return { status: isNew ? 201 : 200, json: await models.get(apiPath, { ...plain, type: typeOf(body) }) };
  }

  const typeOf = ({ type }: Record<string, unknown>) => (typeof type === "string" ? type : null);

  async function copyInto(folder: string, source: string): Promise<string> {
    const file = await existing(source);
    const { name, ext } = path.parse(source);
    const copy = await freeName(folder, `${name}-Copy`, ext);
    await copyFile(file, path.join(folder, copy));
    return copy;
  }

  async function createUntitled(folder: string, { type, ext }: Record<string, unknown>): Promise<string> {
    if (type === "directory") {
      const name = await freeName(folder, "Untitled Folder", "", " ");
      await mkdir(path.join(folder, name));
      return name;
    }
    const isNotebook = type === "notebook";
    const extension = isNotebook ? ".ipynb" : typeof ext === "string" ? ext : ".txt";
    if (/[\\/\0]/.test(extension)) throw new HttpError(400, `No file can end in ${extension}`);
    const name = await freeName(folder, isNotebook ? "Untitled" : "untitled", extension);
    await writeAtomically(path.join(folder, name), isNotebook ? notebookText(emptyNotebook) : "");
    return name;
  }

  async function create(call: Call): Promise<Reply> {
    const apiPath = pathOf(call);
    const folder = await existing(apiPath);
    if (!(await stat(folder)).isDirectory()) throw new HttpError(400, `${apiPath} is not a folder`);
    const body = await call.body();
    const name =
      typeof body.copy_from === "string"
        ? await copyInto(folder, normalise(body.copy_from))
        : await createUntitled(folder, body);
    return { status: 201, json: await models.get(path.posix.join(apiPath, name), plain) };
  }

  async function move(call: Call): Promise<Reply> {
    const from = pathOf(call);
    const { path: target } = await call.body();
    if (typeof target !== "string") throw new HttpError(400, 'Renaming needs {"path": "<new path>"}.');
    const to = normalise(target);
    const [source, destination] = [await existing(from), await locate(root, to)];
    if (source !== destination) {
      if (await unlessMissing(() => stat(destination))) throw new HttpError(409, `${to} exists already`);
      await rename(source, destination);
    }
    return { json: await models.get(to, plain) };
  }

  async function remove(call: Call): Promise<Reply> {
    const apiPath = pathOf(call);
    const file = await existing(apiPath);
    if (file === root) throw new HttpError(400, "The root folder cannot be deleted.");
    const isFolder = (await stat(file)).isDirectory();
    if (isFolder && (await readdir(file)).length > 0)
      throw new HttpError(400, `The folder ${apiPath} is not empty; delete what is in it first.`);
    await (isFolder ? rmdir(file) : rm(file));
    await checkpoints.remove(apiPath);
    return { status: 204 };
  }

  return [
    [
      "GET",
      /^\/api\/contents\/(.+)\/checkpoints$/,
      async (call) => ({ json: await checkpoints.list(pathOf(call)) }),
    ],
    [
      "POST",
      /^\/api\/contents\/(.+)\/checkpoints$/,
      async (call) => ({
        status: 201,
        json: await checkpoints.create(pathOf(call), await existing(pathOf(call))),
      }),
    ],
    [
      "POST",
      /^\/api\/contents\/(.+)\/checkpoints\/[^/]+$/,
      async (call) => {
        await checkpoints.restore(pathOf(call), await existing(pathOf(call)));
        return { status: 204 };
      },
    ],
    [
      "DELETE",
      /^\/api\/contents\/(.+)\/checkpoints\/[^/]+$/,
      async (call) => {
        await checkpoints.remove(pathOf(call));
        return { status: 204 };
      },
    ],
    ["GET", /^\/api\/contents(\/.*)?$/, get],
    ["PUT", /^\/api\/contents(\/.+)$/, save],
    ["POST", /^\/api\/contents(\/.*)?$/, create],
    ["PATCH", /^\/api\/contents(\/.+)$/, move],
    ["DELETE", /^\/api\/contents(\/.+)$/, remove],
  ];
}
