import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { cacheFolder } from "./cache-folder";

/** Keeps compiled code for all kernels of this project; Node ignores it where it cannot be used. */
export function useCompileCache() {
  enableCompileCache?.(join(cacheFolder(), "compile"));
}
