import { existsSync, realpathSync } from "node:fs";
import { realpath } from "node:fs/promises";
import path from "node:path";
import { unlessMissing } from "../contents/paths";
import { HttpError } from "./errors";
import { mimeTypeOf } from "./mime";
import { accepts, type Reply } from "./reply";
import type { Call } from "./router";

/** Names with a content hash never change their content. */
export const immutable = { "Cache-Control": "max-age=31536000, immutable" };

/** What `build.mjs` makes beside a file, the smallest first. */
const encodings = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;

/** The files of one folder, and nothing that lies outside it, even through a symbolic link. */
export class Assets {
  readonly #root: string;

  constructor(
    folder: string,
    readonly headers: Record<string, string> = {},
  ) {
    this.#root = realpathSync(folder);
  }

  /** Throws `HttpError` 404. A file that was compressed at build time comes so to browsers that can read it. */
  async find(name: string, call: Call): Promise<Reply> {
    const isName = !name.includes("\0");
    const file = isName ? await unlessMissing(() => realpath(path.join(this.#root, name))) : null;
    if (file === null || !file.startsWith(this.#root + path.sep))
      throw new HttpError(404, `There is nothing at ${call.path}`);
    const found = encodings.find(
      ([encoding, suffix]) => accepts(call.headers, encoding) && existsSync(file + suffix),
    );
    if (!found) return { file, headers: this.headers };
    const [encoding, suffix] = found;
    const headers = { ...this.headers, "Content-Type": mimeTypeOf(file), "Content-Encoding": encoding };
    return { file: file + suffix, headers: { ...headers, Vary: "Accept-Encoding" } };
  }
}
