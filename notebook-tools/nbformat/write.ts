import { randomUUID } from "node:crypto";
import { constants, mkdirSync, type Stats, statSync } from "node:fs";
import {
  access,
  chmod,
  chown,
  type FileHandle,
  open,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { NotebookError } from "./errors";

/** What is written to a file: text, bytes, or texts one after another. */
export type FileContent = string | Uint8Array | readonly string[];

export interface WriteOptions {
  /**
   * Waits until the data is on the disk. Default true; false for what can be made again, such as pages, of which a
   * crash of the machine may leave an empty file.
   */
  sync?: boolean;
}

/**
 * Writes a file (text, or pieces of it, as UTF-8) whole or not at all: into a new file in the same folder, which then
 * takes the old one's place. Permissions and owner stay; of a symbolic link the file it names is written;
 * missing folders are made. Only a regular file is ever replaced; one with other names (hard links), or with an owner that
 * cannot be kept, is overwritten.
 * @throws NotebookError when it cannot be written, or is a pipe, a device, a socket or a folder; then all is as it was
 */
export async function writeAtomically(
  file: string,
  data: FileContent,
  options: WriteOptions = {},
): Promise<void> {
  await writing(file, async () => replaceFile(await replaceable(file), data, options));
}

/**
 * The same for a report or the like, which may also go into a pipe or a device: that is written to, not replaced.
 * @throws NotebookError when it cannot be written
 */
export async function writeReport(file: string, data: string): Promise<void> {
  if (await isStream(file)) await writing(file, () => writeFile(file, data));
  else await writeAtomically(file, data);
}

/**
 * Makes the missing folders above a file and sees whether it could be written.
 * @throws NotebookError where `writeAtomically` would
 */
export async function checkWritable(file: string): Promise<void> {
  await writing(file, async () => {
    const draft = draftOf((await replaceable(file)).path);
    try {
      await writeThrough(draft, "");
    } finally {
      await rm(draft, { force: true });
    }
  });
}

/**
 * Sees whether a report could be written.
 * @throws NotebookError where `writeReport` would
 */
export async function checkReportWritable(file: string): Promise<void> {
  if (await isStream(file)) await writing(file, () => access(file, constants.W_OK));
  else await checkWritable(file);
}

/**
 * Sees, before anything is read from it, whether a file is one that may be replaced at all.
 * @throws NotebookError for a pipe, a device, a socket, a folder and a file that is read-only
 */
export async function checkReplaceable(file: string): Promise<void> {
  await replaceable(file).catch((error: unknown) => {
    throw writeFault(file, error);
  });
}

/** Makes the file's folder and calls `write`; what the system says against it becomes a sentence. */
async function writing(file: string, write: () => Promise<unknown>): Promise<void> {
  try {
    makeFolder(dirname(file));
    await write();
  } catch (error) {
    throw writeFault(file, error);
  }
}

/** A pipe, a device or a socket, also one that a link leads to. */
async function isStream(file: string): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}

interface Target {
  /** Where the file stands, behind all links. */
  path: string;
  /** Undefined where there is none yet. */
  stats: Stats | undefined;
}

/** What a write would replace. Throws unless that is nothing or a regular file that its owner lets be written. */
async function replaceable(file: string): Promise<Target> {
  const stats = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (!stats) {
    // Of a link to a file that is not there yet, that file is made: the link stays.
    const link = await readlink(file).catch(() => undefined);
    return link === undefined ? { path: file, stats } : replaceable(resolve(dirname(file), link));
  }
  if (!stats.isFile()) throw Object.assign(new Error(`is ${kindOf(stats)}`), { code: irregular(stats) });
  // Replacing a file that its owner has made read-only would need no permission.
  await access(file, constants.W_OK);
  // Fails for what only looks like a link, such as /proc/self/fd/3 of a deleted file.
  return { path: await realpath(file), stats };
}

const irregular = (stats: Stats): string => (stats.isDirectory() ? "EISDIR" : "NOT_A_FILE");

function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return "a pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isDirectory() ? "a folder" : "a device";
}

/** What the system said when a file was written, in a sentence with the way out. */
export function writeFault(file: string, error: unknown): NotebookError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason =
    (code === "NOT_A_FILE" ? `${message}, and is not replaced by a file; name a regular file.` : undefined) ??
    WRITE_FAULTS[code ?? ""] ??
    `could not be written (${message}); check the folder and its permissions.`;
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
function makeFolder(folder: string): void {
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

/** Short, so that it may stand beside a file with the longest name that there can be. */
const draftOf = (file: string): string => join(dirname(file), `.nb-${randomUUID().slice(0, 8)}.tmp`);

async function replaceFile({ path, stats }: Target, data: FileContent, options: WriteOptions): Promise<void> {
  const draft = draftOf(path);
  try {
    await writeThrough(draft, data, options);
    if (stats && !(await keepsItself(draft, stats))) return await overwrite(path, data, options);
    // Until here nobody else could read the draft of a private file.
    await chmod(draft, stats ? stats.mode & 0o7777 : 0o666 & ~process.umask());
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** What a file that is replaced would lose: its other names, or its owner where that cannot be given to the new one. */
async function keepsItself(draft: string, old: Stats): Promise<boolean> {
  if (old.nlink > 1) return false;
  const made = await stat(draft);
  if (made.uid === old.uid && made.gid === old.gid) return true;
  return chown(draft, old.uid, old.gid).then(
    () => true,
    () => false,
  );
}

/** Writes into the file itself: a crash could leave half of it, so only where it cannot be replaced. */
async function overwrite(file: string, data: FileContent, { sync = true }: WriteOptions): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.truncate(await writeAll(handle, data));
    if (sync) await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Waits until the data is on the disk, so that a crash cannot leave an empty file behind the rename. */
async function writeThrough(
  file: string,
  data: FileContent,
  { sync = true }: WriteOptions = {},
): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await writeAll(handle, data);
    if (sync) await handle.sync();
  } finally {
    await handle.close();
  }
}

/** How many bytes were written, from where the file is. */
async function writeAll(handle: FileHandle, data: FileContent): Promise<number> {
  let size = 0;
  for (const part of typeof data === "string" || data instanceof Uint8Array ? [data] : data)
    for (const bytes of bytesOf(part)) {
      await handle.writeFile(bytes);
      size += bytes.length;
    }
  return size;
}

const PIECE = 2 ** 20;

/** Bytes in pieces, so that the UTF-8 of a long text is never held whole; each piece is only good until the next. */
function* bytesOf(data: string | Uint8Array): Generator<Uint8Array> {
  if (typeof data !== "string") return yield data;
  if (data.length <= PIECE) return yield encoder.encode(data);
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
