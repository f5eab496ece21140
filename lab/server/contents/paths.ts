import { mkdir, realpath } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "notebook-tools/nbformat";
import { HttpError } from "../http/errors";

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

const isInside = (root: string, file: string): boolean =>
  file === root || file.startsWith(root.endsWith(path.sep) ? root : root + path.sep);

/** Elsewhere these are letters like any other. On Windows they would name a drive, a stream or a folder. */
const isNoName = process.platform === "win32" ? /[\\:\0]/ : /\0/;

/** What is left of a path without empty segments. */
const segmentsOf = (apiPath: string) => apiPath.split("/").filter((segment) => segment !== "");

/** `/a//b/` as Jupyter writes it: `a/b`. */
export const normalise = (apiPath: string): string => segmentsOf(apiPath).join("/");

const noSuch = (apiPath: string) => new HttpError(404, `No such file or directory: ${apiPath}`);

function checkedSegments(apiPath: string): string[] {
  const segments = segmentsOf(apiPath);
  if (segments.some((segment) => segment.startsWith(".") || isNoName.test(segment))) throw noSuch(apiPath);
  return segments;
}

/**
 * The file that an API path such as `notebooks/a.ipynb` stands for, symbolic links followed.
 *
 * Throws `HttpError` 404 for a path that leaves `root`, by `..` or by a symbolic link, and for a hidden
 * one (`.git`), so that a stranger cannot tell what is there. `root` must be a real path.
 */
export async function locate(root: string, apiPath: string): Promise<string> {
  const file = await realLocation(path.join(root, ...checkedSegments(apiPath)));
  if (!isInside(root, file)) throw noSuch(apiPath);
  return file;
}

/** The entry of a folder that an API path stands for: a symbolic link is itself, not what it leads to. Throws as `locate`. */
export async function locateEntry(root: string, apiPath: string): Promise<string> {
  const name = checkedSegments(apiPath).at(-1);
  if (name === undefined) return root;
  return path.join(await locate(root, path.posix.dirname(normalise(apiPath)).replace(/^\.$/, "")), name);
}

/** Writes one of the server's own files, making its folder. */
export async function writeOwnFile(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeAtomically(file, content);
}
