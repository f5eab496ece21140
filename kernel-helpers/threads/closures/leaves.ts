import { isDetached } from "../task/transfer-list";
import type { PackedNode } from "./packed";
import { DataCloneError, refusal } from "./refusal";

/** Nodes of values that hold no others. */

/** The `require` of a module or a notebook: it goes as the folder that it resolves from. */
export function isRequire(value: unknown): value is NodeJS.Require {
  return typeof value === "function" && "resolve" in value && "cache" in value;
}

export function requireNode(value: NodeJS.Require): PackedNode {
  return { kind: "require", folder: value.resolve.paths("./")?.[0] ?? process.cwd() };
}

export function symbolNode(value: symbol, path: string): PackedNode {
  const key = Symbol.keyFor(value);
  if (key !== undefined) return { kind: "symbol", key, wellKnown: false };
  const name = (value.description ?? "").replace(/^Symbol\./, "");
  if ((Symbol as unknown as Record<string, unknown>)[name] === value) {
    return { kind: "symbol", key: name, wellKnown: true };
  }
  throw new DataCloneError(path, `${String(value)}, unique to its thread`, "Use Symbol.for(…).");
}

export function bufferNode(value: Buffer, path: string): PackedNode {
  if (isDetached(value.buffer)) throw refusal(value, path);
  return { kind: "buffer", bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) };
}
