import { mkdir, realpath } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "notebook-tools";
import { HttpError } from "../http/router";

const isMissing = (error: unknown) => {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
};

/** `read()`, or `null` when the file or folder is not there. */
export async function unlessMissing<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Where a path that may not exist yet really lies: its nearest existing ancestor resolved, the rest kept. */
async function realLocation(file: string): Promise<string> {
  const found = await unlessMissing(() => realpath(file));
  if (found !== null) return found;
  const parent = path.dirname(file);
  return parent === file ? file : path.join(await realLocation(parent), path.basename(file));
}

const isInside = (root: string, file: string) => file === root || file.startsWith(root + path.sep);

/**
 * The file that an API path such as `notebooks/a.ipynb` stands for.
 *
 * Throws `HttpError` 404 for a path that leaves `root`, by `..` or by a symbolic link, and for a hidden
 * one (`.git`), so that a stranger cannot tell what is there. `root` must be a real path.
 */
export async function locate(root: string, apiPath: string): Promise<string> {
  const segments = apiPath.split("/").filter((segment) => segment !== "");
  const refused = new HttpError(404, `No such file or directory: ${apiPath}`);
  if (segments.some((segment) => segment.startsWith(".") || /[\\\0]|^[a-z]:/i.test(segment))) throw refused;
  const file = await realLocation(path.join(root, ...segments));
  if (!isInside(root, file)) throw refused;
  return file;
}

/** `/a//b/` as Jupyter writes it: `a/b`. */
export function normalise(apiPath: string): string {
  return apiPath
    .split("/")
    .filter((segment) => segment !== "")
    .join("/");
}

/** Writes one of the server's own files, making its folder. */
export async function writeOwnFile(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeAtomically(file, content);
}
