import { realpathSync } from "node:fs";
import { realpath } from "node:fs/promises";
import path from "node:path";
import { unlessMissing } from "../contents/paths";
import { type Call, type Handler, HttpError } from "./router";

/** Serves the files of a folder, and nothing that lies outside it, even through a symbolic link. */
export function assetsOf(folder: string, headers: Record<string, string> = {}): Handler {
  const root = realpathSync(folder);
  return async ({ params, path: address }: Call) => {
    const file = await unlessMissing(() => realpath(path.join(root, params[0] ?? "")));
    if (file === null || !file.startsWith(root + path.sep))
      throw new HttpError(404, `There is nothing at ${address}`);
    return { file, headers };
  };
}

/** Names with a content hash never change their content. */
export const immutable = { "Cache-Control": "max-age=31536000, immutable" };
