import { randomUUID } from "node:crypto";
import { constants, mkdirSync, type Stats, statSync } from "node:fs";
import { access, chmod, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
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
  await writing(file, (target) => replaceFile(target, data));
}

/**
 * Makes the missing folders above a file and sees whether it could be written.
 * @throws NotebookError where `writeAtomically` would
 */
export async function checkWritable(file: string): Promise<void> {
  await writing(file, async (target) => {
    await mayBeReplaced(target);
    const draft = draftOf(target);
    try {
      await writeThrough(draft, "");
    } finally {
      await rm(draft, { force: true });
    }
  });
}

/** Calls `write` with the file that is to be written, its folder being there. */
async function writing(file: string, write: (target: string) => Promise<void>): Promise<void> {
  try {
    makeFolder(dirname(file));
    await write(await realpath(file).catch(() => file));
  } catch (error) {
    throw writeFault(file, error);
  }
}

/**
 * The same as `checkWritable` for a file that is written where it stands, which may be a pipe or a device.
 * @throws NotebookError
 */
export async function checkWritableInPlace(file: string): Promise<void> {
  const stats = await stat(file).catch(() => undefined);
  if (!stats || stats.isDirectory()) return checkWritable(file);
  await access(file, constants.W_OK).catch((error: unknown) => {
    throw writeFault(file, error);
  });
}

/** What the system said when a file was written, in a sentence with the way out. */
export function writeFault(file: string, error: unknown): NotebookError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason =
    WRITE_FAULTS[code ?? ""] ?? `could not be written (${message}); check the folder and its permissions.`;
  return new NotebookError(reason, { file }, { cause: error });
}

const WRITE_FAULTS: Record<string, string> = {
  EACCES: "may not be written; check its permissions and those of its folder.",
  EPERM: "may not be written; check its permissions and those of its folder.",
  EROFS: "could not be written, because its disk is read-only; name another place.",
  ENOSPC: "could not be written, because the disk is full; make room on it.",
  EDQUOT: "could not be written, because your share of the disk is full; make room on it.",
  EISDIR: "could not be written, because a folder is in its place; move the folder away.",
  EEXIST: "could not be written, because a file is in the place of its folder; name another folder.",
  ENOTDIR: "could not be written, because a file is in the place of its folder; name another folder.",
};

/**
 * Makes a folder and the missing ones above it; throws what the system says. Node's own `recursive` never comes back
 * where the system denies that a folder's parent is there though it is, as it does below /proc.
 */
export function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Throws for a folder, and for a file that its owner has made read-only: replacing it would need no permission. */
async function mayBeReplaced(file: string): Promise<Stats | undefined> {
  const stats = await stat(file).catch(() => undefined);
  if (stats?.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
  if (stats) await access(file, constants.W_OK);
  return stats;
}

/** Short, so that it may stand beside a file with the longest name that there can be. */
const draftOf = (file: string): string => join(dirname(file), `.nb-${randomUUID().slice(0, 8)}.tmp`);

async function replaceFile(file: string, data: string | Uint8Array | readonly string[]): Promise<void> {
  const stats = await mayBeReplaced(file);
  const draft = draftOf(file);
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
