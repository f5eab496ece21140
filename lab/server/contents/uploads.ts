import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { appendFile, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { HttpError } from "../http/errors";
import type { FileSaver } from "./save-file";

/** Large uploads, which come in numbered parts: 1, 2, … and -1 for the last. Only a whole one becomes a file. */
export class Uploads {
  readonly #folder: string;
  /** The number of the part that comes next, by the file that is to be. */
  readonly #next = new Map<string, number>();

  constructor(
    folder: string,
    readonly saver: FileSaver,
  ) {
    this.#folder = folder;
    // What an earlier server had begun goes on no more.
    rmSync(folder, { recursive: true, force: true });
  }

  /** Takes a part; `true` when the file is now there. Throws `HttpError` 400 for a part out of order. */
  async take(file: string, chunk: number, data: Uint8Array): Promise<boolean> {
    const draft = path.join(this.#folder, createHash("sha256").update(file).digest("hex"));
    if (chunk === 1) await this.#begin(file, draft);
    const next = this.#next.get(file);
    if (next === undefined || (chunk !== -1 && chunk !== next))
      throw new HttpError(
        400,
        `The upload's part ${next ?? 1} was expected, got ${chunk}. Upload the file again.`,
      );
    try {
      await appendFile(draft, data, { mode: 0o600 });
      if (chunk === -1) await this.saver.saveFrom(draft, file);
      this.#next.set(file, next + 1);
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
    this.#next.set(file, 1);
  }

  async #end(file: string, draft: string): Promise<void> {
    this.#next.delete(file);
    await rm(draft, { force: true });
  }
}
