import { dirname, join } from "node:path";

/** Where this room keeps what it can make again: inside the `node_modules` that holds tslab. */
export function cacheFolder(): string {
  const modules = dirname(dirname(require.resolve("tslab/package.json")));
  return join(modules, ".cache", "kernel-helpers");
}
