import { createHash } from "node:crypto";
import { accessSync, constants, createReadStream, lstatSync, type Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { HttpError } from "../http/errors";
import type { Reply } from "../http/reply";
import type { Background } from "./background";
import { type ContentsType, isoTime, type Model } from "./model";
import { locate, unlessMissing } from "./paths";
import type { TrustStore } from "./trust";

/** What of a file the client asked for. */
export interface Wanted {
  readonly content: boolean;
  readonly hash: boolean;
  readonly type?: string | null;
  readonly format?: string | null;
}

/** A text cannot be longer than 512 Mi characters, and base64 makes four of three bytes; known before it is read. In bytes. */
const largestOpened = 384 * 1024 * 1024;

/** A file is read in parts, so that others are answered in between. */
async function hashOfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(part);
  return hash.digest("hex");
}

/** How long a listing may keep others waiting, in ms. */
const longestTurn = 10;

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function typeOf(stats: Stats, apiPath: string, wanted?: string | null): ContentsType {
  if (stats.isDirectory()) return "directory";
  return apiPath.endsWith(".ipynb") && wanted !== "file" ? "notebook" : "file";
}

function modelOf(
  apiPath: string,
  stats: Stats,
  writable: boolean,
  wanted?: string | null,
  name = path.posix.basename(apiPath),
): Model {
  const type = typeOf(stats, apiPath, wanted);
  return {
    name,
    path: apiPath,
    type,
    writable,
    created: isoTime(stats.birthtime),
    last_modified: isoTime(stats.mtime),
    size: type === "directory" ? null : stats.size,
    mimetype: null,
    format: null,
    content: null,
    hash: null,
    hash_algorithm: null,
  };
}

/** A place below the root: the file itself, and what is known of it without reading it. */
interface Found {
  readonly file: string;
  readonly size: number;
  readonly type: ContentsType;
  readonly model: Model;
}

/** The models of what lies below `root`, a real path. */
export class Models {
  constructor(
    readonly root: string,
    readonly trust: TrustStore,
    readonly background: Background,
  ) {}

  /** Throws `HttpError` 404 when there is nothing, 400 when it is of another type. */
  async find(apiPath: string, wantedType?: string | null): Promise<Found> {
    const file = await locate(this.root, apiPath);
    const stats = await unlessMissing(() => stat(file));
    if (!stats || !(stats.isFile() || stats.isDirectory()))
      throw new HttpError(404, `No such file or directory: ${apiPath}`);
    const model = modelOf(apiPath, stats, isWritable(file), wantedType);
    const isFolder = model.type === "directory";
    if (wantedType && (wantedType === "directory") !== isFolder)
      throw new HttpError(400, `${apiPath} is ${isFolder ? "a folder" : "not a folder"}`);
    return { file, size: stats.size, type: model.type, model };
  }

  /** The model without content, with the hash of a file if that is `known` or wanted. */
  async describe(apiPath: string, wanted: Omit<Wanted, "content">, known?: string): Promise<Model> {
    const { model, file, type } = await this.find(apiPath, wanted.type);
    if (!wanted.hash || type === "directory") return model;
    return { ...model, hash: known ?? (await hashOfFile(file)), hash_algorithm: "sha256" };
  }

  /** The answer to a request for a path, with its content if that is wanted. */
  async reply(apiPath: string, wanted: Wanted): Promise<Reply> {
    if (!wanted.content) return { json: await this.describe(apiPath, wanted) };
    const { file, size, type, model } = await this.find(apiPath, wanted.type);
    if (type === "directory")
      return { json: { ...model, format: "json", content: await this.#entriesOf(file, apiPath) } };
    if (size > largestOpened)
      throw new HttpError(413, `${apiPath} is too large to be opened here; download it.`);
    const { trust, background } = this;
    const input = { file, model, type, format: wanted.format ?? null, hash: true, trustFolder: trust.folder };
    const { json, seen } = await background.run("read", input, size);
    trust.noteSeen(seen);
    return { bytes: json };
  }

  /** The visible entries of a folder; one that cannot be looked at, or leads out of the root, is left out. */
  async #entriesOf(folder: string, apiPath: string): Promise<Model[]> {
    const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
    const prefix = apiPath === "" ? "" : `${apiPath}/`;
    const models: Model[] = [];
    let since = performance.now();
    for (const name of names) {
      try {
        const entry = this.#entry(folder + path.sep + name, prefix + name, name);
        models.push(entry instanceof Promise ? await entry : entry);
      } catch {
        // Left out.
      }
      if (performance.now() - since < longestTurn) continue;
      await setImmediate();
      since = performance.now();
    }
    return models;
  }

  /** Looked at here and now: of thousands of entries that takes a tenth of what asking for each in the background does. */
  #entry(file: string, apiPath: string, name: string): Model | Promise<Model> {
    const stats = lstatSync(file);
    if (stats.isFile() || stats.isDirectory()) return modelOf(apiPath, stats, isWritable(file), null, name);
    return this.find(apiPath).then(({ model }) => model);
  }
}
