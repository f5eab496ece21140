import { createHash } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import path from "node:path";
import { HttpError } from "../http/errors";
import { byteLength, type Pieces } from "../http/pieces";
import type { FileSaver } from "./save-file";

/** What is known of an upload under way. */
interface Upload {
  /** The number of the part that comes next. */
  readonly next: number;
  /** How many bytes the parts before it had. */
  readonly size: number;
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Large uploads, which come in numbered parts: 1, 2, … and -1 for the last. Only a whole one becomes a file. */
export class Uploads {
  readonly #folder: string;
  /** By the file that is to be. */
  readonly #uploads = new Map<string, Upload>();

  constructor(
    folder: string,
    readonly saver: FileSaver,
  ) {
    // Another server of the same user may be in the middle of its own.
    this.#folder = path.join(folder, String(process.pid));
    removeLeft(folder);
  }

  /** Takes a part; `true` when the file is now there. Throws `HttpError` 400 for a part out of order. */
  async take(file: string, chunk: number, data: Pieces): Promise<boolean> {
    const draft = path.join(this.#folder, createHash("sha256").update(file).digest("hex"));
    if (chunk === 1) await this.#begin(file, draft);
    const upload = this.#uploads.get(file);
    if (upload === undefined || (chunk !== -1 && chunk !== upload.next))
      throw new HttpError(
        400,
        `The upload's part ${upload?.next ?? 1} was expected, got ${chunk}. Upload the file again.`,
      );
    try {
      await append(draft, upload.size, data);
      if (chunk === -1) await this.saver.saveFrom(draft, file);
      this.#uploads.set(file, { next: upload.next + 1, size: upload.size + byteLength(data) });
    } catch (error) {
      await this.#end(file, draft);
      throw error;
    }
    if (chunk === -1) await this.#end(file, draft);
    return chunk === -1;
  }

  async #begin(file: string, draft: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await this.#end(file, draft);
    this.#uploads.set(file, { next: 1, size: 0 });
  }

  async #end(file: string, draft: string): Promise<void> {
    this.#uploads.delete(file);
    await rm(draft, { force: true });
  }
}

/** Adds a part to the first `size` bytes. Throws `HttpError` 400 where these are not there any more. */
async function append(draft: string, size: number, data: Pieces): Promise<void> {
  const handle = await open(draft, "a", 0o600);
  try {
    if ((await handle.stat()).size !== size)
      throw new HttpError(400, "The upload's earlier parts are gone. Upload the file again.");
    await handle.writeFile(data);
  } finally {
    await handle.close();
  }
}

/** What a server that has ended had begun goes on no more. */
function removeLeft(folder: string): void {
  try {
    for (const name of readdirSync(folder))
      if (!isRunning(Number(name)) || Number(name) === process.pid)
        rmSync(path.join(folder, name), { recursive: true, force: true });
  } catch {
    // Nothing was begun, or it is not ours to remove.
  }
}
