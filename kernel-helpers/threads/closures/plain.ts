import { types } from "node:util";
import { MessagePort } from "node:worker_threads";
import { isDetached } from "../task/transfer-list";
import { isRevivable } from "../task/transferable";

/** What one packing has found out about objects that it may meet again. */
export interface Findings {
  /** Checked as a whole. */
  plain: Set<object>;
  /** They are, or hold, what structured clone does not do justice to. */
  special: Set<object>;
}

export function newFindings(): Findings {
  return { plain: new Set(), special: new Set() };
}

/**
 * How deep values may be nested. A thread's stack is four times that of the main thread, which could not read some
 * 1,500 levels of objects any more: Node would drop the message, and the task never end.
 */
export const mostLevels = 1000;

/** The value is nested deeper than that. */
export class TooDeep extends RangeError {}

let level = 0;

/**
 * Does structured clone give the same thing on the other side? False for whatever needs care or cannot go.
 * Large arrays of numbers and typed arrays are passed over fast.
 */
export function isPlain(value: unknown, findings?: Findings): boolean {
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null || isListOfPrimitives(value)) return true;
  level = 0;
  if (!findings) return isPlainObject(value, new Set());
  if (findings.plain.has(value)) return true;
  const plain = isPlainObject(value, new Set(), findings.special);
  if (plain) findings.plain.add(value);
  return plain;
}

const shortList = 8;

/** What most tasks have as arguments; told without remembering what was seen. */
function isListOfPrimitives(value: object): boolean {
  if (!Array.isArray(value) || value.length > shortList || types.isProxy(value)) return false;
  if (Object.getPrototypeOf(value) !== Array.prototype) return false;
  for (let i = 0; i < value.length; i++) if (!isPrimitive(value[i])) return false;
  return hasNoExtras(value);
}

function isPrimitive(value: unknown): boolean {
  return (
    value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol")
  );
}

/** `seen` are those that were looked at, or are being looked at, in this check. */
function isPlainObject(value: object, seen: Set<object>, special?: Set<object>): boolean {
  if (seen.has(value)) return true;
  if (special?.has(value)) return false;
  seen.add(value);
  if (++level > mostLevels) throw new TooDeep();
  const plain = !types.isProxy(value) && isPlainKind(value, seen, special);
  level--;
  if (!plain) special?.add(value);
  return plain;
}

function isPlainKind(value: object, seen: Set<object>, special?: Set<object>): boolean {
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto === Array.prototype) {
    return hasPlainItems(value as unknown[], seen, special) && hasNoExtras(value as unknown[]);
  }
  if (isObjectPrototype(proto)) return hasPlainProperties(value, seen, special);
  if (proto === Map.prototype && types.isMap(value)) return hasPlainEntries(value, seen, special);
  if (proto === Set.prototype && types.isSet(value)) return hasPlainItems([...value], seen, special);
  if (isBuffer(value) || isRevivable(value) || isErrorLike(value)) return false;
  // Node crashes when it is to clone a port that has moved.
  if (value instanceof MessagePort) return false;
  return isClonableBuiltin(value) || survivesClone(value);
}

function isPlainValue(value: unknown, seen: Set<object>, special?: Set<object>): boolean {
  if (typeof value === "object" && value !== null) return isPlainObject(value, seen, special);
  return typeof value !== "function" && typeof value !== "symbol";
}

function hasPlainItems(items: unknown[], seen: Set<object>, special?: Set<object>): boolean {
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (typeof item !== "number" && !isPlainValue(item, seen, special)) return false;
  }
  return true;
}

/**
 * An array's own properties besides its items, such as `index` of a match, are data as well. `raw` of a tagged
 * template's strings is not enumerable.
 */
function hasNoExtras(items: unknown[]): boolean {
  if (items.length > 1000) return true;
  return Object.keys(items).length <= items.length && !Object.hasOwn(items, "raw");
}

/** `arguments` has a symbol of its own. */
function hasPlainProperties(value: object, seen: Set<object>, special?: Set<object>): boolean {
  for (const key in value) {
    if (!isPlainValue((value as Record<string, unknown>)[key], seen, special)) return false;
  }
  return Object.getOwnPropertySymbols(value).length === 0;
}

function hasPlainEntries(map: Map<unknown, unknown>, seen: Set<object>, special?: Set<object>): boolean {
  for (const [key, item] of map) {
    if (!isPlainValue(key, seen, special) || !isPlainValue(item, seen, special)) return false;
  }
  return true;
}

/** The prototype of a literal, of this realm or of another one (`vm`), or none at all. */
export function isObjectPrototype(proto: unknown): boolean {
  if (proto === Object.prototype || proto === null) return true;
  return (
    typeof proto === "object" &&
    Object.getPrototypeOf(proto) === null &&
    Object.hasOwn(proto as object, "hasOwnProperty")
  );
}

/** Also one of a subclass. */
export function isBuffer(value: unknown): value is Buffer {
  return Buffer.isBuffer(value);
}

export function isErrorLike(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error || value instanceof DOMException;
}

/** Dates, regular expressions and binary data; those of the program's own subclasses would lose their class. */
function isClonableBuiltin(value: object): boolean {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  if (types.isAnyArrayBuffer(buffer)) return isOfBuiltinClass(value) && !isDetached(buffer);
  if (types.isDate(value) || types.isRegExp(value) || types.isBoxedPrimitive(value)) {
    return isOfBuiltinClass(value) && !types.isSymbolObject(value);
  }
  return false;
}

const nativeText = /\{\s*\[native code\]\s*\}$/;

/** Its class is one of the language, of this realm or another one. */
function isOfBuiltinClass(value: object): boolean {
  const proto = Object.getPrototypeOf(value) as object | null;
  const made: unknown = proto && Object.getOwnPropertyDescriptor(proto, "constructor")?.value;
  return typeof made === "function" && nativeText.test(Function.prototype.toString.call(made));
}

/**
 * For what Node itself can send, such as keys, Blobs and WebAssembly modules: asks structured clone. Their state is
 * not in properties, so that what is tried is never large.
 */
function survivesClone(value: object): boolean {
  if (Object.keys(value).some((key) => key !== "constructor")) return false;
  try {
    const { constructor: made } = value;
    const clone = structuredClone(value) as object;
    if (Object.getPrototypeOf(clone) === Object.getPrototypeOf(value)) return true;
    return made !== undefined && made !== Object && clone.constructor === made;
  } catch {
    return false;
  }
}

/** Node sends it only if it is in the list of what moves. */
export function needsTransfer(value: object): boolean {
  try {
    structuredClone(value);
    return false;
  } catch (error) {
    return String(error).includes("needs transfer");
  }
}
