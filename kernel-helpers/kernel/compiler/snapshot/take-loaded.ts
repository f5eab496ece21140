import { Module } from "node:module";
import { loadedSymbol } from "./symbol";

/** Makes what a snapshot has loaded known to Node's own `require`; false if this is no start from one. */
export function takeLoaded(): boolean {
  const holder = globalThis as { [loadedSymbol]?: NodeJS.Dict<NodeJS.Module> };
  const loaded = holder[loadedSymbol];
  if (!loaded) return false;
  delete holder[loadedSymbol];
  for (const [path, bundled] of Object.entries(loaded)) {
    const module = new Module(path);
    require.cache[path] = Object.assign(module, { filename: path, loaded: true, exports: bundled!.exports });
  }
  return true;
}
