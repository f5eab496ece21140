import { types } from "node:util";
import { isDetached } from "../task/transfer-list";

/** Instances that structured clone copies whole, although they are not plain data. */
const clonableClasses = new Set([
  "Blob",
  "File",
  "KeyObject",
  "CryptoKey",
  "X509Certificate",
  "BlockList",
  "SocketAddress",
  "Histogram",
  "RecordableHistogram",
]);

/**
 * Does structured clone give the same thing on the other side? False for whatever needs care or cannot go.
 * Large arrays of numbers and typed arrays are passed over fast.
 */
export function isPlain(value: unknown, seen?: Set<object>): boolean {
  switch (typeof value) {
    case "object":
      return value === null || isListOfPrimitives(value) || isPlainObject(value, seen ?? new Set());
    case "function":
    case "symbol":
      return false;
    default:
      return true;
  }
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

function isPlainObject(value: object, seen: Set<object>): boolean {
  if (seen.has(value)) return true;
  if (types.isProxy(value)) return false;
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto === Array.prototype) {
    seen.add(value);
    return hasPlainItems(value as unknown[], seen) && hasNoExtras(value as unknown[]);
  }
  if (isObjectPrototype(proto)) {
    seen.add(value);
    return hasPlainProperties(value, seen);
  }
  return isClonableBuiltin(value) || hasPlainEntries(value, seen);
}

function hasPlainItems(items: unknown[], seen: Set<object>): boolean {
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (typeof item !== "number" && !isPlain(item, seen)) return false;
  }
  return true;
}

/** An array's own properties besides its items, such as `index` of a match, are data as well. */
function hasNoExtras(items: unknown[]): boolean {
  return items.length > 1000 || Object.keys(items).length <= items.length;
}

function hasPlainProperties(value: object, seen: Set<object>): boolean {
  for (const key in value) {
    if (!isPlain((value as Record<string, unknown>)[key], seen)) return false;
  }
  return Object.getOwnPropertySymbols(value).length === 0;
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

function isClonableBuiltin(value: object): boolean {
  if (ArrayBuffer.isView(value)) return !Buffer.isBuffer(value) && !isDetached(value.buffer);
  if (types.isAnyArrayBuffer(value)) return !isDetached(value);
  if (types.isDate(value) || types.isRegExp(value) || types.isBoxedPrimitive(value)) {
    return !types.isSymbolObject(value);
  }
  return clonableClasses.has(value.constructor?.name) && isNodeClass(value);
}

/** Named like a class of Node and really one: its text is not in the program. */
function isNodeClass(value: object): boolean {
  try {
    return value.constructor !== undefined && structuredClone(value)?.constructor === value.constructor;
  } catch {
    return false;
  }
}

function hasPlainEntries(value: object, seen: Set<object>): boolean {
  if (Object.getPrototypeOf(value) === Map.prototype && types.isMap(value)) {
    seen.add(value);
    for (const [key, item] of value) if (!isPlain(key, seen) || !isPlain(item, seen)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) === Set.prototype && types.isSet(value)) {
    seen.add(value);
    for (const item of value) if (!isPlain(item, seen)) return false;
    return true;
  }
  return false;
}
