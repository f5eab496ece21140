import { cp, lstat, mkdir, readdir, readlink, rename, rm, stat, symlink } from "node:fs/promises";
import path from "node:path";
import { type Notebook, notebookText } from "notebook-tools/nbformat";
import { HttpError } from "../http/errors";
import { encoded } from "../http/pieces";
import type { Reply } from "../http/reply";
import type { Call, Route } from "../http/router";
import type { Background } from "./background";
import { Checkpoints } from "./checkpoints";
import type { Model } from "./model";
import { Models } from "./models";
import { isName, locate, locateEntry, normalise, unlessMissing } from "./paths";
import { FileSaver } from "./save-file";
import type { Saved } from "./tasks";
import { deleteForEver, moveToTrash } from "./trash";
import type { TrustStore } from "./trust";
import { Turns } from "./turns";
import { Uploads } from "./uploads";

const withHash = { hash: true };
const emptyNotebook: Notebook = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [] };

/** The first of `stem.ext`, `stem1.ext`, `stem2.ext` … that the folder does not have, with `insert` before the number. */
async function freeName(
  folder: string,
  { name, ext }: { name: string; ext: string },
  insert = "",
): Promise<string> {
  const taken = new Set(await readdir(folder));
  for (let number = 0; ; number++) {
    const candidate = `${name}${number === 0 ? "" : `${insert}${number}`}${ext}`;
    if (!taken.has(candidate)) return candidate;
  }
}

/** Copies a file, or a folder with what can be copied of it; what cannot is left out, such as a pipe. */
async function copyEntry(from: string, to: string): Promise<void> {
  const filter = async (source: string) => {
    const stats = await lstat(source);
    return stats.isFile() || stats.isDirectory() || stats.isSymbolicLink();
  };
  const options = { recursive: true, verbatimSymlinks: true, errorOnExist: true, force: false, filter };
  try {
    await cp(from, to, options);
  } catch (error) {
    // Half a copy looks like a whole one. What is there already is somebody else's.
    if (!/EEXIST|EINVAL/.test(String((error as NodeJS.ErrnoException).code)))
      await rm(to, { recursive: true, force: true });
    throw error;
  }
}

/** Renames a file, a folder or a link; a relative link still leads to the same place from another folder. */
async function moveEntry(from: string, to: string): Promise<void> {
  const isRelativeLink =
    path.dirname(from) !== path.dirname(to) &&
    (await lstat(from)).isSymbolicLink() &&
    !path.isAbsolute(await readlink(from));
  if (!isRelativeLink) return rename(from, to);
  await copyLink(from, to);
  await rm(from);
}

/** A link as it is; one that is relative still leads to the same place. */
async function copyLink(from: string, to: string): Promise<void> {
  const target = await readlink(from);
  const isAbsolute = path.isAbsolute(target);
  await symlink(
    isAbsolute ? target : path.relative(path.dirname(to), path.resolve(path.dirname(from), target)),
    to,
  );
}

/** On a disk that does not tell `a` from `A`, a file may be renamed to itself. */
async function isSameEntry(one: string, other: string): Promise<boolean> {
  if (one.toLowerCase() !== other.toLowerCase()) return false;
  const [a, b] = await Promise.all([lstat(one), lstat(other)]);
  return a.ino === b.ino && a.dev === b.dev;
}

export interface ContentsOptions {
  /** A real path; nothing outside it is served. */
  readonly root: string;
  /** Where checkpoints and what is under way lie. */
  readonly userFolder: string;
  readonly trust: TrustStore;
  readonly background: Background;
  /** Whether what is deleted goes to the system's trash. */
  readonly usesTrash: boolean;
}

/** `/api/contents`: the files below the root. */
export class Contents {
  readonly #models: Models;
  readonly #checkpoints: Checkpoints;
  readonly #saver: FileSaver;
  readonly #uploads: Uploads;
  readonly #turns = new Turns();

  constructor(readonly options: ContentsOptions) {
    const { root, userFolder, trust, background } = options;
    this.#models = new Models(root, trust, background);
    this.#saver = new FileSaver(path.join(userFolder, "saving"));
    this.#uploads = new Uploads(path.join(userFolder, "uploads"), this.#saver);
    this.#checkpoints = new Checkpoints(path.join(userFolder, "checkpoints"), root, this.#saver);
  }

  /** Ends what an earlier server was killed in. */
  recover(): Promise<void> {
    return this.#saver.recover();
  }

  // Checkpoints come first: a file called `checkpoints` is only asked for in a folder, which has none of its own.
  readonly routes: readonly Route[] = [
    [
      "GET",
      "/api/contents/{path+}/checkpoints",
      "The checkpoints of a file",
      (call) => this.#listCheckpoints(call),
    ],
    ["POST", "/api/contents/{path+}/checkpoints", "Make a checkpoint", (call) => this.#makeCheckpoint(call)],
    [
      "POST",
      "/api/contents/{path+}/checkpoints/{id}",
      "Go back to a checkpoint",
      (call) => this.#restore(call),
    ],
    ["DELETE", "/api/contents/{path+}/checkpoints/{id}", "Delete a checkpoint", (call) => this.#forget(call)],
    ["GET", "/api/contents/{path*}", "A file, a notebook or a folder", (call) => this.#get(call)],
    ["PUT", "/api/contents/{path+}", "Save, or upload a part", (call) => this.#save(call)],
    ["POST", "/api/contents/{path*}", "Make or copy something in a folder", (call) => this.#create(call)],
    ["PATCH", "/api/contents/{path+}", "Rename or move", (call) => this.#move(call)],
    ["DELETE", "/api/contents/{path+}", "Delete", (call) => this.#remove(call)],
  ];

  #pathOf({ params }: Call): string {
    return normalise(params.path ?? "");
  }

  #get(call: Call, apiPath = this.#pathOf(call)): Promise<Reply> {
    const { query } = call;
    const wanted = { content: query.get("content") !== "0", hash: query.get("hash") === "1" };
    return this.#models.reply(apiPath, { ...wanted, type: query.get("type"), format: query.get("format") });
  }

  async #save(call: Call): Promise<Reply> {
    const apiPath = this.#pathOf(call);
    await this.#placeOf(apiPath);
    const bytes = await call.bytes();
    return this.#turns.take([apiPath], () => this.#saveBody(apiPath, bytes));
  }

  /** The file to save to, and whether it is there. Throws `HttpError` 404 where its folder is not. */
  async #placeOf(apiPath: string): Promise<{ file: string; isNew: boolean }> {
    const file = await locate(this.options.root, apiPath);
    if ((await unlessMissing(() => stat(path.dirname(file))))?.isDirectory())
      return { file, isNew: (await unlessMissing(() => stat(file))) === null };
    throw new HttpError(404, `No such folder: ${path.posix.dirname(apiPath)}`);
  }

  async #saveBody(apiPath: string, bytes: Buffer): Promise<Reply> {
    // Asked again: what came before may have changed it.
    const { file, isNew } = await this.#placeOf(apiPath);
    // Memory of its own goes to the thread; a small body may lie in memory that it shares.
    const isOwn = bytes.byteLength === bytes.buffer.byteLength;
    const body = isOwn ? new Uint8Array(bytes.buffer as ArrayBuffer) : new Uint8Array(bytes);
    const { trust, background } = this.options;
    const input = { apiPath, body, trustFolder: trust.folder };
    const saved = await background.run("prepare", input, body.length, [body.buffer]);
    return { status: isNew ? 201 : 200, json: await this.#write(file, apiPath, saved) };
  }

  /** Writes what a request to save has brought, and describes what is there then. */
  async #write(file: string, apiPath: string, { type, chunk, data, hash, trusted }: Saved): Promise<Model> {
    if (type === "directory") await mkdir(file, { recursive: true });
    else if (chunk !== null) {
      if (!(await this.#uploads.take(file, chunk, data))) return this.#halfUploaded(file, apiPath);
    } else {
      await this.#saver.save(file, data);
      await this.options.trust.record(trusted);
    }
    return this.#models.describe(apiPath, { ...withHash, type }, chunk === null ? hash : undefined);
  }

  /** What is said of a file of which not all parts have come. */
  async #halfUploaded(file: string, apiPath: string): Promise<Model> {
    if (await unlessMissing(() => stat(file))) return this.#models.describe(apiPath, { hash: false });
    const now = new Date().toISOString();
    const times = { created: now, last_modified: now };
    const nothing = {
      size: null,
      mimetype: null,
      format: null,
      content: null,
      hash: null,
      hash_algorithm: null,
    };
    return {
      name: path.posix.basename(apiPath),
      path: apiPath,
      type: "file",
      writable: true,
      ...times,
      ...nothing,
    };
  }

  async #create(call: Call, apiPath = this.#pathOf(call)): Promise<Reply> {
    const body = await call.body();
    const source = typeof body.copy_from === "string" ? [normalise(body.copy_from)] : [];
    // No file has this name: only what is made in this folder, or done to the folder, is waited for.
    return this.#turns.take([path.posix.join(apiPath, "\0"), ...source], () =>
      this.#createIn(apiPath, body, source[0]),
    );
  }

  async #createIn(apiPath: string, body: Record<string, unknown>, source?: string): Promise<Reply> {
    const { file: folder, type } = await this.#models.find(apiPath);
    if (type !== "directory") throw new HttpError(400, `${apiPath} is not a folder`);
    const name =
      source !== undefined ? await this.#copyInto(folder, source) : await this.#createUntitled(folder, body);
    return { status: 201, json: await this.#models.describe(path.posix.join(apiPath, name), withHash) };
  }

  async #copyInto(folder: string, source: string): Promise<string> {
    await this.#models.find(source);
    const entry = await locateEntry(this.options.root, source);
    const isFolder = (await lstat(entry)).isDirectory();
    const stem = isFolder ? { name: path.basename(entry), ext: "" } : path.parse(entry);
    const name = await freeName(folder, stem, "-Copy");
    const copy = path.join(folder, name);
    if ((await lstat(entry)).isSymbolicLink()) await copyLink(entry, copy);
    else await copyEntry(entry, copy);
    return name;
  }

  async #createUntitled(folder: string, { type, ext }: Record<string, unknown>): Promise<string> {
    if (type === "directory") {
      const name = await freeName(folder, { name: "Untitled Folder", ext: "" }, " ");
      await mkdir(path.join(folder, name));
      return name;
    }
    const isNotebook = type === "notebook";
    const extension = isNotebook ? ".ipynb" : typeof ext === "string" ? ext : ".txt";
    if (/[\\/]/.test(extension) || !isName(`untitled${extension}`))
      throw new HttpError(400, `No file can end in ${extension}`);
    const name = await freeName(folder, { name: isNotebook ? "Untitled" : "untitled", ext: extension });
    await this.#saver.save(path.join(folder, name), encoded(isNotebook ? notebookText(emptyNotebook) : ""));
    return name;
  }

  async #move(call: Call): Promise<Reply> {
    const from = this.#pathOf(call);
    const { path: target } = await call.body();
    if (typeof target !== "string" || normalise(target) === "")
      throw new HttpError(400, 'Renaming needs {"path": "<new path>"}.');
    const to = normalise(target);
    return this.#turns.take([from, to], () => this.#moveTo(from, to));
  }

  async #moveTo(from: string, to: string): Promise<Reply> {
    const source = await this.#existingEntry(from);
    const destination = await locateEntry(this.options.root, to);
    if (source !== destination) {
      if ((await unlessMissing(() => lstat(destination))) && !(await isSameEntry(source, destination)))
        throw new HttpError(409, `${to} exists already`);
      await moveEntry(source, destination);
      await this.#checkpoints.move(from, to);
    }
    return { json: await this.#models.describe(to, withHash) };
  }

  async #remove(call: Call): Promise<Reply> {
    const apiPath = this.#pathOf(call);
    return this.#turns.take([apiPath], () => this.#removeAt(apiPath));
  }

  async #removeAt(apiPath: string): Promise<Reply> {
    const entry = await this.#existingEntry(apiPath);
    await (this.options.usesTrash ? moveToTrash(entry, apiPath) : deleteForEver(entry));
    await this.#checkpoints.forget(apiPath);
    return { status: 204 };
  }

  /** The entry of a folder, a symbolic link as such, wherever it leads. Throws `HttpError` 404 for none, 400 for the root. */
  async #existingEntry(apiPath: string): Promise<string> {
    const entry = await locateEntry(this.options.root, apiPath);
    if (entry === this.options.root) throw new HttpError(400, "The root folder stays where it is.");
    if (await unlessMissing(() => lstat(entry))) return entry;
    throw new HttpError(404, `No such file or directory: ${apiPath}`);
  }

  async #listCheckpoints(call: Call): Promise<Reply> {
    const apiPath = this.#pathOf(call);
    const { type } = await this.#models.find(apiPath);
    if (type === "directory") return this.#get(call, `${apiPath}/checkpoints`);
    return { json: await this.#checkpoints.list(apiPath) };
  }

  async #makeCheckpoint(call: Call): Promise<Reply> {
    const apiPath = this.#pathOf(call);
    const { file, type } = await this.#models.find(apiPath);
    if (type === "directory") return this.#create(call, `${apiPath}/checkpoints`);
    const made = await this.#turns.take([apiPath], () => this.#checkpoints.create(apiPath, file));
    return { status: 201, json: made };
  }

  /** Where the address of a checkpoint means a folder called `checkpoints`: the path of what is in it, else `null`. */
  async #inFolder(call: Call): Promise<string | null> {
    const apiPath = this.#pathOf(call);
    const file = await locate(this.options.root, apiPath);
    const isFolder = (await unlessMissing(() => stat(file)))?.isDirectory();
    return isFolder ? `${apiPath}/checkpoints/${call.params.id}` : null;
  }

  async #restore(call: Call): Promise<Reply> {
    const folder = await this.#inFolder(call);
    if (folder !== null) return this.#create(call, folder);
    const apiPath = this.#pathOf(call);
    const { file } = await this.#models.find(apiPath);
    await this.#turns.take([apiPath], () => this.#checkpoints.restore(apiPath, call.params.id ?? "", file));
    return { status: 204 };
  }

  async #forget(call: Call): Promise<Reply> {
    const inFolder = await this.#inFolder(call);
    if (inFolder !== null) return this.#turns.take([inFolder], () => this.#removeAt(inFolder));
    await this.#checkpoints.remove(this.#pathOf(call), call.params.id ?? "");
    return { status: 204 };
  }
}
