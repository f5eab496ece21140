import { dirname, join } from "node:path";

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
