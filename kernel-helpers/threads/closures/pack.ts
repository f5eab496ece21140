import type { WireContext } from "../context/wire-context";
import type { Packed, PackedValue } from "../task/message";
import type { AnyFunction } from "../task/types";
import { explainEval } from "./compile";
import { define, read } from "./pack-error";
import { Packer } from "./packer";
import type { PackOptions } from "./packing";
import { type Findings, isErrorLike, isPlain, mostLevels, newFindings, TooDeep } from "./plain";
import { DataCloneError } from "./refusal";

/** Packs each property of `root`; throws DataCloneError with the path of what cannot go. */
export function pack(
  root: Record<string, unknown>,
  paths: Record<string, string>,
  options: PackOptions,
  findings?: Findings,
): Packed {
  const packer = new Packer(options, findings);
  const holder: Record<string, unknown> = {};
  packer.packed.root = holder;
  for (const key in root) packer.into(holder, key, root[key], paths[key] ?? key);
  packer.finish();
  return packer.packed;
}

/** What a call takes to the other side; its arguments and its context go as they are when they are plain. */
export function packCall(
  call: { fn?: AnyFunction; args: unknown[]; context: WireContext },
  name: string,
  options: PackOptions,
): { args?: unknown[]; context?: WireContext; packed?: Packed } {
  const { fn, args, context } = call;
  const findings = newFindings();
  return withinStack(`What ${name} takes along`, () => {
    if (!fn && args.every((each) => isPlain(each, findings)) && isPlain(context))
      return context ? { args, context } : { args };
    const root = fn ? { fn, args, context } : { args, context };
    return { packed: pack(root, { fn: name, args: `The arguments of ${name}` }, options, findings) };
  });
}

/** One value, as it is when it is plain; throws DataCloneError, which calls it `label`. */
export function packValue(value: unknown, label: string, options: PackOptions): PackedValue {
  return withinStack(label, () =>
    isPlain(value) ? { value } : { packed: pack({ value }, { value: label }, options) },
  );
}

/** Names the value that is nested too deeply, for this thread or for the one that is to read it. */
function withinStack<T>(path: string, packing: () => T): T {
  try {
    return packing();
  } catch (error) {
    const isStack = error instanceof RangeError && error.message.includes("call stack");
    if (!isStack && !(error instanceof TooDeep)) throw error;
    const wayOut = "Send a flat list, whose items name others by their index, or a string.";
    throw new DataCloneError(path, `nested more than ${mostLevels} levels deep`, wayOut);
  }
}

/** Anything that can be thrown; what is no error and cannot be cloned goes as its description. */
export function packThrown(thrown: unknown): PackedValue {
  if (thrown instanceof ReferenceError) explainEval(thrown);
  if (isErrorLike(thrown)) return packValue(thrown, "The error", { transfer: [], thrown: true });
  if (isErrorByName(thrown)) return packThrown(likeness(thrown));
  return { value: canGo(thrown) ? thrown : describe(thrown) };
}

function canGo(thrown: unknown): boolean {
  try {
    return isPlain(thrown);
  } catch {
    // Nested too deeply, or a getter of it throws.
    return false;
  }
}

/** An error of another realm that Node does not take for one. */
function isErrorByName(value: unknown): value is Error {
  return Object.prototype.toString.call(value) === "[object Error]";
}

function likeness(thrown: Error): Error {
  const error = new Error(String(read(thrown, "message") ?? ""));
  for (const key of Object.getOwnPropertyNames(thrown)) define(error, key, read(thrown, key));
  return error;
}

function describe(value: unknown): string {
  if (typeof value === "symbol") return String(value);
  return typeof value === "function" ? `function ${value.name}` : Object.prototype.toString.call(value);
}
