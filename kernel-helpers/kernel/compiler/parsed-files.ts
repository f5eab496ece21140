/**
 * Library and type files that a start-up snapshot holds, parsed and bound. Without a snapshot there
 * are none. A file that changed since, or went, is read again like any other.
 */

import { statSync } from "node:fs";
import type { SourceFile } from "./tsc";

interface Parsed {
  file: SourceFile;
  size: number;
  mtimeMs: number;
}

const parsed = new Map<string, Parsed>();

/** Forgets the text of a file until it is asked for, which is rare; the snapshot would be larger by all of them. */
function forgetText(file: SourceFile, read: (name: string) => string | undefined) {
  const keep = (value: string) => Object.defineProperty(file, "text", { value, writable: true });
  Object.defineProperty(file, "text", {
    configurable: true,
    enumerable: true,
    get: () => keep(read(file.fileName) ?? "").text,
    set: keep,
  });
}

/** Keeps a file for the snapshot that is being built; `read` reads as the compiler does. */
export function keepParsed(file: SourceFile, read: (name: string) => string | undefined) {
  const { size, mtimeMs } = statSync(file.fileName);
  forgetText(file, read);
  parsed.set(file.fileName, { file, size, mtimeMs });
}

/** The file as it was parsed for the snapshot, if it is still what it was. */
export function parsedFile(name: string): SourceFile | undefined {
  const known = parsed.get(name);
  if (!known) return undefined;
  const now = statSync(name, { throwIfNoEntry: false });
  return now?.size === known.size && now.mtimeMs === known.mtimeMs ? known.file : undefined;
}
