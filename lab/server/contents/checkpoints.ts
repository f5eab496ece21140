import { createHash, randomUUID } from "node:crypto";
import { copyFile, mkdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { HttpError } from "../http/errors";
import { isoTime } from "./model";
import { unlessMissing } from "./paths";
import type { FileSaver } from "./save-file";

const hashed = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 32);

/** The only checkpoint that a file has: its state when it was last saved by hand. */
const checkpointId = "checkpoint";

/**
 * One earlier state a file of one root, kept outside the tree so that saving leaves no `.ipynb_checkpoints` there.
 * The folders below mirror those of the tree, so that a folder that moves takes the checkpoints of its files along.
 */
export class Checkpoints {
  readonly #folder: string;

  constructor(
    folder: string,
    root: string,
    readonly saver: FileSaver,
  ) {
    this.#folder = path.join(folder, hashed(root));
  }

  async list(apiPath: string) {
    const stats = await unlessMissing(() => stat(this.#copyOf(apiPath)));
    return stats ? [{ id: checkpointId, last_modified: isoTime(stats.mtime) }] : [];
  }

  /** Keeps the present state of a file, in place of the one before. */
  async create(apiPath: string, file: string) {
    const copy = this.#copyOf(apiPath);
    const draft = `${copy}.${randomUUID()}`;
    await mkdir(path.dirname(copy), { recursive: true, mode: 0o700 });
    try {
      await copyFile(file, draft);
      await rename(draft, copy);
    } finally {
      await rm(draft, { force: true });
    }
    return (await this.list(apiPath))[0];
  }

  /** Throws `HttpError` 404 when the file has no such checkpoint. */
  async restore(apiPath: string, id: string, file: string): Promise<void> {
    const copy = await this.#existing(apiPath, id);
    const draft = `${copy}.${randomUUID()}`;
    try {
      await copyFile(copy, draft);
      await this.saver.saveFrom(draft, file);
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** Throws `HttpError` 404 when the file has no such checkpoint. */
  async remove(apiPath: string, id: string): Promise<void> {
    await rm(await this.#existing(apiPath, id));
  }

  /** Follows a file or a folder that was renamed. */
  async move(from: string, to: string): Promise<void> {
    for (const place of [this.#copyOf, this.#folderOf]) {
      const target = place.call(this, to);
      await rm(target, { recursive: true, force: true });
      await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
      await unlessMissing(() => rename(place.call(this, from), target));
    }
  }

  /** Forgets those of a file, or of all files in a folder. */
  async forget(apiPath: string): Promise<void> {
    await rm(this.#copyOf(apiPath), { force: true });
    await rm(this.#folderOf(apiPath), { recursive: true, force: true });
  }

  async #existing(apiPath: string, id: string): Promise<string> {
    const copy = this.#copyOf(apiPath);
    if (id === checkpointId && (await unlessMissing(() => stat(copy)))) return copy;
    throw new HttpError(404, `${apiPath} has no checkpoint ${id}.`);
  }

  #folderOf(apiPath: string): string {
    return path.join(this.#folder, ...apiPath.split("/").map(hashed));
  }

  #copyOf(apiPath: string): string {
    return `${this.#folderOf(apiPath)}.copy`;
  }
}
