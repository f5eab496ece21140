import { types } from "node:util";

/** How large a value is to copy, in bytes: an estimate from samples, for it must not take long. */

const samples = 16;
const deepest = 6;
const perNumber = 8;
const perString = 16;
const perObject = 24;

export function roughBytes(value: unknown, depth = 0): number {
  if (typeof value === "string") return perString + value.length;
  if (typeof value !== "object" || value === null || depth > deepest) return perNumber;
  if (types.isProxy(value)) return perNumber;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return bytesOfBuffer(value);
  if (Array.isArray(value)) return ofMany(value.length, spread(value), depth);
  if (types.isMap(value)) return ofMany(value.size * 2, first(value).flat(), depth);
  if (types.isSet(value)) return ofMany(value.size, first(value), depth);
  const entries = Object.entries(Object.getOwnPropertyDescriptors(value));
  const names = entries.reduce((sum, [name]) => sum + name.length + perNumber, perObject);
  return (
    names +
    ofMany(
      entries.length,
      spread(entries).map(([, { value: each }]) => each),
      depth,
    )
  );
}

function bytesOfBuffer(value: ArrayBufferView | ArrayBufferLike): number {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  return types.isArrayBuffer(buffer) ? buffer.byteLength : 0;
}

function ofMany(count: number, some: unknown[], depth: number): number {
  if (some.length === 0) return 0;
  const bytes = some.reduce<number>((sum, each) => sum + roughBytes(each, depth + 1), 0);
  return (bytes / some.length) * count;
}

/** Some of the items, at equal distances. */
function spread<T>(items: T[]): T[] {
  if (items.length <= samples) return items;
  return Array.from({ length: samples }, (_, i) => items[Math.floor((i * items.length) / samples)]!);
}

function first<T>(items: Iterable<T>): T[] {
  const found: T[] = [];
  for (const item of items) {
    found.push(item);
    if (found.length === samples) break;
  }
  return found;
}
