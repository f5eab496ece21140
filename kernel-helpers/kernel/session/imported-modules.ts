/**
 * The reader's own files as modules: run when a cell first imports them, and again once they or what they
 * import have changed. Everything else is Node's own `require`.
 */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { compileFunction, constants } from "node:vm";
import { packageFolder, packageName } from "../compiler/package-folder";
import type { ImportedFile, Imports } from "../compiler/protocol";

interface LoadedModule {
  exports: unknown;
}

/** What scripts of cells find on `globalThis`; tslab makes it. */
interface TslabGlobal {
  require: NodeJS.Require;
  importMeta(path: string): object;
}

export class ImportedModules {
  readonly #files = new Map<string, ImportedFile>();
  readonly #loaded = new Map<string, LoadedModule>();
  /** What cells call their files. */
  readonly #ofCells: Imports = {};

  /** Takes over `require` of the cells. */
  serve() {
    const tslab = (globalThis as unknown as { __tslab__: TslabGlobal }).__tslab__;
    tslab.require = this.#requireFor(this.#ofCells, tslab.require);
    tslab.importMeta = (path) => this.#meta(path, this.#ofCells);
  }

  /** What a cell imports, and what of it is new; files that import what has changed run again, too. */
  accept(files: ImportedFile[], imports: Imports) {
    const changed = files.filter(({ path, script }) => this.#files.get(path)?.script !== script);
    for (const file of files) this.#files.set(file.path, file);
    Object.assign(this.#ofCells, imports);
    for (const { path } of changed) this.#forget(path);
  }

  #forget(path: string) {
    if (!this.#loaded.delete(path)) return;
    for (const file of this.#files.values())
      if (Object.values(file.imports).includes(path)) this.#forget(file.path);
  }

  #meta(path: string, imports: Imports): object {
    const resolve = (name: string): string => {
      const file = imports[name];
      if (file) return pathToFileURL(file).href;
      if (/^\.{0,2}\//.test(name)) return new URL(name, pathToFileURL(path)).href;
      const found = createRequire(path).resolve(name);
      return found.includes(":") && !/^[A-Za-z]:[\\/]/.test(found)
        ? found
        : found === name
          ? `node:${name}`
          : pathToFileURL(found).href;
    };
    const main = !this.#files.has(path);
    return { dirname: dirname(path), filename: path, url: pathToFileURL(path).href, main, resolve };
  }

  /** `require` of a script that imports files by these names; behind it is Node's. */
  #requireFor(imports: Imports, node: NodeJS.Require): NodeJS.Require {
    const load = (name: string) => {
      const file = imports[name];
      if (file && this.#files.has(file)) return this.#load(file);
      return requireOrOwn(node, name);
    };
    return new Proxy(node, { apply: (_, __, [name]: [string]) => load(name) });
  }

  #load(path: string): unknown {
    const known = this.#loaded.get(path);
    if (known) return known.exports;
    const { script, imports, label, waits } = this.#files.get(path)!;
    if (waits) {
      throw new SyntaxError(
        `${label} awaits at its top, and a file that a cell imports cannot: put the await into an async function and export that.`,
      );
    }
    const module: LoadedModule = { exports: {} };
    this.#loaded.set(path, module);
    try {
      const parameters = ["exports", "require", "module", "__filename", "__dirname"];
      const run = compileFunction(script, parameters, {
        filename: path,
        importModuleDynamically: constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      });
      const require = this.#requireFor(imports, createRequire(path));
      run.call(module.exports, module.exports, require, module, path, dirname(path));
    } catch (error) {
      this.#loaded.delete(path);
      throw error;
    }
    return module.exports;
  }
}

/** Node's `require`; the kernel's own package is found wherever the kernel runs. */
function requireOrOwn(node: NodeJS.Require, name: string): unknown {
  try {
    return node(name);
  } catch (error) {
    const [first, ...rest] = name.split("/");
    const isMissing =
      (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND" &&
      (error as Error).message.includes(`'${name}'`);
    if (first !== packageName || !isMissing) throw error;
    return createRequire(join(packageFolder, "cell.js"))(join(packageFolder, ...rest));
  }
}
