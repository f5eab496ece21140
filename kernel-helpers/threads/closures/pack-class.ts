import { types } from "node:util";
import type { AnyFunction } from "../task/types";
import { analyse } from "./analyse";
import { staticsSetter, superclass } from "./class-text";
import { codeOf } from "./function-code";
import { idOf, knownId } from "./identity";
import { type ClassMembers, classMembers, integrityOf, keysOf, type Member, superclassOf } from "./members";
import { knownReference } from "./modules";
import type { Names } from "./names";
import type { Packing } from "./packing";
import { isObjectPrototype } from "./plain";
import { DataCloneError } from "./refusal";
import { privateStaticsOf } from "./scopes";

/** What a class has in common with other functions, and who packs it. */
export interface FunctionParts {
  readonly packer: Packing;
  namesOf(fn: AnyFunction, path: string): Names;
  captures(names: Names, captures?: Record<string, unknown>): Record<string, unknown>;
  members(list: Member[], path: string): Member[];
  member(key: string | symbol, descriptor: PropertyDescriptor, path: string): Member;
}

/** A class that is being packed. */
interface OpenClass {
  fn: AnyFunction;
  index: number;
  /** The texts of its methods, getters and setters. */
  texts: Set<string>;
  /** Nodes that can only be made after the class; undefined once the class has its place in the order. */
  waiting: number[] | undefined;
}

/**
 * Packs classes: the text, without what is to run once alone, and how the class now differs from what its text makes:
 * its statics, and methods that decorators or the program put in place of those of the text.
 */
export class ClassPacker {
  private readonly open: OpenClass[] = [];

  constructor(private readonly functions: FunctionParts) {}

  fill(index: number, value: unknown, path: string): boolean {
    if (typeof value === "object" && value !== null) {
      if (!this.isSendableInstance(value)) return false;
      this.instance(index, value, path);
      return true;
    }
    if (typeof value !== "function" || knownReference(value)) return false;
    const fn = value as AnyFunction;
    const text = Function.prototype.toString.call(fn);
    const owner = this.open.findLast(({ texts }) => texts.has(text));
    if (owner) this.method(index, fn, text, owner);
    else if (this.isClass(fn, text)) this.class(index, fn, path);
    else return false;
    return true;
  }

  private isClass(fn: AnyFunction, text: string): boolean {
    // What came from the loop goes home by its number.
    if (this.functions.packer.options.inWorker && knownId(fn) !== undefined) return false;
    return /^class\b/.test(text);
  }

  // ---- The class ----

  private class(index: number, fn: AnyFunction, path: string): void {
    const names = this.functions.namesOf(fn, path);
    const texts = new Set(names.analysis.classText!.methods.map(({ text }) => text));
    const opened: OpenClass = { fn, index, texts, waiting: [] };
    this.open.push(opened);
    try {
      const found = classMembers(fn, names.analysis, path);
      const members: ClassMembers = { ...found, statics: [], prototype: [] };
      const privates: Record<string, unknown> = {};
      this.node(opened, names, members, privates);
      // What refers to the class itself comes after it.
      this.fillPrivates(privates, names);
      members.statics = found.statics.map((each) => this.staticMember(each, path));
      members.prototype = this.functions.members(found.prototype, `${path}.prototype`);
      if (found.base) this.functions.packer.into(members, "base", found.base, `${path} → its superclass`);
    } finally {
      this.open.pop();
    }
  }

  /** What it takes to evaluate the text. */
  private node(
    opened: OpenClass,
    names: Names,
    members: ClassMembers,
    privates: Record<string, unknown>,
  ): void {
    const { packer } = this.functions;
    const { fn, index } = opened;
    const captures: Record<string, unknown> = {};
    const base = names.analysis.derived ? superclassOf(fn) : undefined;
    if (names.analysis.derived) packer.into(captures, superclass, base, `${names.path} → its superclass`);
    this.functions.captures(names, captures);
    requireKeys(names, captures);
    if (privateKeys(names).length > 0) captures[staticsSetter] = undefined;
    const code = codeOf(names, Object.keys(captures));
    const id = (packer.options.inWorker ? knownId(fn) : idOf(fn)) ?? 0;
    if (!packer.options.inWorker) packer.options.functions?.push(fn);
    packer.packed.nodes[index] = {
      kind: "class",
      code,
      id,
      captures,
      members,
      privates,
      integrity: integrityOf(fn),
    };
    const list = this.listAfter(base ? packer.nodeOf.get(base) : undefined);
    list.push(index, ...opened.waiting!);
    opened.waiting = undefined;
  }

  private fillPrivates(privates: Record<string, unknown>, names: Names): void {
    const keys = privateKeys(names);
    if (keys.length === 0) return;
    const values = privateStaticsOf(names.fn);
    for (const key of keys) this.functions.packer.into(privates, key, values[key], `${names.path}.${key}`);
  }

  /** What cannot go says so where it is read: the rest of the class is of use without it. */
  private staticMember([key, descriptor]: Member, path: string): Member {
    const at = `${path}.${String(key)}`;
    const { packer } = this.functions;
    let member: Member = ["", {}];
    packer.attempt(
      () => {
        member = this.functions.member(key, descriptor, at);
      },
      ({ message, path: refused }) => {
        const { enumerable } = descriptor;
        member = this.functions.member(key, { enumerable, configurable: true, get: undefined }, at);
        const index = packer.packed.nodes.length;
        packer.put(index, { kind: "refusal", message, path: refused });
        packer.packed.references.push(member[1], "get", index);
      },
    );
    return member;
  }

  // ---- What belongs to a class ----

  /** Where to put what can be made when the node of that number is there. */
  private listAfter(index: number | undefined): number[] {
    const before = this.open.find(
      (each) => each.waiting && index !== undefined && (each.index === index || each.waiting.includes(index)),
    );
    return before?.waiting ?? this.functions.packer.packed.order;
  }

  /** A method of the text that is no longer where the text puts it: behind a decorator's, mostly. */
  private method(index: number, fn: AnyFunction, text: string, owner: OpenClass): void {
    const { packed, options } = this.functions.packer;
    if (!options.inWorker) options.functions?.push(fn);
    const holder = { owner: undefined };
    packed.references.push(holder, "owner", owner.index);
    packed.nodes[index] = { kind: "method", id: options.inWorker ? 0 : idOf(fn), text, holder };
    this.listAfter(owner.index).push(index);
  }

  /**
   * An instance that a class holds itself, such as `static RED = new Colour("red")`: of a class of the program all
   * the way down, without private members.
   */
  isSendableInstance(value: object): boolean {
    if (this.open.length === 0 || types.isProxy(value) || isObjectPrototype(Object.getPrototypeOf(value)))
      return false;
    for (
      let proto = Object.getPrototypeOf(value);
      !isObjectPrototype(proto);
      proto = Object.getPrototypeOf(proto)
    ) {
      const made: unknown = Object.getOwnPropertyDescriptor(proto, "constructor")?.value;
      if (typeof made !== "function" || made.prototype !== proto || knownReference(made)) return false;
      if (!isOpenClass(made as AnyFunction)) return false;
    }
    return true;
  }

  private instance(index: number, value: object, path: string): void {
    const { packer } = this.functions;
    const holder: { owner: unknown; members: Member[] } = { owner: undefined, members: [] };
    packer.packed.nodes[index] = { kind: "instance", holder };
    const made = value.constructor as AnyFunction;
    packer.into(holder, "owner", made, `${path}.constructor`);
    this.listAfter(packer.nodeOf.get(made)).push(index);
    const members = keysOf(value).map((key): Member => [key, Object.getOwnPropertyDescriptor(value, key)!]);
    holder.members = this.functions.members(members, path);
  }
}

/** The private static fields that go as values. */
function privateKeys({ analysis }: Names): string[] {
  const keys = analysis.classText!.statics.map(({ key }) => key);
  return keys.filter((key) => key.startsWith("#") && !analysis.kept.has(key));
}

/** A variable of a computed key that V8 has not kept would be missed in the thread, in words that explain nothing. */
function requireKeys({ analysis, path }: Names, captures: object): void {
  for (const name of analysis.classText!.keyNames) {
    if (Object.hasOwn(captures, name) || name in globalThis) continue;
    const what = `a class with a computed key from \`${name}\`, a variable that was read once and is not kept`;
    throw new DataCloneError(
      path,
      what,
      `Write the key out, or name \`${name}\` in one of its methods as well.`,
    );
  }
}

/** Its instances are their properties and nothing more. */
function isOpenClass(fn: AnyFunction): boolean {
  try {
    const { shape, classText } = analyse(Function.prototype.toString.call(fn));
    return shape !== "native" && !classText?.privateMembers;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DataCloneError) return false;
    throw error;
  }
}
