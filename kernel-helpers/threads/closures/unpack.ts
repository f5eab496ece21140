import { createRequire } from "node:module";
import { join } from "node:path";
import { deserialize } from "node:v8";
import type { WireContext } from "../context/wire-context";
import type { BundleTarget, Packed, PackedValue } from "../task/message";
import type { AnyFunction } from "../task/types";
import { staticsSetter } from "./class-text";
import { compile, functionOf, named } from "./compile";
import { adopt, liveFunction } from "./identity";
import { type ClassMembers, close, type Integrity, type Member, type PrototypeMembers } from "./members";
import { requireFromHere, resolveReference } from "./modules";
import { makeError } from "./pack-error";
import type { PackedNode, PackedValues, Patch } from "./packed";
import { DataCloneError } from "./refusal";

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
  for (const patch of patches) applyPatch(patch);
  for (const finish of late) finish();
  return packed.root;
}

/** What `packCall` packed. */
export function unpackCall({ packed, args, context }: PackedCall): UnpackedCall {
  return packed ? (unpack(packed) as UnpackedCall) : { args: args!, context: context as WireContext };
}

interface PackedCall {
  packed?: Packed;
  args?: unknown[];
  context?: unknown;
}

interface UnpackedCall {
  fn?: AnyFunction;
  args: unknown[];
  context: WireContext;
}

const bundled = new Map<number, AnyFunction>();
const bundledLimit = 1000;

/** A task's function together with the constants that it captures, made once in this thread. */
export function functionOfBundle({ bundle, id }: BundleTarget): AnyFunction {
  let fn = bundled.get(id);
  if (fn) return fn;
  ({ fn } = unpack(deserialize(Buffer.from(bundle, "latin1"))) as { fn: AnyFunction });
  if (bundled.size >= bundledLimit) bundled.clear();
  bundled.set(id, fn);
  return fn;
}

/** What `packValue` packed. */
export function unpackValue({ value, packed }: PackedValue): unknown {
  return packed ? (unpack(packed) as { value: unknown }).value : value;
}

function applyPatch([collection, entries]: Patch): void {
  if (collection instanceof Set) {
    for (const entry of entries) collection.add(entry);
    return;
  }
  for (const [key, value] of entries as [string, unknown][]) {
    if (collection instanceof Map) collection.set(key, value);
    else (collection as Record<string, unknown>)[key] = value;
  }
}

function make(node: PackedNode, late: (() => void)[]): unknown {
  switch (node.kind) {
    case "function":
      return makeFunction(node, late);
    case "class":
      return makeClass(node, late);
    case "method":
      return adopted(methodOf(node.holder.owner as AnyFunction, node.text), node.id);
    case "instance":
      return makeInstance(node, late);
    case "refusal":
      return () => {
        throw DataCloneError.again(node.message, node.path);
      };
    case "remote":
      return liveFunction(node.id) ?? remoteReference(node);
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
      return makeError(node.error, late);
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

function revive(module: string, name: string, data: unknown): unknown {
  return (requireFromHere()(module) as Record<string, (data: unknown) => unknown>)[name]!(data);
}

// ---- Functions ----

function adopted(fn: AnyFunction, id: number): AnyFunction {
  if (id > 0) adopt(fn, id);
  return fn;
}

function makeFunction(node: PackedNode & { kind: "function" }, late: (() => void)[]): AnyFunction {
  const { code, captures, properties, prototype, integrity, id } = node;
  if (!captures) return functionOf({ code, id });
  const { name, make, set } = compile(code);
  set(captures);
  const fn = named(make(), name);
  // Functions that capture one another get the last of their captures when all are made.
  late.push(() => set(captures));
  if (properties) late.push(() => defineMembers(fn, properties));
  if (prototype) late.push(() => restorePrototype(fn, prototype));
  if (integrity) late.push(() => closeBoth(fn, integrity));
  return adopted(fn, id);
}

function restorePrototype(fn: AnyFunction, { members, base, statics }: PrototypeMembers): void {
  inherit(fn, base, statics);
  defineMembers(fn.prototype, members);
}

function inherit(fn: AnyFunction, base: unknown, statics: boolean): void {
  if (!base) return;
  Object.setPrototypeOf(fn.prototype, (base as AnyFunction).prototype);
  if (statics) Object.setPrototypeOf(fn, base);
}

function defineMembers(holder: object, members: Member[]): void {
  for (const [key, descriptor] of members) Object.defineProperty(holder, key, descriptor);
}

function remoteReference({ id, name, reason }: PackedNode & { kind: "remote" }): AnyFunction {
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
  return adopted(remote, id);
}

// ---- Classes ----

function makeClass(node: PackedNode & { kind: "class" }, late: (() => void)[]): AnyFunction {
  const { code, captures, members, privates, integrity, id } = node;
  const { name, make, set } = compile(code);
  // The text calls it with the function that sets its private static fields.
  const setter = { [staticsSetter]: (fill: (values: object) => void) => late.push(() => fill(privates)) };
  set({ ...captures, ...setter });
  const made = named(make(), name);
  originals.set(made, methodsByText(made));
  late.push(() => set(captures));
  late.push(() => restoreClass(made, members));
  if (integrity) late.push(() => closeBoth(made, integrity));
  return adopted(made, id);
}

/** The methods that the text of a class made, by their own texts. */
const originals = new WeakMap<AnyFunction, Map<string, AnyFunction>>();

function methodsByText(made: AnyFunction): Map<string, AnyFunction> {
  const found = new Map<string, AnyFunction>();
  for (const holder of [made, made.prototype as object]) {
    for (const key of Reflect.ownKeys(holder)) {
      const { value, get, set } = Object.getOwnPropertyDescriptor(holder, key)!;
      for (const fn of [value, get, set])
        if (typeof fn === "function") found.set(Function.prototype.toString.call(fn), fn);
    }
  }
  return found;
}

function methodOf(owner: AnyFunction, text: string): AnyFunction {
  return originals.get(owner)!.get(text)!;
}

function restoreClass(made: AnyFunction, { statics, prototype, deleted, base }: ClassMembers): void {
  const own = made.prototype as object;
  inherit(made, base, false);
  for (const each of deleted)
    delete (each.static ? made : (own as Record<string, unknown>))[each.key as never];
  defineMembers(made, statics);
  defineMembers(own, prototype);
}

function closeBoth(fn: AnyFunction, { own, prototype }: { own?: Integrity; prototype?: Integrity }): void {
  close(fn, own);
  if (prototype) close(fn.prototype as object, prototype);
}

function makeInstance({ holder }: PackedNode & { kind: "instance" }, late: (() => void)[]): object {
  const made = {};
  late.push(() => {
    Object.setPrototypeOf(made, (holder.owner as AnyFunction).prototype as object);
    defineMembers(made, holder.members);
  });
  return made;
}
