import { mkdir, realpath } from "node:fs/promises";
import path from "node:path";
import { writeAtomically } from "notebook-tools/nbformat";
import { HttpError } from "../http/errors";
import { wellFormed } from "../http/reply";

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

/** Where a path below a real folder really lies, if it is not there yet: its nearest existing ancestor resolved, the rest kept. */
async function realLocation(root: string, segments: readonly string[]): Promise<string> {
  const found = await unlessMissing(() => realpath(path.join(root, ...segments)));
  if (found !== null) return found;
  let ancestor = root;
  for (const [index, segment] of segments.entries()) {
    const next = await unlessMissing(() => realpath(path.join(ancestor, segment)));
    if (next === null) return path.join(ancestor, ...segments.slice(index));
    ancestor = next;
  }
  return ancestor;
}

const isInside = (root: string, file: string): boolean =>
  file === root || file.startsWith(root.endsWith(path.sep) ? root : root + path.sep);

/** What Windows takes for a device, wherever it stands and whatever follows the dot. */
const isDevice = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(?:\.|$)/i;

/** Whether a file or folder can be called so. On Windows more would name a drive, a stream, a folder or a device. */
export function isName(name: string, platform: string = process.platform): boolean {
  // Half a letter is no UTF-8: the file would be called otherwise.
  if (name.includes("\0") || wellFormed(name) !== name) return false;
  return platform !== "win32" || !(/[\\:*?"<>|]|[. ]$/.test(name) || isDevice.test(name));
}

/** No system has longer paths that a program can name at once, in characters. */
const longestPath = 4096;

/** What is left of a path without empty segments. Throws `HttpError` 400 for one that is too long. */
function segmentsOf(apiPath: string): string[] {
  if (apiPath.length > longestPath)
    throw new HttpError(400, `A path may have ${longestPath} characters at most, got ${apiPath.length}.`);
  return apiPath.split("/").filter((segment) => segment !== "");
}

/** `/a//b/` as Jupyter writes it: `a/b`. */
export const normalise = (apiPath: string): string => segmentsOf(apiPath).join("/");

const noSuch = (apiPath: string) => new HttpError(404, `No such file or directory: ${apiPath}`);

function checkedSegments(apiPath: string): string[] {
  const segments = segmentsOf(apiPath);
  if (segments.some((segment) => segment.startsWith(".") || !isName(segment))) throw noSuch(apiPath);
  return segments;
}

/**
 * The file that an API path such as `notebooks/a.ipynb` stands for, symbolic links followed.
 *
 * Throws `HttpError` 404 for a path that leaves `root`, by `..` or by a symbolic link, and for a hidden
 * one (`.git`), so that a stranger cannot tell what is there. `root` must be a real path.
 */
export async function locate(root: string, apiPath: string): Promise<string> {
  const file = await realLocation(root, checkedSegments(apiPath));
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
