import { createRequire } from "node:module";
import { join } from "node:path";
import { compileFunction as compileText, constants } from "node:vm";
import type { FunctionTarget, Packed } from "../task/message";
import type { AnyFunction } from "../task/types";
import { adopt, liveFunction } from "./identity";
import type { Member, PrototypeMembers } from "./members";
import { requireFromHere, resolveReference } from "./modules";
import { unpackError } from "./pack-error";
import {
  type FunctionCode,
  type FunctionParts,
  functionParts,
  type PackedNode,
  type PackedValues,
} from "./packed";

/** Makes the packed values anew in this thread. */
export function unpack(packed: Packed): unknown {
  const { nodes, order, references, patches } = packed as PackedValues;
  const made: unknown[] = new Array(nodes.length);
  const late: (() => void)[] = [];
  const places: number[][] = nodes.map(() => []);
  for (let i = 0; i < references.length; i += 3) places[references[i + 2] as number]!.push(i);
  for (const index of order) {
    const value = make(nodes[index]!, late);
    made[index] = value;
    for (const i of places[index]!)
      (references[i] as Record<string, unknown>)[references[i + 1] as string] = value;
  }
  for (const patch of late) patch();
  for (const [collection, entries] of patches) patchCollection(collection, entries);
  return packed.root;
}

/** The same for one value, packed as `{ value }`. */
export function unpackValue(packed: Packed): unknown {
  return (unpack(packed) as { value: unknown }).value;
}

function patchCollection(collection: PackedValues["patches"][number][0], entries: unknown[]): void {
  for (const entry of entries) {
    if (collection instanceof Map) collection.set(...(entry as [unknown, unknown]));
    else collection.add(entry);
  }
}

function make(node: PackedNode, late: (() => void)[]): unknown {
  switch (node.kind) {
    case "function":
      return makeFunction(node, late);
    case "remote":
      return liveFunction(node.id) ?? makeRemote(node);
    case "module":
      return resolveReference(node.reference);
    case "require":
      return createRequire(join(node.folder, "kernel-helpers.js"));
    case "weak":
      return makeWeak(node, late);
    case "buffer":
      return Buffer.from(node.bytes.buffer, node.bytes.byteOffset, node.bytes.byteLength);
    case "revive":
      return revive(node.module, node.name, node.holder.data);
    case "symbol":
      return node.wellKnown ? Symbol[node.key as "iterator"] : Symbol.for(node.key);
    case "error":
      return withClass(unpackError(node.error), node.holder.errorClass);
  }
}

function makeWeak({ name, entries }: PackedNode & { kind: "weak" }, late: (() => void)[]): object {
  const weak = name === "WeakMap" ? new WeakMap() : new WeakSet();
  late.push(() => {
    for (const entry of entries) addEntry(weak, entry as [object, unknown]);
  });
  return weak;
}

function addEntry(weak: WeakMap<object, unknown> | WeakSet<object>, [key, value]: [object, unknown]): void {
  if (weak instanceof WeakMap) weak.set(key, value);
  else weak.add(key);
}

function withClass(error: unknown, errorClass: unknown): unknown {
  const prototype = (errorClass as { prototype?: object } | undefined)?.prototype;
  if (prototype) Object.setPrototypeOf(error, prototype);
  return error;
}

function revive(module: string, name: string, data: unknown): unknown {
  return (requireFromHere()(module) as Record<string, (data: unknown) => unknown>)[name]!(data);
}

function makeFunction(node: PackedNode & { kind: "function" }, late: (() => void)[]): AnyFunction {
  const { code, captures, properties, prototype, id } = node;
  if (!captures) return functionOf({ code, id });
  const { name, make, set } = compile(code);
  set(captures);
  const fn = named(make(), name);
  // Functions that capture one another get the last of their captures when all are made.
  late.push(() => set(captures));
  if (properties) late.push(() => defineMembers(fn, properties));
  if (prototype) late.push(() => restorePrototype(fn, prototype));
  if (id > 0) adopt(fn, id);
  return fn;
}

function restorePrototype(fn: AnyFunction, { members, base, statics }: PrototypeMembers): void {
  const prototype = fn.prototype as object;
  if (base) Object.setPrototypeOf(prototype, (base as AnyFunction).prototype);
  if (base && statics) Object.setPrototypeOf(fn, base);
  defineMembers(prototype, members);
}

function defineMembers(holder: object, members: Member[]): void {
  for (const [key, descriptor] of members) Object.defineProperty(holder, key, descriptor);
}

const functions = new Map<number, AnyFunction>();
const functionsLimit = 1000;

/** A function without captures; the loop's own is made once in a thread. */
export function functionOf({ code, id }: FunctionTarget): AnyFunction {
  let fn = functions.get(id);
  if (fn) return fn;
  const { name, make } = compile(code);
  fn = named(make(), name);
  if (id === 0) return fn;
  adopt(fn, id);
  if (functions.size >= functionsLimit) functions.clear();
  functions.set(id, fn);
  return fn;
}

function named(fn: AnyFunction, name: string): AnyFunction {
  if (fn.name !== name) Object.defineProperty(fn, "name", { value: name, configurable: true });
  return fn;
}

interface Compiled {
  name: string;
  set(captures: object): void;
  make(): AnyFunction;
}

const factories = new Map<FunctionCode, () => Compiled>();

/** Compiles a source once in this thread; each call gives it variables of its own. */
function compile(code: FunctionCode): Compiled {
  let factory = factories.get(code);
  if (!factory) {
    const parts = functionParts(code);
    const { name } = parts;
    const make = compileText(factoryText(parts), [], {
      filename: `[${name || "function"} in a worker thread]`,
      importModuleDynamically: constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as () => Omit<Compiled, "name">;
    factory = () => Object.assign(make(), { name });
    factories.set(code, factory);
  }
  return factory();
}

/** All on the first line, so that line numbers in stacks count in the function's own text. */
function factoryText({ names, source, sloppy }: FunctionParts): string {
  const strict = sloppy ? "" : '"use strict"; ';
  const variables = names.length > 0 ? `let ${names.join(", ")}; ` : "";
  const set = names.length > 0 ? `({ ${names.join(", ")} } = captures)` : "";
  return `${strict}${variables}return { set(captures) { ${set} }, make() { return (${source}\n) } };`;
}

function makeRemote({ id, name, reason }: PackedNode & { kind: "remote" }): AnyFunction {
  const label = name || "This function";
  // A declaration and no arrow function: `new` must reach the reason as well.
  function remote(): never {
    const why = reason
      ? `It was not copied: ${reason}`
      : "Here it is only named, as what the loop is to call.";
    throw new TypeError(
      `${label} lives on the event loop. ${why} Call it through runCoroutineThreadsafe(${name || "fn"}, …).`,
    );
  }
  Object.defineProperty(remote, "name", { value: name, configurable: true });
  adopt(remote, id);
  return remote;
}
