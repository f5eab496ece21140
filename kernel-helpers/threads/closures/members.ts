import { types } from "node:util";
import type { AnyFunction } from "../task/types";
import type { Analysis } from "./analyse";
import { isObjectPrototype } from "./plain";

/** What a program put on a function or its prototype, which the function's text does not say. */
export type Member = [key: string | symbol, descriptor: PropertyDescriptor];

/** They are every function's own. */
const ordinary = new Set(["length", "name", "prototype", "arguments", "caller"]);

/** `f.cache = new Map()`, the statics of an es5 class, and those that a compiler took out of a class. */
export function ownMembers(fn: AnyFunction, { shape, statics }: Analysis): Member[] {
  if (shape !== "class") {
    return membersOf(
      fn,
      Object.getOwnPropertyNames(fn).filter((key) => !ordinary.has(key)),
    );
  }
  // What the text of a class makes, it makes anew.
  return statics
    ? membersOf(
        fn,
        Object.keys(fn).filter((key) => !statics.has(key)),
      )
    : [];
}

export interface PrototypeMembers {
  members: Member[];
  /** The constructor whose prototype it inherits from, where that is not Object. */
  base: unknown;
  /** The constructor itself inherits from `base` too, for its statics. */
  statics: boolean;
}

/** The methods of a class of before there was `class`; undefined for the prototype that every function comes with. */
export function prototypeMembers(fn: AnyFunction, { shape }: Analysis): PrototypeMembers | undefined {
  const own: unknown = shape === "expression" ? fn.prototype : undefined;
  // That of a generator function is another thing: what its generators inherit from.
  if (typeof own !== "object" || own === null || types.isGeneratorFunction(fn)) return undefined;
  const keys = Reflect.ownKeys(own).filter((key) => key !== "constructor");
  const parent = Object.getPrototypeOf(own);
  const base: unknown = isObjectPrototype(parent) ? undefined : parent.constructor;
  if (keys.length === 0 && !base) return undefined;
  return { members: membersOf(own, keys), base, statics: Object.getPrototypeOf(fn) === base };
}

function membersOf(holder: object, keys: (string | symbol)[]): Member[] {
  return keys.map((key) => [key, Object.getOwnPropertyDescriptor(holder, key)!]);
}
