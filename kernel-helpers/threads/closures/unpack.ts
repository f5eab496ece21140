import { createRequire } from "node:module";
import { join } from "node:path";
import { compileFunction as compileText, constants } from "node:vm";
import { unpackError } from "../errors";
import type { AnyFunction } from "../types";
import { adopt, liveFunction } from "./identity";
import { requireFromHere, resolveReference } from "./modules";
import type { FunctionCode, Packed, PackedNode } from "./packed";

/** Makes the packed values anew in this thread. */
export function unpack(packed: Packed): unknown {
  const { nodes, order, holes, fills } = packed;
  const made: unknown[] = new Array(nodes.length);
  const late: (() => void)[] = [];
  const places: Hole[][] = nodes.map(() => []);
  for (const hole of holes) places[hole[2]]!.push(hole);
  for (const index of order) {
    const value = make(nodes[index]!, late);
    made[index] = value;
    for (const [holder, key] of places[index]!) (holder as Record<string, unknown>)[key] = value;
  }
  for (const fill of late) fill();
  for (const [collection, entries] of fills) fillCollection(collection, entries);
  return packed.root;
}

/** The same for one value, packed as `{ value }`. */
export function unpackValue(packed: Packed): unknown {
  return (unpack(packed) as { value: unknown }).value;
}

type Hole = Packed["holes"][number];

function fillCollection(collection: Packed["fills"][number][0], entries: unknown[]): void {
  for (const entry of entries) {
    if (collection instanceof Map) collection.set(...(entry as [unknown, unknown]));
    else collection.add(entry);
  }
}

function make(node: PackedNode, late: (() => void)[]): unknown {
  switch (node.kind) {
    case "function":
      return makeFunction(node, late);
    case "stub":
      return liveFunction(node.id) ?? makeStub(node);
    case "reference":
      return resolveReference(node.reference);
    case "require":
      return createRequire(join(node.folder, "kernel-helpers.js"));
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

function withClass(error: unknown, errorClass: unknown): unknown {
  const prototype = (errorClass as { prototype?: object } | undefined)?.prototype;
  if (prototype) Object.setPrototypeOf(error, prototype);
  return error;
}

function revive(module: string, name: string, data: unknown): unknown {
  return (requireFromHere()(module) as Record<string, (data: unknown) => unknown>)[name]!(data);
}

function makeFunction(node: PackedNode & { kind: "function" }, late: (() => void)[]): AnyFunction {
  const { code, captures, properties, id } = node;
  const compiled = compile(code)();
  compiled.set(captures);
  const fn = compiled.make();
  if (fn.name !== code.name) Object.defineProperty(fn, "name", { value: code.name, configurable: true });
  // Functions that capture one another get the last of their captures when all are made.
  if (code.names.length > 0) late.push(() => compiled.set(captures));
  if (properties) late.push(() => Object.assign(fn, properties));
  if (id > 0) adopt(fn, id);
  return fn;
}

/** A function without captures. */
export function compileFunction(code: FunctionCode): AnyFunction {
  return compile(code)().make();
}

interface Compiled {
  set(captures: object): void;
  make(): AnyFunction;
}

const factories = new Map<string, () => Compiled>();

/** Compiles a source once in this thread; each call of the factory gives it variables of its own. */
function compile(code: FunctionCode): () => Compiled {
  const key = `${code.names.join()}\n${code.source}`;
  let factory = factories.get(key);
  if (!factory) {
    factory = compileText(factoryText(code), [], {
      filename: `[${code.name || "function"} in a worker thread]`,
      importModuleDynamically: constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as () => Compiled;
    factories.set(key, factory);
  }
  return factory;
}

/** All on the first line, so that line numbers in stacks count in the function's own text. */
function factoryText({ names, source, sloppy }: FunctionCode): string {
  const strict = sloppy ? "" : '"use strict"; ';
  const variables = names.length > 0 ? `let ${names.join(", ")}; ` : "";
  const set = names.length > 0 ? `({ ${names.join(", ")} } = captures)` : "";
  return `${strict}${variables}return { set(captures) { ${set} }, make() { return (${source}\n) } };`;
}

function makeStub({ id, name, reason }: PackedNode & { kind: "stub" }): AnyFunction {
  const label = name || "This function";
  // A declaration and no arrow function: `new` must reach the reason as well.
  function stub(): never {
    const why = reason
      ? `It was not copied: ${reason}`
      : "Here it is only named, as what the loop is to call.";
    throw new TypeError(
      `${label} lives on the event loop. ${why} Call it through runCoroutineThreadsafe(${name || "fn"}, …).`,
    );
  }
  Object.defineProperty(stub, "name", { value: name, configurable: true });
  adopt(stub, id);
  return stub;
}
