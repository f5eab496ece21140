import { randomUUID } from "node:crypto";
import { constants, type Stats } from "node:fs";
import {
  access,
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import path from "node:path";
import { HttpError } from "../http/errors";
import type { Pieces } from "../http/pieces";
import { unlessMissing } from "./paths";

/** Short, so that it may stand beside a file with the longest name that there can be; hidden, so that no listing shows it. */
const draftBeside = (file: string) => path.join(path.dirname(file), `.lab-${randomUUID().slice(0, 8)}.tmp`);

/** Waits until the data is on the disk, so that a crash cannot leave an empty file behind a rename. */
async function writeThrough(file: string, flags: string, mode: number, data: Pieces): Promise<void> {
  const handle = await open(file, flags, mode);
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a file that is replaced would lose: its other names, or its owner where that cannot be given back. */
async function keepsItself(draft: string, old: Stats): Promise<boolean> {
  if (old.nlink > 1) return false;
  const made = await stat(draft);
  if (made.uid === old.uid && made.gid === old.gid) return true;
  try {
    await chown(draft, old.uid, old.gid);
    return true;
  } catch {
    return false;
  }
}

/** Puts a draft into the file's place, if the file stays what it is; else, or where no draft can be made, `false`. */
async function replaced(
  file: string,
  old: Stats | null,
  makeDraft: (draft: string) => Promise<void>,
): Promise<boolean> {
  const draft = draftBeside(file);
  try {
    await makeDraft(draft);
    if (old && !(await keepsItself(draft, old))) return false;
    // A new file gets what the system gives to new files, which the private draft has not.
    await chmod(draft, old ? old.mode & 0o7777 : 0o666 & ~process.umask());
    await rename(draft, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A folder in which nothing may be made may still hold a file that may be written.
    if (old && (code === "EACCES" || code === "EPERM" || code === "EROFS")) return false;
    throw error;
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

/** What is in a file's place. Throws `HttpError` 400 for what is no file, such as a pipe, which somebody else reads from. */
async function replaceable(file: string): Promise<Stats | null> {
  const old = await unlessMissing(() => lstat(file));
  if (!old) return null;
  if (old.isDirectory()) throw new HttpError(400, "A folder is in the place of the file.");
  if (old.isSymbolicLink())
    throw new HttpError(400, "A link that leads nowhere is in the place of the file.");
  if (!old.isFile())
    throw new HttpError(400, "What is in the place of the file is a pipe, a socket or a device.");
  await access(file, constants.W_OK);
  return old;
}

/** Saves files whole or not at all, and leaves them what they are: hard links, owner and mode stay. */
export class FileSaver {
  readonly #folder: string;
  #lastInPlace: Promise<unknown> = Promise.resolve();

  /** `folder` keeps, for the moment of a write, what goes into a file that cannot be replaced. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Writes a file, following no link. Its folder must be there. Throws `HttpError` 400 for a folder, or what the
   * system says; then the file is as it was.
   */
  async save(file: string, data: Pieces): Promise<void> {
    const old = await replaceable(file);
    if (await replaced(file, old, (draft) => writeThrough(draft, "wx", 0o600, data))) return;
    await this.#writeInPlace(file, data);
  }

  /** The same with the content of another file, which is gone afterwards. */
  async saveFrom(source: string, file: string): Promise<void> {
    const old = await replaceable(file);
    const copy = (draft: string) =>
      copyFile(source, draft, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    if (!(await replaced(file, old, copy))) await this.#writeInPlace(file, [await readFile(source)]);
    await rm(source, { force: true });
  }

  /** Ends the writes that a crash has cut off. */
  async recover(): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const entry = path.join(this.#folder, name);
      try {
        await recoverEntry(entry);
      } catch (error) {
        console.error(`A save that was cut off could not be ended: ${(error as Error).name}`);
      }
      await rm(entry, { recursive: true, force: true });
    }
  }

  /** One after the other: two names may lead to the same file, and it must not become a mixture. */
  #writeInPlace(file: string, data: Pieces): Promise<void> {
    const write = () => this.#writeInPlaceNow(file, Buffer.concat(data));
    const written = this.#lastInPlace.then(write, write);
    this.#lastInPlace = written.catch(() => {});
    return written;
  }

  async #writeInPlaceNow(file: string, data: Buffer): Promise<void> {
    const entry = path.join(this.#folder, randomUUID());
    const part = partsOf(entry);
    await mkdir(entry, { recursive: true, mode: 0o700 });
    try {
      await writeThrough(part.after, "wx", 0o600, [data]);
      await copyFile(file, part.before, constants.COPYFILE_FICLONE);
      // The last: an entry without it was not begun to be carried out.
      await writeThrough(part.file, "wx", 0o600, [Buffer.from(file)]);
      await overwrite(file, data);
    } finally {
      await rm(entry, { recursive: true, force: true });
    }
  }
}

/** What is kept while a file is written in place: its name, and what was and will be in it. */
const partsOf = (entry: string) => ({
  file: path.join(entry, "file"),
  before: path.join(entry, "before"),
  after: path.join(entry, "after"),
});

/** Ends a write if the file is what `overwrite` leaves in the middle; any other change is somebody else's, and stays. */
async function recoverEntry(entry: string): Promise<void> {
  const part = partsOf(entry);
  const file = await unlessMissing(() => readFile(part.file, "utf8"));
  if (file === null) return;
  const [now, before, after] = await Promise.all([file, part.before, part.after].map((one) => readFile(one)));
  if (now && before && after && isBetween(now, before, after)) await overwrite(file, after);
}

/** Whether a file is neither what it was nor what it was to be, but made of both. */
function isBetween(now: Buffer, before: Buffer, after: Buffer): boolean {
  if (now.equals(before) || now.equals(after)) return false;
  if (now.length < Math.min(before.length, after.length)) return false;
  // Where the machine lost its power, what did not reach the disk may be zeros.
  return now.every((byte, at) => byte === after[at] || byte === before[at] || byte === 0);
}

/** Overwrites a file that stays the same file. What goes beyond its old end comes first: there a full disk is noticed. */
async function overwrite(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, "r+");
  try {
    const { size } = await handle.stat();
    try {
      if (bytes.length > size) await writeAt(handle, bytes.subarray(size), size);
    } catch (error) {
      await handle.truncate(size);
      throw error;
    }
    await writeAt(handle, bytes.subarray(0, size), 0);
    await handle.truncate(bytes.length);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAt(
  handle: Awaited<ReturnType<typeof open>>,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
