/**
 * Which start-up snapshot there is and what it was made from. A blob fits one build of Node exactly,
 * and holds code of TypeScript, tslab and this room: all of them must be as they were.
 */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { cachedDataVersionTag } from "node:v8";
import { cacheFolder } from "../../cache-folder";
import { findTypeScript } from "../../typescript-package";

/** A file as it was when the snapshot was made. */
export interface Stamp {
  path: string;
  size: number;
  mtimeMs: number;
}

export interface Manifest {
  /** `thisNode` of the build. */
  node: string;
  /** The snapshot itself, Node's executable, the builder, and every module inside the snapshot. */
  files: Stamp[];
  blob: string;
}

/** What a blob must agree with: Node's version, and V8's with its flags and the processor's features. */
export const thisNode = `${process.version} ${process.platform} ${process.arch} ${cachedDataVersionTag()}`;

export function snapshotFolder(): string {
  return join(cacheFolder(), "snapshot");
}

export function manifestFile(): string {
  return join(snapshotFolder(), "current.json");
}

/** How a file is now; throws if it is not there. */
export function stamp(path: string): Stamp {
  const { size, mtimeMs } = statSync(path);
  return { path, size, mtimeMs };
}

function unchanged({ path, size, mtimeMs }: Stamp): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  return now?.size === size && now.mtimeMs === mtimeMs;
}

export function readManifest(): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(manifestFile(), "utf8"));
  } catch {
    // None yet, or one that another version wrote: a start without it is only slower.
    return undefined;
  }
}

/** What builds snapshots for this code: one that another builder made holds other modules. */
export const builder = join(__dirname, "build.js");

/** The blob to start from, or undefined if there is none or anything in it has changed since. */
export function usableSnapshot(): string | undefined {
  const manifest = readManifest();
  if (manifest?.node !== thisNode || !manifest.files?.every(unchanged)) return undefined;
  const inside = new Set(manifest.files.map(({ path }) => path));
  return [builder, findTypeScript()?.file].every((path) => path && inside.has(path))
    ? manifest.blob
    : undefined;
}
