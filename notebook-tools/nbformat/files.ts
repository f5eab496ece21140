import { randomUUID } from "node:crypto";
import { chmod, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { NotebookDocument } from "./document";
import { NotebookError } from "./errors";
import { parseNotebook } from "./parse";

/**
 * Reads a notebook file.
 * @throws NotebookError when it cannot be read, is not UTF-8, not JSON, or not nbformat 4.0 to 4.5
 */
export async function readNotebook(file: string): Promise<NotebookDocument> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new NotebookError(READ_FAULTS[error.code ?? ""] ?? `cannot be read (${error.message}).`, { file });
  });
  const text = decode(bytes, file);
  release(bytes);
  return parseNotebook(text, file);
}

/** Gives the memory back now: 100 MB that nobody needs would wait long for the garbage collector. */
function release({ buffer, byteLength }: Uint8Array): void {
  // A small file may lie in a buffer that it shares with others. Node has `transfer` since 21.
  if (byteLength === buffer.byteLength && byteLength > PIECE) (buffer as Transferable).transfer?.(0);
}

type Transferable = ArrayBufferLike & { transfer?(byteLength: number): ArrayBuffer };

const READ_FAULTS: Record<string, string> = {
  ENOENT: "there is no such file; check the path.",
  EISDIR: "is a folder, expected a notebook file.",
  EACCES: "may not be read; check its permissions.",
};

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const isLong = (error as NodeJS.ErrnoException).code === "ERR_STRING_TOO_LONG";
    const reason = isLong
      ? "is larger than the 512 MB that can be read; clear its outputs."
      : "is not UTF-8 text; save it as UTF-8.";
    throw new NotebookError(reason, { file });
  }
}

/**
 * Writes a file (text, or pieces of it, as UTF-8) whole or not at all: into a new file in the same folder, which then
 * takes the old one's place. Permissions stay; of a symbolic link the file it names is written;
 * missing folders are made.
 * @throws NotebookError when it cannot be written; then the old file is as it was
 */
export async function writeAtomically(
  file: string,
  data: string | Uint8Array | readonly string[],
): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await replaceFile(await realpath(file).catch(() => file), data);
  } catch (error) {
    const reason = `could not be written (${(error as Error).message}); check the folder and its permissions.`;
    throw new NotebookError(reason, { file }, { cause: error });
  }
}

async function replaceFile(file: string, data: string | Uint8Array | readonly string[]): Promise<void> {
  const stats = await stat(file).catch(() => undefined);
  const draft = join(dirname(file), `.${basename(file)}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await writeThrough(draft, data);
    if (stats) await chmod(draft, stats.mode & 0o7777);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Waits until the data is on the disk, so that a crash cannot leave an empty file behind the rename. */
async function writeThrough(file: string, data: string | Uint8Array | readonly string[]): Promise<void> {
  const handle = await open(file, "wx");
  try {
    for (const part of typeof data === "string" || data instanceof Uint8Array ? [data] : data)
      for (const bytes of bytesOf(part)) await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const PIECE = 2 ** 20;

/** Bytes in pieces, so that the UTF-8 of a long text is never held whole; each piece is only good until the next. */
function* bytesOf(data: string | Uint8Array): Generator<Uint8Array> {
  if (typeof data !== "string") return yield data;
  const buffer = new Uint8Array(3 * (PIECE + 1));
  for (let start = 0; start < data.length; ) {
    // No piece ends within a surrogate pair.
    const end = start + PIECE + (data.codePointAt(start + PIECE - 1)! > 0xffff ? 1 : 0);
    const { written } = encoder.encodeInto(data.slice(start, end), buffer);
    yield buffer.subarray(0, written);
    start = end;
  }
}

const encoder = new TextEncoder();

/** Tells whether a file was written or replaced: another stamp, another file. Empty where there is none. */
export async function fileStamp(file: string): Promise<string> {
  const stats = await stat(file, { bigint: true }).catch(() => undefined);
  return stats ? [stats.ino, stats.size, stats.mtimeNs].join(" ") : "";
}

/** A notebook file, and its place below the path that led to it. */
export interface NotebookPath {
  file: string;
  /** The file itself for a path to a file: its base name; for a folder: the path within it. */
  relative: string;
}

/**
 * The notebooks that paths name: a file is itself, a folder is every `.ipynb` below it, sorted,
 * without checkpoints, `node_modules` and hidden folders.
 * @throws NotebookError for a path that does not exist
 */
export async function findNotebooks(paths: readonly string[]): Promise<NotebookPath[]> {
  const found: NotebookPath[] = [];
  for (const path of paths) {
    const stats = await stat(path).catch(() => {
      throw new NotebookError(READ_FAULTS.ENOENT!, { file: path });
    });
    if (!stats.isDirectory()) found.push({ file: path, relative: basename(path) });
    else
      found.push(
        ...(await notebooksBelow(path)).map((relative) => ({ file: join(path, relative), relative })),
      );
  }
  return found;
}

async function notebooksBelow(folder: string, within = ""): Promise<string[]> {
  const entries = await readdir(join(folder, within), { withFileTypes: true });
  const found = entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(async (entry) => {
      const path = join(within, entry.name);
      if (entry.name.startsWith(".") || entry.name === "node_modules") return [];
      if (entry.isDirectory()) return notebooksBelow(folder, path);
      return entry.name.endsWith(".ipynb") ? [path] : [];
    });
  return (await Promise.all(found)).flat();
}
