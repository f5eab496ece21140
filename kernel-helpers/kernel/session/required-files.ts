/** Files of the reader's that a cell takes by Node's own `require`, which would run each once and never again. */

import { packageFolder } from "../compiler/package-folder";
import { stampOf } from "../own-files";

/** Packages stay as they are while a kernel runs, and so does the kernel's own. */
const stays = (path: string) => /[\\/]node_modules[\\/]|\.node$/.test(path) || path.startsWith(packageFolder);

export class RequiredFiles {
  /** What each was when it ran. */
  readonly #stamps = new Map<string, string | undefined>();

  /** `require` of a path; a file that has changed since, or that requires one that has, runs again. */
  load(node: NodeJS.Require, name: string): unknown {
    const path = node.resolve(name);
    this.#forgetChanged(path, node.cache, new Set());
    const exports = node(name);
    this.#note(path, node.cache, new Set());
    return exports;
  }

  #forgetChanged(path: string, cache: NodeJS.Require["cache"], seen: Set<string>): boolean {
    const module = cache[path];
    if (!module || seen.has(path) || stays(path)) return false;
    seen.add(path);
    const below = module.children.map(({ filename }) => this.#forgetChanged(filename, cache, seen));
    const known = this.#stamps.get(path);
    const changed = below.includes(true) || (known !== undefined && known !== stampOf(path));
    if (!changed) return false;
    delete cache[path];
    this.#stamps.delete(path);
    return true;
  }

  #note(path: string, cache: NodeJS.Require["cache"], seen: Set<string>) {
    const module = cache[path];
    if (!module || seen.has(path) || stays(path)) return;
    seen.add(path);
    if (!this.#stamps.has(path)) this.#stamps.set(path, stampOf(path));
    for (const { filename } of module.children) this.#note(filename, cache, seen);
  }
}
