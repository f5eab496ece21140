import { types } from "node:util";
import { MessagePort } from "node:worker_threads";
import { isRevivable, toTransfer } from "../task/transferable";
import type { AnyFunction } from "../task/types";
import { superclass, type Use } from "./analyse";
import { hintOfSize, hintOfWrite } from "./hints";
import { idOf, knownId } from "./identity";
import { codeOf } from "./inspect-task";
import { bufferNode, isRequire, requireNode, symbolNode } from "./leaves";
import { type Member, ownMembers, type PrototypeMembers, prototypeMembers } from "./members";
import { referenceOf } from "./modules";
import { type Bound, Names } from "./names";
import { packError } from "./pack-error";
import type { PackedNode, PackedValues } from "./packed";
import { isObjectPrototype, isPlain } from "./plain";
import { DataCloneError, refusal } from "./refusal";
import { weakEntriesOf } from "./scopes";

export interface PackOptions {
  /** Buffers, ports and streams that move instead of being copied; MessagePorts are added to it. */
  transfer: object[];
  /** Functions of the loop that toTransfer by number, to be kept alive as long as the task runs. */
  functions?: AnyFunction[];
  /** True in a worker: functions made there have no number on the loop. */
  inWorker?: boolean;
  /** The task's function and its names, when they were looked at already. */
  task?: Names;
  /** Values for variables that the first function captures. */
  captures?: Record<string, unknown>;
}

/** Packs each property of `root`; throws DataCloneError with the path of what cannot go. */
export function pack(
  root: Record<string, unknown>,
  paths: Record<string, string>,
  options: PackOptions,
): PackedValues {
  const packer = new Packer(options);
  const holder: Record<string, unknown> = {};
  packer.packed.root = holder;
  for (const key in root) packer.into(holder, key, root[key], paths[key] ?? key);
  packer.weakEntries();
  return packer.packed;
}

const accessors = ["value", "get", "set"] as const;
const ordinary = { enumerable: true, writable: true, configurable: true };

class Packer {
  readonly packed: PackedValues = { root: undefined, nodes: [], order: [], references: [], patches: [] };
  /** Containers already copied, and values already given a node. */
  private readonly copies = new Map<object, object>();
  private readonly nodeOf = new Map<unknown, number>();
  /** The keys of weak collections that were added to them. */
  private readonly carried = new Map<object, Set<object>>();
  /** The functions that are sure to run in the thread: the task and what it calls. */
  private readonly running = new Set<unknown>();
  /** Bytes of the data copied so far, roughly. */
  private bytes = 0;

  constructor(private readonly options: PackOptions) {
    if (options.task) this.running.add(options.task.fn);
  }

  into(holder: object, key: string | number, value: unknown, path: string): void {
    const packed = this.value(value, path, holder, key);
    // An assignment would set the prototype; for any other key it is much the faster.
    if (key === "__proto__") Object.defineProperty(holder, key, { value: packed, ...ordinary });
    else (holder as Record<string | number, unknown>)[key] = packed;
  }

  /** What to put at `holder[key]` for the value: itself, a copy with references, or undefined for a reference. */
  value(value: unknown, path: string, holder: object, key: string | number): unknown {
    if (typeof value === "symbol" || typeof value === "function")
      return this.reference(value, path, holder, key);
    if (typeof value === "string") this.bytes += value.length;
    if (typeof value !== "object" || value === null) return value;
    const copy = this.copies.get(value);
    if (copy) return copy;
    if (this.nodeOf.has(value) || this.needsNode(value)) return this.reference(value, path, holder, key);
    return this.copy(value, path);
  }

  private needsNode(value: object): boolean {
    if (types.isModuleNamespaceObject(value) || isRevivable(value) || types.isNativeError(value)) return true;
    if (Buffer.isBuffer(value) || value instanceof DOMException) return true;
    return referenceOf(value) !== undefined;
  }

  private reference(value: unknown, path: string, holder: object, key: string | number): undefined {
    let index = this.nodeOf.get(value);
    if (index === undefined) {
      index = this.packed.nodes.length;
      this.nodeOf.set(value, index);
      // The place is taken first: what the value captures may lead back to it.
      this.packed.nodes.push({ kind: "symbol", key: "", wellKnown: false });
      this.packed.nodes[index] = this.node(value, path);
      this.packed.order.push(index);
    }
    this.packed.references.push(holder, key, index);
    return undefined;
  }

  private node(value: unknown, path: string): PackedNode {
    if (typeof value === "symbol") return symbolNode(value, path);
    if (isRevivable(value)) return this.revivable(value, path);
    if (types.isWeakMap(value)) return { kind: "weak", name: "WeakMap", entries: [] };
    if (types.isWeakSet(value)) return { kind: "weak", name: "WeakSet", entries: [] };
    if (isRequire(value)) return requireNode(value);
    const reference = referenceOf(value);
    if (reference) return { kind: "module", reference };
    if (typeof value === "function") return this.function(value as AnyFunction, path);
    if (Buffer.isBuffer(value)) return bufferNode(value, path);
    if (types.isNativeError(value) || value instanceof DOMException) return this.error(value as Error, path);
    throw new DataCloneError(path, "a module", "Import it inside the function: `await import(…)`.");
  }

  private revivable(value: object, path: string): PackedNode {
    const { module, name, data } = (
      value as { [toTransfer](): { module: string; name: string; data: unknown } }
    )[toTransfer]();
    const holder = { data: undefined };
    this.into(holder, "data", data, path);
    return { kind: "revive", module, name, holder };
  }

  /** An error goes with its class, when that is one of the program's own. */
  private error(error: Error, path: string): PackedNode {
    const holder = { errorClass: undefined };
    const errorClass: unknown = error.constructor;
    if (typeof errorClass === "function" && !referenceOf(errorClass)) {
      this.functionOrRemote(holder, "errorClass", errorClass as AnyFunction, `${path}.constructor`);
    }
    return { kind: "error", error: packError(error), holder };
  }

  // ---- Functions ----

  private function(fn: AnyFunction, path: string): PackedNode {
    const known = this.options.inWorker ? knownId(fn) : idOf(fn);
    if (!this.options.inWorker) this.options.functions?.push(fn);
    // A copy of the loop's function goes home by its number alone.
    else if (known !== undefined) return { kind: "remote", id: known, name: fn.name, reason: "" };
    return { kind: "function", id: known ?? 0, ...this.code(fn, path) };
  }

  private code(fn: AnyFunction, path: string): Omit<PackedNode & { kind: "function" }, "kind" | "id"> {
    const names = this.options.task?.fn === fn ? this.options.task : new Names(fn, path);
    const captures = this.captures(names);
    const captured = Object.keys(captures);
    const properties = this.members(ownMembers(fn, names.analysis), path);
    const prototype = this.prototype(names);
    const code = codeOf(names, captured);
    // A class has statics, which may change: it is made anew for each task, like what captures.
    if (captured.length === 0 && !properties && !prototype && names.analysis.shape !== "class")
      return { code };
    return {
      code,
      captures,
      ...(properties ? { properties } : {}),
      ...(prototype ? { prototype } : {}),
    };
  }

  private captures(names: Names): object {
    const { fn, path, analysis } = names;
    const captures: Record<string, unknown> = {};
    if (analysis.derived)
      this.into(captures, superclass, Object.getPrototypeOf(fn), `${path} → its superclass`);
    for (const [name, use] of analysis.free) {
      const bound = this.given(name) ?? names.find(name);
      if (bound) this.capture(captures, name, use, bound.value, fn, path);
    }
    return captures;
  }

  /** A value that the caller gave for the task's own captures. */
  private given(name: string): Bound | undefined {
    const { captures } = this.options;
    return captures && Object.hasOwn(captures, name) ? { value: captures[name] } : undefined;
  }

  private capture(
    captures: Record<string, unknown>,
    name: string,
    use: Use,
    value: unknown,
    fn: AnyFunction,
    path: string,
  ): void {
    const at = `${path} → ${name}`;
    const before = this.bytes;
    if (this.running.has(fn)) this.follow(use, value, fn);
    if (isNamespace(value) && !use.whole) captures[name] = this.namespace(value as object, use.members, path);
    else if (use.loopOnly && typeof value === "function")
      this.remote(captures, name, value as AnyFunction, "");
    else if (typeof value === "function") this.functionOrRemote(captures, name, value as AnyFunction, at);
    else if (types.isWeakMap(value) || types.isWeakSet(value))
      captures[name] = this.reference(value, at, captures, name);
    else this.into(captures, name, value, at);
    if (typeof value !== "function") hintOfSize(use, this.bytes - before, name, fn.name || path);
  }

  private follow(use: Use, value: unknown, fn: AnyFunction): void {
    if (use.writes.size > 0) hintOfWrite(use, fn.name || "The function");
    for (const called of use.calls) {
      this.running.add(isNamespace(value) ? (value as Record<string, unknown>)[called] : value);
    }
  }

  /** The members that are used of a notebook's earlier variables, or of an ES module. */
  private namespace(value: object, names: Set<string>, path: string): object {
    let copy = this.copies.get(value) as Record<string, unknown> | undefined;
    if (!copy) {
      copy = {};
      this.copies.set(value, copy);
    }
    for (const name of names) {
      if (Object.hasOwn(copy, name) || !(name in value)) continue;
      const member = (value as Record<string, unknown>)[name];
      if (typeof member === "function")
        this.functionOrRemote(copy, name, member as AnyFunction, `${path} → ${name}`);
      else this.into(copy, name, member, `${path} → ${name}`);
    }
    return copy;
  }

  /** A captured function that cannot be copied can still be named in a call back to the loop. */
  private functionOrRemote(
    holder: Record<string, unknown>,
    name: string,
    fn: AnyFunction,
    path: string,
  ): void {
    const { nodes, order, references, patches } = this.packed;
    const marks = [nodes.length, order.length, references.length, patches.length] as const;
    try {
      this.into(holder, name, fn, path);
    } catch (error) {
      if (!(error instanceof DataCloneError) || this.options.inWorker) throw error;
      nodes.length = marks[0];
      order.length = marks[1];
      references.length = marks[2];
      patches.length = marks[3];
      for (const [key, index] of this.nodeOf) if (index >= marks[0]) this.nodeOf.delete(key);
      this.remote(holder, name, fn, error.message);
    }
  }

  private remote(holder: Record<string, unknown>, name: string, fn: AnyFunction, reason: string): void {
    this.options.functions?.push(fn);
    const index = this.packed.nodes.push({ kind: "remote", id: idOf(fn), name: fn.name, reason }) - 1;
    this.packed.order.push(index);
    this.packed.references.push(holder, name, index);
    holder[name] = undefined;
  }

  private members(list: Member[], path: string): Member[] | undefined {
    if (list.length === 0) return undefined;
    return list.map(([key, descriptor]) => {
      const at = `${path}.${String(key)}`;
      const packed: Member = ["", { ...descriptor }];
      this.into(packed, 0, key, at);
      for (const part of accessors) if (part in descriptor) this.into(packed[1], part, descriptor[part], at);
      return packed;
    });
  }

  private prototype({ fn, path, analysis }: Names): PrototypeMembers | undefined {
    const found = prototypeMembers(fn, analysis);
    if (!found) return undefined;
    const members = this.members(found.members, `${path}.prototype`) ?? [];
    const packed: PrototypeMembers = { ...found, members };
    if (found.base) this.into(packed, "base", found.base, `${path} → its superclass`);
    return packed;
  }

  // ---- Weak collections ----

  /** Adds the entries whose keys go along, until there are no more: a value may bring further keys. */
  weakEntries(): void {
    let found = 0;
    for (const [value, index] of this.nodeOf) {
      const node = this.packed.nodes[index]!;
      if (node.kind === "weak") found += this.entriesOf(value as object, node);
    }
    if (found > 0) this.weakEntries();
  }

  private entriesOf(collection: object, { entries, name }: PackedNode & { kind: "weak" }): number {
    const carried = this.carried.get(collection) ?? new Set();
    this.carried.set(collection, carried);
    const found = weakEntriesOf(collection).filter(({ key }) => this.goesAlong(key) && !carried.has(key));
    for (const { key, value } of found) {
      carried.add(key);
      const entry: unknown[] = [];
      this.into(entry, 0, key, `a key of a captured ${name}`);
      this.into(entry, 1, value, `a value of a captured ${name}`);
      entries.push(entry);
    }
    return found.length;
  }

  private goesAlong(key: object): boolean {
    return this.nodeOf.has(key) || this.copies.has(key);
  }

  // ---- Containers ----

  private copy(value: object, path: string): object {
    if (types.isProxy(value)) throw new DataCloneError(path, "a Proxy", "Send the object behind it.");
    const proto: unknown = Object.getPrototypeOf(value);
    if (proto === Array.prototype) return this.array(value as unknown[], path);
    if (isObjectPrototype(proto)) return this.object(value, path);
    if (proto === Map.prototype) return this.map(value as Map<unknown, unknown>, path);
    if (proto === Set.prototype) return this.set(value as Set<unknown>, path);
    if (value instanceof MessagePort) this.options.transfer.push(value);
    else if (!this.options.transfer.includes(value)) {
      if (!isPlain(value)) throw refusal(value, path);
      this.bytes += bytesOf(value);
    }
    return value;
  }

  private array(items: unknown[], path: string): unknown[] {
    const copy: unknown[] = new Array(items.length);
    this.bytes += items.length * bytesPerItem;
    this.copies.set(items, copy);
    // The strings of a tagged template have theirs in a property that is not enumerable.
    if ("raw" in items) this.into(copy, "raw", items.raw, `${path}.raw`);
    for (const key of Object.keys(items)) {
      this.into(copy, key, items[key as unknown as number], `${path}[${key}]`);
    }
    return copy;
  }

  private object(value: object, path: string): object {
    const copy: Record<string, unknown> = {};
    this.copies.set(value, copy);
    for (const key of Object.keys(value)) {
      this.into(copy, key, (value as Record<string, unknown>)[key], `${path}.${key}`);
    }
    return copy;
  }

  private map(value: Map<unknown, unknown>, path: string): Map<unknown, unknown> {
    const copy = new Map<unknown, unknown>();
    this.copies.set(value, copy);
    const entries = Array.from(value, ([key, item]) => [key, item]);
    this.packed.patches.push([copy, this.array(entries, `${path}.entries()`)]);
    return copy;
  }

  private set(value: Set<unknown>, path: string): Set<unknown> {
    const copy = new Set<unknown>();
    this.copies.set(value, copy);
    this.packed.patches.push([copy, this.array([...value], `${path}.values()`)]);
    return copy;
  }
}

// ---- The rest ----

/** Of an array's number, or reference, in memory. */
const bytesPerItem = 8;

/** What a copy of the binary data takes; nothing where it is shared. */
function bytesOf(value: object): number {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  return types.isArrayBuffer(buffer) ? buffer.byteLength : 0;
}

/** An ES module, a notebook's exports (a Proxy) or a test runner's stand-in for a module. */
function isNamespace(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return types.isModuleNamespaceObject(value) || types.isProxy(value);
}
