import { types } from "node:util";
import { MessagePort } from "node:worker_threads";
import { isRevivable, toTransfer } from "../task/transferable";
import type { AnyFunction } from "../task/types";
import { bufferNode, isRequire, requireNode, symbolNode } from "./leaves";
import { keysOf } from "./members";
import { knownReference, learnModules } from "./modules";
import { errorNode } from "./pack-error";
import { FunctionPacker } from "./pack-function";
import type { PackedNode, PackedValues } from "./packed";
import type { Packing, PackOptions } from "./packing";
import {
  isBuffer,
  isErrorLike,
  isObjectPrototype,
  isPlain,
  mostLevels,
  needsTransfer,
  newFindings,
  TooDeep,
} from "./plain";
import { DataCloneError, refusal } from "./refusal";
import { weakEntriesOf } from "./scopes";

const ordinary = { enumerable: true, writable: true, configurable: true };

type Key = string | number | symbol;

/** Packs the values of one message. */
export class Packer implements Packing {
  readonly packed: PackedValues = { root: undefined, nodes: [], order: [], references: [], patches: [] };
  /** Within an error: what cannot go is left out, and named here. */
  leftOut: string[] | undefined;
  /** Containers already copied, and values already given a node. */
  readonly copies = new Map<object, object>();
  readonly nodeOf = new Map<unknown, number>();
  private readonly functions: FunctionPacker;
  private level = 0;
  /** The keys of weak collections that were added to them. */
  private readonly carried = new Map<object, Set<object>>();

  constructor(
    readonly options: PackOptions,
    /** What is known of the values already. */
    private readonly findings = newFindings(),
  ) {
    learnModules();
    this.functions = new FunctionPacker(this);
  }

  into(holder: object, key: string | number, value: unknown, path: string): void {
    if (++this.level > mostLevels) throw new TooDeep();
    try {
      const packed = this.value(value, path, holder, key);
      // An assignment would set the prototype; for any other key it is much the faster.
      if (key === "__proto__") Object.defineProperty(holder, key, { value: packed, ...ordinary });
      else (holder as Record<string | number, unknown>)[key] = packed;
    } catch (error) {
      const isRefusal = error instanceof DataCloneError || error instanceof TooDeep;
      if (!this.leftOut || !isRefusal) throw error;
      const reason = error instanceof TooDeep ? `${path} is nested too deeply` : error.message;
      this.leftOut.push(reason.split(", which cannot go")[0]!);
    } finally {
      this.level--;
    }
  }

  /** What to put at `holder[key]` for the value: itself, a copy with references, or undefined for a reference. */
  private value(value: unknown, path: string, holder: object, key: string | number): unknown {
    if (this.leftOut && typeof value === "function") throw new DataCloneError(path, "a function", "");
    if (typeof value === "symbol" || typeof value === "function")
      return this.reference(value, path, holder, key);
    if (typeof value !== "object" || value === null) return value;
    const copy = this.copies.get(value);
    if (copy) return copy;
    if (this.nodeOf.has(value) || this.needsNode(value)) return this.reference(value, path, holder, key);
    // What is plain as a whole goes as itself: structured clone keeps what is shared in it, and with others.
    if (isPlain(value, this.findings)) return value;
    if (this.functions.isSendableInstance(value)) return this.reference(value, path, holder, key);
    return this.copy(value, path);
  }

  private needsNode(value: object): boolean {
    if (types.isModuleNamespaceObject(value) || isRevivable(value)) return true;
    return isErrorLike(value) || knownReference(value) !== undefined || isPureBuffer(value);
  }

  reference(value: unknown, path: string, holder: object, key: Key): undefined {
    let index = this.nodeOf.get(value);
    if (index === undefined) {
      index = this.packed.nodes.length;
      this.nodeOf.set(value, index);
      // The place is taken first: what the value captures may lead back to it.
      this.packed.nodes.push({ kind: "symbol", key: "", wellKnown: false });
      this.fill(index, value, path);
    }
    this.packed.references.push(holder, key, index);
    return undefined;
  }

  private fill(index: number, value: unknown, path: string): void {
    if (this.functions.fill(index, value, path)) return;
    this.put(index, this.node(value, path));
  }

  /** The node can be made when those before it in the order are. */
  put(index: number, node: PackedNode): void {
    this.packed.nodes[index] = node;
    this.packed.order.push(index);
  }

  private node(value: unknown, path: string): PackedNode {
    if (typeof value === "symbol") return symbolNode(value, path);
    if (isRevivable(value)) return this.revivable(value, path);
    if (types.isWeakMap(value)) return { kind: "weak", name: "WeakMap", entries: [] };
    if (types.isWeakSet(value)) return { kind: "weak", name: "WeakSet", entries: [] };
    if (isRequire(value)) return requireNode(value);
    const reference = knownReference(value);
    if (reference) return { kind: "module", reference };
    if (typeof value === "function") return this.functions.node(value as AnyFunction, path);
    if (isBuffer(value)) return bufferNode(value, path);
    if (isErrorLike(value)) return errorNode(this, value, path);
    throw new DataCloneError(path, "a module", "Import it inside the function: `await import(…)`.");
  }

  private revivable(
    value: { [toTransfer](): { module: string; name: string; data: unknown } },
    path: string,
  ) {
    const { module, name, data } = value[toTransfer]();
    const holder = { data: undefined };
    this.into(holder, "data", data, path);
    return { kind: "revive", module, name, holder } as const;
  }

  /**
   * Packs what may be refused; if it is, all that it has packed is taken back and `otherwise` called with the reason.
   * A worker has no loop to name the value on: there the refusal stands.
   */
  attempt(packing: () => void, otherwise: (refused: DataCloneError) => void): void {
    const { nodes, order, references, patches } = this.packed;
    const lists = [nodes, order, references, patches].map((list) => [list, list.length] as const);
    const copied = this.copies.size;
    const count = nodes.length;
    try {
      packing();
    } catch (error) {
      if (!(error instanceof DataCloneError) || this.options.inWorker) throw error;
      for (const [list, length] of lists) list.length = length;
      for (const [key, index] of this.nodeOf) if (index >= count) this.nodeOf.delete(key);
      for (const key of [...this.copies.keys()].slice(copied)) this.copies.delete(key);
      otherwise(error);
    }
  }

  /** A captured function that cannot be copied can still be named in a call back to the loop. */
  functionOrRemote(holder: Record<string, unknown>, name: string, fn: AnyFunction, path: string): void {
    this.functions.functionOrRemote(holder, name, fn, path);
  }

  finish(): void {
    this.weakEntries();
    this.functions.tellLosses();
    for (const item of this.options.transfer) if (item instanceof MessagePort) movedPorts.add(item);
  }

  // ---- Weak collections ----

  /** Adds the entries whose keys go along, until there are no more: a value may bring further keys. */
  private weakEntries(): void {
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
    return this.nodeOf.has(key) || this.copies.has(key) || this.findings.plain.has(key);
  }

  // ---- Containers ----

  private copy(value: object, path: string): object {
    if (types.isProxy(value)) throw new DataCloneError(path, "a Proxy", "Send the object behind it.");
    if (types.isArgumentsObject(value))
      throw new DataCloneError(path, "an `arguments` object", "Send `[...arguments]`.");
    const proto: unknown = Object.getPrototypeOf(value);
    if (proto === Array.prototype) return this.array(value as unknown[], path);
    if (isObjectPrototype(proto)) return this.object(value, path);
    if (proto === Map.prototype && types.isMap(value)) return this.map(value, path);
    if (proto === Set.prototype && types.isSet(value)) return this.set(value, path);
    if (value instanceof MessagePort) requireHere(value, path);
    if (this.movesByItself(value)) this.options.transfer.push(value);
    else if (!this.options.transfer.includes(value)) throw refusal(value, path);
    return value;
  }

  /** Ports, and abort signals that were made for it, need not be in the list of what moves. */
  private movesByItself(value: object): boolean {
    if (this.leftOut || this.options.transfer.includes(value)) return false;
    return value instanceof MessagePort || (value instanceof AbortSignal && needsTransfer(value));
  }

  private array(items: unknown[], path: string): unknown[] {
    const copy: unknown[] = new Array(items.length);
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
    const symbols = keysOf(value).filter((key) => typeof key === "symbol");
    if (symbols.length > 0) this.symbolProperties(value, symbols, copy, path);
    return copy;
  }

  /** Structured clone leaves out what is under a symbol. */
  private symbolProperties(value: object, keys: symbol[], copy: object, path: string): void {
    const entries = keys.map((key) => [key, (value as Record<symbol, unknown>)[key]]);
    this.packed.patches.push([copy, this.array(entries, `${path}'s symbols`)]);
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

/** Ports that went along with a task, or wait to. Node has no way to ask. */
const movedPorts = new WeakSet<MessagePort>();

function requireHere(port: MessagePort, path: string): void {
  if (!movedPorts.has(port)) return;
  const wayOut =
    "A port moves, once: make a MessageChannel for each task, or keep what it is for in one task.";
  throw new DataCloneError(path, "a MessagePort that went to a thread before", wayOut);
}

/** A subclass of Buffer is refused, like one of any typed array. */
function isPureBuffer(value: object): boolean {
  return isBuffer(value) && Object.getPrototypeOf(value) === Buffer.prototype;
}
