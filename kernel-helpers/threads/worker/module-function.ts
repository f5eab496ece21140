import { pathToFileURL } from "node:url";
import { explainLoadError } from "../closures/load-error";
import type { AnyFunction } from "../task/types";

/** In the worker: the functions of module tasks. */

const moduleFunctions = new Map<string, AnyFunction>();

/** Loaded once in a thread; a promise only the first time. */
export function moduleFunction(module: string, name: string): AnyFunction | Promise<AnyFunction> {
  const key = `${name} ${module}`;
  return moduleFunctions.get(key) ?? load(module, name, key);
}

async function load(module: string, name: string, key: string): Promise<AnyFunction> {
  const exports = (await importModule(module)) as Record<string, unknown>;
  const fn = exports[name] ?? (exports.default as Record<string, unknown> | undefined)?.[name];
  if (typeof fn !== "function") {
    const names = Object.keys(exports).filter((each) => typeof exports[each] === "function");
    throw new TypeError(
      `${module} has no function exported as "${name}"; it exports ${names.join(", ") || "no function"}.`,
    );
  }
  moduleFunctions.set(key, fn as AnyFunction);
  return fn as AnyFunction;
}

async function importModule(module: string): Promise<unknown> {
  const isUrl = module.startsWith("file:") || module.startsWith("node:");
  try {
    return await import(isUrl ? module : pathToFileURL(module).href);
  } catch (error) {
    throw explainLoadError(module, error);
  }
}
