import { builtinModules, createRequire } from "node:module";
import { join } from "node:path";
import { types } from "node:util";
import { explainLoadError } from "./load-error";

/** Where a value can be had again in another thread: `require(specifier)[key]`, or a global's name. */
export interface ModuleReference {
  /** A module to require, or "" for a global. */
  module: string;
  /** The property of the module or the global object; none: the module itself. */
  path: string[];
  /** The value is a wrapper whose `default` is the module, as TypeScript makes them for imports. */
  wrapped?: boolean;
}

const references = new Map<unknown, ModuleReference>();
/** Functions that were in no module when they were first asked about: those of cells, again and again. */
const ownFunctions = new WeakSet<object>();
let seenModules = 0;
let seenBuiltins = 0;
const cache = require.cache;

/** A require that finds what a notebook or script in the working directory would find. */
export function requireFromHere(): NodeJS.Require {
  return createRequire(join(process.cwd(), "kernel-helpers.js"));
}

/** The module, module member or global that this value is, or undefined. */
export function referenceOf(value: unknown): ModuleReference | undefined {
  const found = references.get(value);
  if (found) return found;
  if (typeof value === "function" && ownFunctions.has(value)) return undefined;
  learnModules();
  return knownReference(value);
}

/** The same for who has called `learnModules` just before, and asks of many values. */
export function knownReference(value: unknown): ModuleReference | undefined {
  const found = references.get(value);
  if (found) return found;
  if (typeof value !== "function") return wrapperOf(value);
  if (ownFunctions.has(value)) return undefined;
  if (!references.has(value) && isNative(value)) addPrototypes();
  const reference = references.get(value);
  if (!reference) ownFunctions.add(value);
  return reference;
}

function isNative(fn: unknown): boolean {
  return Function.prototype.toString.call(fn).endsWith("{ [native code] }");
}

function wrapperOf(value: unknown): ModuleReference | undefined {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return undefined;
  if (!Object.hasOwn(value, "default")) return undefined;
  const inner = references.get((value as { default: unknown }).default);
  if (!inner?.module || inner.path.length > 0) return undefined;
  return { ...inner, wrapped: true };
}

/** Learns of the modules loaded since the last time. */
export function learnModules(): void {
  if (seenBuiltins === 0) addGlobals();
  learnBuiltins();
  learnFiles();
}

/** Node's own list of what it has loaded; it only grows. */
function learnBuiltins(): void {
  const list = (process as unknown as { moduleLoadList: string[] }).moduleLoadList;
  if (list.length === seenBuiltins) return;
  seenBuiltins = list.length;
  const loaded = new Set(list);
  // `node:sqlite` and a few others are listed with the prefix that they cannot be loaded without.
  const names = builtinModules
    .map((name) => name.replace(/^node:/, ""))
    .filter((name) => !name.startsWith("_"));
  for (const name of names) {
    if (loaded.has(`NativeModule ${name}`)) addModule(`node:${name}`, requireFromHere()(`node:${name}`));
  }
}

function learnFiles(): void {
  const files = Object.keys(cache);
  if (files.length === seenModules) return;
  seenModules = files.length;
  for (const file of files) {
    const loadedModule = cache[file];
    if (loadedModule?.loaded) addModule(file, loadedModule.exports);
  }
}

function addGlobals(): void {
  add(globalThis, { module: "", path: [] });
  for (const [name, value] of dataProperties(globalThis)) {
    if (!isReferable(value)) continue;
    add(value, { module: "", path: [name] });
    for (const [key, member] of dataProperties(value)) {
      if (typeof member === "function") add(member, { module: "", path: [name, key] });
    }
  }
  // These are getters of the global object.
  add(process, { module: "", path: ["process"] });
  add(Buffer, { module: "", path: ["Buffer"] });
}

let seenPrototypes = false;

/** The methods of built-in classes, such as the `Object.prototype.hasOwnProperty` that bundlers keep; seldom asked for. */
function addPrototypes(): void {
  if (seenPrototypes) return;
  seenPrototypes = true;
  for (const [name, value] of dataProperties(globalThis)) {
    if (typeof value !== "function" || !isReferable(value.prototype)) continue;
    for (const [key, member] of dataProperties(value.prototype)) {
      if (typeof member === "function") add(member, { module: "", path: [name, "prototype", key] });
    }
  }
}

function addModule(module: string, exports: unknown): void {
  if (!isReferable(exports)) return;
  add(exports, { module, path: [] });
  for (const [key, value] of members(exports)) {
    if (typeof value === "function") add(value, { module, path: [key] });
  }
}

function add(value: unknown, reference: ModuleReference): void {
  if (!references.has(value)) references.set(value, reference);
}

function isReferable(value: unknown): value is object {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") && !types.isProxy(value)
  );
}

function dataProperties(holder: object): [string, unknown][] {
  return Object.entries(Object.getOwnPropertyDescriptors(holder))
    .filter(([, descriptor]) => "value" in descriptor)
    .map(([name, descriptor]) => [name, descriptor.value]);
}

/** Data properties, and the getters that compilers write for `export … from`: those of Node may warn. */
function members(exports: object): [string, unknown][] {
  const compiled = Object.hasOwn(exports, "__esModule");
  return Object.entries(Object.getOwnPropertyDescriptors(exports)).flatMap(([name, descriptor]) => {
    if ("value" in descriptor) return [[name, descriptor.value] as [string, unknown]];
    return compiled && descriptor.get ? getterValue(name, descriptor.get) : [];
  });
}

function getterValue(name: string, get: () => unknown): [string, unknown][] {
  try {
    return [[name, get()]];
  } catch {
    // An export that cannot be read here cannot be what a cell holds either.
    return [];
  }
}

function requireModule(module: string): unknown {
  try {
    return requireFromHere()(module);
  } catch (error) {
    throw explainLoadError(module, error);
  }
}

/** In the other thread: the value that a reference names. */
export function resolveReference({ module, path, wrapped }: ModuleReference): unknown {
  const start: unknown = module === "" ? globalThis : requireModule(module);
  const value = path.reduce<unknown>((holder, key) => (holder as Record<string, unknown>)[key], start);
  return wrapped ? Object.assign({}, value, { default: value }) : value;
}
