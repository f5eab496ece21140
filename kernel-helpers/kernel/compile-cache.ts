import { enableCompileCache } from "node:module";
import { usableCacheFolder } from "./cache-folder";

/** Keeps compiled code for all kernels of this project; without a usable folder they start slower. */
export function useCompileCache() {
  const folder = usableCacheFolder("compile");
  if (folder) enableCompileCache?.(folder);
}
