import { types } from "node:util";
import type { AnyFunction } from "../task/types";
import type { Analysis } from "./analysis";
import type { ClassText } from "./class-text";
import { isObjectPrototype } from "./plain";
import { DataCloneError } from "./refusal";

/** What a program put on a function or its prototype, which the function's text does not say. */
export type Member = [key: string | symbol, descriptor: PropertyDescriptor];

export interface PrototypeMembers {
  members: Member[];
  /** The constructor whose prototype it inherits from, where that is not Object. */
  base: unknown;
  /** The constructor itself inherits from `base` too, for its statics. */
  statics: boolean;
}

/** How a class differs from what its text makes, static fields and static blocks apart. */
export interface ClassMembers {
  statics: Member[];
  prototype: Member[];
  /** The methods of the text that were deleted. */
  deleted: { static: boolean; key: string }[];
  /** The constructor whose prototype it was made to inherit from later on. */
  base: unknown;
}

/** How far an object takes no changes. */
export type Integrity = "frozen" | "sealed" | "closed";

/** Of a function and of its prototype; undefined when both take all changes, as nearly always. */
export function integrityOf(fn: AnyFunction): { own?: Integrity; prototype?: Integrity } | undefined {
  const prototype: unknown = fn.prototype;
  const found = {
    own: levelOf(fn),
    prototype: typeof prototype === "object" && prototype ? levelOf(prototype) : undefined,
  };
  return found.own || found.prototype ? found : undefined;
}

function levelOf(value: object): Integrity | undefined {
  if (Object.isExtensible(value)) return undefined;
  if (Object.isFrozen(value)) return "frozen";
  return Object.isSealed(value) ? "sealed" : "closed";
}

export function close(value: object, level: Integrity | undefined): void {
  if (level === "frozen") Object.freeze(value);
  else if (level === "sealed") Object.seal(value);
  else if (level === "closed") Object.preventExtensions(value);
}

/** They are every function's own. */
const ordinary = new Set<string | symbol>(["length", "name", "prototype", "arguments", "caller"]);

/** `f.cache = new Map()`, and the statics of a class of before there was `class`. */
export function ownMembers(fn: AnyFunction): Member[] {
  return membersOf(
    fn,
    keysOf(fn).filter((key) => !ordinary.has(key)),
  );
}

/** The methods of a class of before there was `class`; undefined for the prototype that every function comes with. */
export function prototypeMembers(fn: AnyFunction, { shape }: Analysis): PrototypeMembers | undefined {
  const own: unknown = shape === "expression" ? fn.prototype : undefined;
  // That of a generator function is another thing: what its generators inherit from.
  if (typeof own !== "object" || own === null || types.isGeneratorFunction(fn)) return undefined;
  const keys = keysOf(own).filter((key) => key !== "constructor");
  const parent = Object.getPrototypeOf(own);
  const base: unknown = isObjectPrototype(parent) ? undefined : parent.constructor;
  if (keys.length === 0 && !base) return undefined;
  return { members: membersOf(own, keys), base, statics: Object.getPrototypeOf(fn) === base };
}

/** Throws DataCloneError for a class that inherits in a way that no class can be given. */
export function classMembers(fn: AnyFunction, { classText, kept }: Analysis, path: string): ClassMembers {
  const prototype = fn.prototype as object;
  const text = new Text(classText!);
  const statics = membersOf(fn, keysOf(fn)).filter(
    ([key, descriptor]) =>
      !isOrdinary(key, descriptor) && !isKept(key, kept) && !text.makes(true, key, descriptor),
  );
  const members = membersOf(prototype, keysOf(prototype)).filter(
    ([key, descriptor]) => !isOwnConstructor(fn, key, descriptor) && !text.makes(false, key, descriptor),
  );
  return {
    statics,
    prototype: members,
    deleted: text.missing(fn, prototype),
    base: laterBase(fn, prototype, path),
  };
}

function isOrdinary(key: string | symbol, { value, enumerable }: PropertyDescriptor): boolean {
  return (
    key === "prototype" ||
    (!enumerable && ((key === "name" && typeof value === "string") || key === "length"))
  );
}

function isKept(key: string | symbol, kept: ReadonlySet<string>): boolean {
  return typeof key === "string" && kept.has(key);
}

function isOwnConstructor(
  fn: AnyFunction,
  key: string | symbol,
  { value, enumerable }: PropertyDescriptor,
): boolean {
  return key === "constructor" && value === fn && !enumerable;
}

/** A superclass that `extends` did not give. */
function laterBase(fn: AnyFunction, prototype: object, path: string): unknown {
  const parent = Object.getPrototypeOf(prototype) as object | null;
  const given = superclassOf(fn);
  if (
    parent === (given === null ? null : (given?.prototype ?? Object.prototype)) ||
    isObjectPrototype(parent)
  )
    return undefined;
  const base = parent?.constructor;
  if (base?.prototype === parent) return base;
  const wayOut = "Make it with `class … extends`.";
  throw new DataCloneError(path, "a class whose prototype was made to inherit from an object", wayOut);
}

/** What `extends` gave: a constructor, or null; undefined for a class without. */
export function superclassOf(fn: AnyFunction): AnyFunction | null | undefined {
  if (Object.getPrototypeOf(fn.prototype) === null) return null;
  const found = Object.getPrototypeOf(fn) as AnyFunction;
  return found === Function.prototype ? undefined : found;
}

/** The text of a class, asked what it makes. */
class Text {
  private readonly methods = new Set<string>();

  constructor(private readonly text: ClassText) {
    for (const each of text.methods) this.methods.add(`${each.static} ${each.kind} ${each.key} ${each.text}`);
  }

  /** A member like this one, with this name; a computed name is taken to be the right one. */
  makes(isStatic: boolean, key: string | symbol, descriptor: PropertyDescriptor): boolean {
    const { value, get, set, enumerable, configurable, writable } = descriptor;
    if (enumerable || !configurable) return false;
    if (typeof value === "function") return Boolean(writable) && this.has(isStatic, "method", key, value);
    if (!get && !set) return false;
    return this.isAccessor(isStatic, "get", key, get) && this.isAccessor(isStatic, "set", key, set);
  }

  private isAccessor(
    isStatic: boolean,
    kind: "get" | "set",
    key: string | symbol,
    fn?: AnyFunction,
  ): boolean {
    if (fn) return this.has(isStatic, kind, key, fn);
    return !this.text.methods.some(
      (each) => each.static === isStatic && each.kind === kind && each.key === key,
    );
  }

  private has(isStatic: boolean, kind: string, key: string | symbol, fn: AnyFunction): boolean {
    const text = Function.prototype.toString.call(fn);
    return [String(key), undefined].some((name) => this.methods.has(`${isStatic} ${kind} ${name} ${text}`));
  }

  missing(fn: AnyFunction, prototype: object): { static: boolean; key: string }[] {
    return this.text.methods.flatMap(({ static: isStatic, key }) =>
      key === undefined || Object.hasOwn(isStatic ? fn : prototype, key) ? [] : [{ static: isStatic, key }],
    );
  }
}

/** Own properties, without those whose key means nothing in another thread: symbols of this one alone. */
export function keysOf(holder: object): (string | symbol)[] {
  return Reflect.ownKeys(holder).filter(
    (key) => typeof key === "string" || Symbol.keyFor(key) !== undefined || isWellKnown(key),
  );
}

/** One of the language's own, such as `Symbol.iterator`. */
function isWellKnown(symbol: symbol): boolean {
  const name = (symbol.description ?? "").replace(/^Symbol\./, "");
  return (Symbol as unknown as Record<string, unknown>)[name] === symbol;
}

function membersOf(holder: object, keys: (string | symbol)[]): Member[] {
  return keys.map((key) => [key, Object.getOwnPropertyDescriptor(holder, key)!]);
}
