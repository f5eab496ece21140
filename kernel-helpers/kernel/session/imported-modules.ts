/**
 * What cells import. The reader's own files run when a cell first imports them, and again once they or what they
 * import have changed. Everything else is Node's own `require`, which also takes ES modules; what it refuses
 * although `import` would not, is imported before the cell runs.
 */

import * as nodeModule from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { compileFunction, constants } from "node:vm";
import { packageFolder, packageName } from "../compiler/package-folder";
import type { ImportedFile, Imports } from "../compiler/protocol";
import { RequiredFiles } from "./required-files";

const { createRequire, isBuiltin } = nodeModule;

interface LoadedModule {
  exports: unknown;
  /** Settles once the file, which awaits at its top, has run to its end. */
  done?: Promise<unknown>;
}

/** What scripts of cells find on `globalThis`; tslab makes it. */
interface TslabGlobal {
  require: NodeJS.Require;
  importMeta(path: string): object;
}

const parameters = ["exports", "require", "module", "__filename", "__dirname"];

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException | null)?.code;

export class ImportedModules {
  readonly #files = new Map<string, ImportedFile>();
  readonly #loaded = new Map<string, LoadedModule>();
  /** Modules that await at their top, which `require` refuses, by the name they were imported by. */
  readonly #awaited = new Map<string, object>();
  readonly #required = new RequiredFiles();
  /** What cells call their files. */
  readonly #ofCells: Imports = {};
  /** Node's own, as a cell has it. */
  #node!: NodeJS.Require;

  /** Takes over `require` of the cells. */
  serve() {
    const tslab = (globalThis as unknown as { __tslab__: TslabGlobal }).__tslab__;
    this.#node = tslab.require;
    tslab.require = this.#requireFor(this.#ofCells, this.#node);
    const main = Object.assign(new nodeModule.Module("."), { filename: join(process.cwd(), "cell.js") });
    // What Node gives each new `require` as its `main`.
    process.mainModule = main;
    tslab.require.main = main;
    tslab.importMeta = (path) => this.#meta(path, this.#ofCells);
  }

  /** Learns what a cell imports, and what of it is new; files that import what has changed run again, too. */
  accept(files: ImportedFile[], imports: Imports) {
    const changed = files.filter(({ path, script }) => this.#files.get(path)?.script !== script);
    for (const file of files) this.#files.set(file.path, file);
    Object.assign(this.#ofCells, imports);
    for (const { path } of changed) this.#forget(path);
  }

  #forget(path: string) {
    if (!this.#loaded.delete(path)) return;
    for (const file of this.#files.values()) {
      if (Object.values(file.imports).includes(path)) this.#forget(file.path);
    }
  }

  /** Imports whatever has to be waited for, of what a cell with these imports reaches. */
  async prepare(imports: Imports, packages: string[], seen = new Set<string>()): Promise<void> {
    for (const path of Object.values(imports)) {
      if (seen.has(path)) continue;
      seen.add(path);
      const file = this.#files.get(path)!;
      await this.prepare(file.imports, file.packages, seen);
      if (file.waits && !this.#loaded.has(path)) this.#load(path);
      await this.#loaded.get(path)?.done;
    }
    for (const name of packages) if (!isBuiltin(name)) await this.#prepareModule(name);
  }

  async #prepareModule(name: string): Promise<void> {
    if (this.#awaited.has(name)) return;
    let path: string;
    try {
      path = this.#node.resolve(name);
      if (!mayAwait(path)) return;
      this.#node(name);
    } catch (error) {
      // Anything else is wrong with it when the cell imports it, and is told there.
      if (codeOf(error) === "ERR_REQUIRE_ASYNC_MODULE") {
        this.#awaited.set(name, await import(pathToFileURL(path!).href));
      }
    }
  }

  #meta(path: string, imports: Imports): object {
    const resolve = (name: string): string => {
      if (isBuiltin(name)) return name.startsWith("node:") ? name : `node:${name}`;
      const near = /^\.{0,2}\//.test(name) ? new URL(name, pathToFileURL(path)).href : undefined;
      const file = imports[name];
      return file
        ? pathToFileURL(file).href
        : (near ?? pathToFileURL(createRequire(path).resolve(name)).href);
    };
    const main = !this.#files.has(path);
    return { dirname: dirname(path), filename: path, url: pathToFileURL(path).href, main, resolve };
  }

  /** `require` of a script that imports files by these names; behind it is Node's. */
  #requireFor(imports: Imports, node: NodeJS.Require): NodeJS.Require {
    const load = (name: string) => {
      const file = imports[name];
      if (file && this.#files.has(file)) return this.#load(file);
      if (/^\.{0,2}\//.test(name)) return this.#required.load(node, name);
      return this.#awaited.get(name) ?? required(node, name);
    };
    return new Proxy(node, { apply: (_, __, [name]: [string]) => load(name) });
  }

  #load(path: string): unknown {
    const known = this.#loaded.get(path);
    if (known) return known.exports;
    const { script, imports, waits } = this.#files.get(path)!;
    const module: LoadedModule = { exports: {} };
    this.#loaded.set(path, module);
    const forget = (error: unknown) => {
      this.#loaded.delete(path);
      throw error;
    };
    try {
      const run = compileFunction(waits ? `return (async () => {${script}\n})()` : script, parameters, {
        filename: path,
        importModuleDynamically: constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      });
      const require = this.#requireFor(imports, createRequire(path));
      const result = run.call(module.exports, module.exports, require, module, path, dirname(path));
      if (waits) module.done = (result as Promise<unknown>).catch(forget);
    } catch (error) {
      forget(error);
    }
    return module.exports;
  }
}

/** Whether `require` may refuse a file because it awaits at its top: an ES module. */
function mayAwait(path: string): boolean {
  if (path.endsWith(".mjs")) return true;
  if (!path.endsWith(".js")) return false;
  for (let folder = dirname(path); dirname(folder) !== folder; folder = dirname(folder)) {
    try {
      return (require(join(folder, "package.json")) as { type?: string }).type === "module";
    } catch {
      // No package.json here: one above says it.
    }
  }
  return false;
}

/** Node's `require`, as `import` would find the module. */
function required(node: NodeJS.Require, name: string): unknown {
  try {
    return node(name);
  } catch (error) {
    if (codeOf(error) === "ERR_PACKAGE_PATH_NOT_EXPORTED") return requiredAsImport(node, name, error);
    // A dynamic import, which waits for what it gets; the mark keeps the compiler's helper from wrapping it.
    if (codeOf(error) === "ERR_REQUIRE_ASYNC_MODULE") {
      return Object.assign(import(pathToFileURL(node.resolve(name)).href), { __esModule: true });
    }
    return requiredOwn(name, error);
  }
}

/** A package that exports to `import` only. */
function requiredAsImport(node: NodeJS.Require, name: string, error: unknown): unknown {
  if (!nodeModule.registerHooks) throw error;
  const hooks = nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      next(
        specifier,
        specifier === name
          ? { ...context, conditions: ["node", "import", "module-sync", "default"] }
          : context,
      ),
  });
  try {
    return node(name);
  } finally {
    hooks.deregister();
  }
}

/** The kernel's own package, which is found wherever the kernel runs. */
function requiredOwn(name: string, error: unknown): unknown {
  const [first] = name.split("/");
  const isMissing = codeOf(error) === "MODULE_NOT_FOUND" && (error as Error).message.includes(`'${name}'`);
  if (first !== packageName || !isMissing) throw error;
  return createRequire(join(packageFolder, "cell.js"))(name);
}
