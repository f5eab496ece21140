import { types } from "node:util";
import type { AnyFunction } from "../task/types";
import type { Use } from "./analysis";
import { codeOf } from "./function-code";
import { hintOfMutation, hintOfSize, hintOfWrite } from "./hints";
import { idOf, knownId } from "./identity";
import { integrityOf, type Member, ownMembers, type PrototypeMembers, prototypeMembers } from "./members";
import { isLost } from "./mutations";
import { type Bound, Names } from "./names";
import { ClassPacker, type FunctionParts } from "./pack-class";
import type { PackedNode } from "./packed";
import type { Packing } from "./packing";

const accessors = ["value", "get", "set"] as const;

/** Packs functions and what they capture. */
export class FunctionPacker implements FunctionParts {
  private readonly classes: ClassPacker;
  /** The functions that are sure to run in the thread: the task and what it calls. */
  private readonly running = new Set<unknown>();

  /** The changes of captured objects that would be lost, and the objects that the task gives back. */
  private readonly losses: { captured: unknown; hint: () => void }[] = [];
  private readonly handedOut = new Set<unknown>();

  constructor(readonly packer: Packing) {
    this.classes = new ClassPacker(this);
    const { task, runs } = packer.options;
    for (const fn of [task?.fn, runs]) if (fn) this.running.add(fn);
  }

  /** Says, when all functions are known, which changes are lost. Whoever gives the copy back wants its changes. */
  tellLosses(): void {
    for (const { captured, hint } of this.losses) if (!this.handedOut.has(captured)) hint();
  }

  isSendableInstance(value: object): boolean {
    return this.classes.isSendableInstance(value);
  }

  /** Packs classes and what belongs to one, whose place in the order depends on it; false for anything else. */
  fill(index: number, value: unknown, path: string): boolean {
    return this.classes.fill(index, value, path);
  }

  node(fn: AnyFunction, path: string): PackedNode {
    const { inWorker, functions } = this.packer.options;
    const known = inWorker ? knownId(fn) : idOf(fn);
    if (!inWorker) functions?.push(fn);
    // A copy of the loop's function goes home by its number alone.
    else if (known !== undefined) return { kind: "remote", id: known, name: fn.name, reason: "" };
    return { kind: "function", id: known ?? 0, ...this.code(fn, path) };
  }

  private code(fn: AnyFunction, path: string): Omit<PackedNode & { kind: "function" }, "kind" | "id"> {
    const names = this.namesOf(fn, path);
    const captures = this.captures(names);
    const captured = Object.keys(captures);
    const properties = this.members(ownMembers(fn), path);
    const prototype = this.prototype(names);
    const code = codeOf(names, captured);
    const integrity = integrityOf(fn);
    if (captured.length === 0 && properties.length === 0 && !prototype && !integrity) return { code };
    return {
      code,
      captures,
      ...(properties.length > 0 ? { properties } : {}),
      ...(prototype ? { prototype } : {}),
      ...(integrity ? { integrity } : {}),
    };
  }

  namesOf(fn: AnyFunction, path: string): Names {
    const { task } = this.packer.options;
    return task?.fn === fn ? task : new Names(fn, path);
  }

  // ---- Captures ----

  /** Adds them to `captures`. */
  captures(names: Names, captures: Record<string, unknown> = {}): Record<string, unknown> {
    for (const [name, use] of names.analysis.free) {
      const bound = this.given(name) ?? names.find(name);
      if (bound) this.capture(captures, name, use, bound.value, names);
    }
    return captures;
  }

  /** A value that the caller gave for the task's own captures. */
  private given(name: string): Bound | undefined {
    const { captures } = this.packer.options;
    return captures && Object.hasOwn(captures, name) ? { value: captures[name] } : undefined;
  }

  private capture(
    captures: Record<string, unknown>,
    name: string,
    use: Use,
    value: unknown,
    { fn, path }: Names,
  ): void {
    if (this.running.has(fn)) this.follow(use, name, value, fn);
    if (isNamespace(value) && !use.whole) captures[name] = this.namespace(value as object, use, fn, path);
    else if (use.loopOnly && typeof value === "function")
      this.remote(captures, name, value as AnyFunction, "");
    else this.variable(captures, name, use, value, fn, path);
  }

  /** A variable and the value that it has now, named as the reader of a warning knows it. */
  private variable(
    holder: Record<string, unknown>,
    name: string,
    use: Use,
    value: unknown,
    fn: AnyFunction,
    path: string,
  ): void {
    const at = `${path} → ${name}`;
    if (typeof value === "function") this.functionOrRemote(holder, name, value as AnyFunction, at);
    else if (types.isWeakMap(value) || types.isWeakSet(value))
      holder[name] = this.packer.reference(value, at, holder, name);
    else {
      if (!this.packer.options.transfer.includes(value as object))
        hintOfSize(use, value, name, fn.name || "the function");
      this.packer.into(holder, name, value, at);
    }
  }

  /** What the function, which is sure to run, does to the variable, and what it calls. */
  private follow(use: Use, name: string, value: unknown, fn: AnyFunction): void {
    const namespace = isNamespace(value) ? (value as Record<string, unknown>) : undefined;
    // A function that puts another in its own place, as helpers of compilers do, loses nothing by doing so in a thread.
    const written = [...use.writes].filter((name) => name !== fn.name);
    if (written.length > 0) hintOfWrite(use, written, labelOf(fn));
    for (const mutation of use.mutations) {
      // A variable of an earlier cell, or of a module, is a property of the namespace.
      const [variable, path] = namespace ? [mutation.path[0], mutation.path.slice(1)] : [name, mutation.path];
      if (variable === undefined) continue;
      const captured = namespace ? namespace[variable] : value;
      if (isLost({ ...mutation, path }, captured, this.packer.options.transfer))
        this.losses.push({ captured, hint: () => hintOfMutation(use, variable, mutation.text, labelOf(fn)) });
    }
    for (const given of use.handedOut) this.handedOut.add(namespace ? namespace[given] : value);
    for (const called of use.calls) this.running.add(namespace ? namespace[called] : value);
  }

  /** The members that are used of a notebook's earlier variables, or of an ES module. */
  private namespace(value: object, use: Use, fn: AnyFunction, path: string): object {
    const { copies } = this.packer;
    const copy = (copies.get(value) ?? {}) as Record<string, unknown>;
    copies.set(value, copy);
    for (const name of use.members) {
      if (Object.hasOwn(copy, name) || !(name in value)) continue;
      this.variable(copy, name, use, (value as Record<string, unknown>)[name], fn, path);
    }
    return copy;
  }

  /** A captured function that cannot be copied can still be named in a call back to the loop. */
  functionOrRemote(holder: Record<string, unknown>, name: string, fn: AnyFunction, path: string): void {
    this.packer.attempt(
      () => this.packer.into(holder, name, fn, path),
      ({ message }) => this.remote(holder, name, fn, message),
    );
  }

  private remote(holder: Record<string, unknown>, name: string, fn: AnyFunction, reason: string): void {
    const { options, packed } = this.packer;
    options.functions?.push(fn);
    const index = packed.nodes.push({ kind: "remote", id: idOf(fn), name: fn.name, reason }) - 1;
    packed.order.push(index);
    packed.references.push(holder, name, index);
    holder[name] = undefined;
  }

  // ---- Properties ----

  members(list: Member[], path: string): Member[] {
    return list.map(([key, descriptor]) => this.member(key, descriptor, `${path}.${String(key)}`));
  }

  member(key: string | symbol, descriptor: PropertyDescriptor, path: string): Member {
    const packed: Member = ["", { ...descriptor }];
    this.packer.into(packed, 0, key, path);
    for (const part of accessors) {
      if (!(part in descriptor)) continue;
      this.packer.into(packed[1], part, descriptor[part], path);
    }
    return packed;
  }

  private prototype({ fn, path, analysis }: Names): PrototypeMembers | undefined {
    const found = prototypeMembers(fn, analysis);
    if (!found) return undefined;
    const packed: PrototypeMembers = { ...found, members: this.members(found.members, `${path}.prototype`) };
    if (found.base) this.packer.into(packed, "base", found.base, `${path} → its superclass`);
    return packed;
  }
}

function labelOf({ name }: AnyFunction): string {
  return name || "The function";
}

/** An ES module, a notebook's exports (a Proxy) or a test runner's stand-in for a module. */
function isNamespace(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return types.isModuleNamespaceObject(value) || types.isProxy(value);
}
