/**
 * Modules -> one script. Node builds a start-up snapshot from a single script in which `require` knows
 * only Node's own modules, so the script brings a small `require` for the others.
 */

import { readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname } from "node:path";

export interface Bundled {
  path: string;
  source: string;
  /** What each `require("id")` in the source means. */
  resolved: Record<string, string>;
}

const requireCall = /\brequire(?:\.resolve)?\(\s*(["'])([^"'\n]+)\1/g;

function resolveCalls(path: string, source: string): Record<string, string> {
  const { resolve } = createRequire(path);
  const ids = [...source.matchAll(requireCall)].map((match) => match[2]!).filter((id) => !isBuiltin(id));
  const found = ids.flatMap((id) => {
    try {
      // tslab's own packages may be where only tslab finds them.
      return [
        [id, resolve(id, { paths: [path, require.resolve("tslab/package.json")].map(dirname) })] as const,
      ];
    } catch {
      // An optional module that is not installed fails when it is asked for, as outside a bundle.
      return [];
    }
  });
  return Object.fromEntries(found);
}

/** Reads a module for the bundle. */
export function bundled(path: string): Bundled {
  if (path.endsWith(".json")) {
    return { path, source: `module.exports = ${readFileSync(path, "utf8")}`, resolved: {} };
  }
  const source = readFileSync(path, "utf8");
  return { path, source, resolved: resolveCalls(path, source) };
}

/** What the bundle's `require` is at run time; it is put into the script as it stands. */
function createBundle(table: Record<string, BundledFunction>, builtin: NodeJS.Require): BundleLoader {
  const cache: NodeJS.Dict<NodeJS.Module> = Object.create(null);
  function load(path: string): NodeJS.Module {
    const known = cache[path];
    if (known) return known;
    const module = { exports: {}, id: path, filename: path, loaded: false } as NodeJS.Module;
    cache[path] = module;
    const [run, resolved] = table[path]!;
    const resolve = (id: string) => resolved[id] ?? id;
    const require = (id: string) => {
      const file = resolve(id);
      if (table[file] || cache[file]) return load(file).exports;
      if (file === id) return builtin(id);
      // A module outside the bundle, such as zeromq's addon: Node's own require takes it, at run time.
      return (builtin("node:module") as typeof import("node:module")).createRequire(path)(file);
    };
    run.call(
      module.exports,
      module.exports,
      Object.assign(require, { resolve, cache }),
      module,
      path,
      path.replace(/[\\/][^\\/]*$/, ""),
    );
    module.loaded = true;
    return module;
  }
  return { load, cache };
}

type BundledFunction = [(...args: unknown[]) => void, Record<string, string>];

export interface BundleLoader {
  load(path: string): NodeJS.Module;
  cache: NodeJS.Dict<NodeJS.Module>;
}

/** A snapshot cannot hold `node:crypto`; TypeScript, which only hashes with it, does without. */
const withoutCrypto = `const nodes = (id) => {
  if (id === "crypto") throw new Error("node:crypto is not available in a snapshot");
  return require(id);
};`;

/** The script: all modules as functions, the loader, and then `main`, which may use `bundle`. */
export function bundleScript(modules: Bundled[], main: string): string {
  const entries = modules.map(
    ({ path, source, resolved }) =>
      `${JSON.stringify(path)}: [function (exports, require, module, __filename, __dirname) {${source}\n}, ${JSON.stringify(resolved)}],`,
  );
  return [withoutCrypto, `const bundle = (${createBundle})({`, ...entries, "}, nodes);", main].join("\n");
}
