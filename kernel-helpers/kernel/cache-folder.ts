import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { threadId } from "node:worker_threads";

/** The folder whose `node_modules` holds tslab. */
export function projectFolder(): string {
  return dirname(dirname(dirname(require.resolve("tslab/package.json"))));
}

/** Where this room keeps what it can make again: `KERNEL_HELPERS_CACHE`, or a folder in `node_modules`. */
export function cacheFolder(): string {
  return (
    process.env.KERNEL_HELPERS_CACHE || join(projectFolder(), "node_modules", ".cache", "kernel-helpers")
  );
}

/** Makes a folder, one level at a time: where it cannot be made, Node's `recursive` may try for ever, as in /proc. */
function makeFolder(path: string) {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another kernel may have been faster.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/**
 * A folder in the cache that can be written to, made where it is not there. Undefined if there can be none: a file in
 * its place, a file system that is full or read-only, links in a circle. What it would hold is then done without.
 */
export function usableCacheFolder(name: string): string | undefined {
  const folder = resolve(cacheFolder(), name);
  const probe = join(folder, `.probe-${process.pid}-${threadId}`);
  try {
    makeFolder(folder);
    writeFileSync(probe, "x");
    rmSync(probe);
    return folder;
  } catch {
    return undefined;
  }
}
