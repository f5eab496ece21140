import type { PackedValue } from "../task/message";
import type { AnyFunction } from "../task/types";
import { explainEval } from "./compile";
import { baseClassOf, type ClassName, classNameOf, classOf } from "./error-class";
import { knownReference } from "./modules";
import { type Packer, packValue } from "./pack";
import type { PackedNode } from "./packed";
import { isErrorLike, isPlain } from "./plain";

/** An error on its way. It always arrives: what cannot go along with it is left out, and its stack says so. */
export interface ErrorShape {
  message: string;
  stack: string;
  /** A DOMException, by its name. */
  dom: string | undefined;
  className: ClassName;
  /** The class itself, for an error that goes along with a task. */
  errorClass: unknown;
  properties: Record<string, unknown>;
  /** Those of the properties that are not enumerable. */
  hidden: string[];
  leftOut: string[];
}

/** Anything that can be thrown; what is no error and cannot be cloned goes as its description. */
export function packThrown(thrown: unknown): PackedValue {
  if (thrown instanceof ReferenceError) explainEval(thrown);
  if (isErrorLike(thrown)) return packValue(thrown, "The error", { transfer: [], thrown: true });
  if (isErrorByName(thrown)) return packThrown(likeness(thrown));
  return { value: isPlain(thrown) ? thrown : describe(thrown) };
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

/** A getter may throw; its property is then left out. */
function read(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Its class goes along with a task when it is one of the program's own; otherwise by what the other side knows. */
export function errorNode(packer: Packer, error: Error, path: string): PackedNode {
  const errorClass = read(error, "constructor");
  const shape: ErrorShape = {
    message: String(read(error, "message") ?? ""),
    stack: String(read(error, "stack") ?? ""),
    dom: error instanceof DOMException ? error.name : undefined,
    className: error instanceof DOMException ? {} : classNameOf(errorClass),
    errorClass: undefined,
    properties: {},
    hidden: [],
    leftOut: [],
  };
  const { thrown, inWorker } = packer.options;
  if (!thrown && !inWorker && typeof errorClass === "function" && !knownReference(errorClass))
    packer.functionOrRemote(shape as never, "errorClass", errorClass as AnyFunction, `${path}.constructor`);
  packProperties(packer, error, shape);
  return { kind: "error", error: shape };
}

function packProperties(packer: Packer, error: Error, shape: ErrorShape): void {
  const outer = packer.leftOut;
  packer.leftOut = shape.leftOut;
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    if (key === "stack" || key === "message") continue;
    const value = read(error, key);
    if (value === undefined) continue;
    packer.into(shape.properties, key, value, key);
    if (!descriptor.enumerable) shape.hidden.push(key);
  }
  packer.leftOut = outer;
}

/** The error anew, with its class, stack and, when all is there, its properties. */
export function makeError(shape: ErrorShape, late: (() => void)[]): Error {
  const error = bare(shape);
  define(error, "stack", shape.stack + leftBehind(shape.leftOut));
  late.push(() => {
    for (const [key, value] of Object.entries(shape.properties))
      define(error, key, value, !shape.hidden.includes(key));
  });
  return error;
}

function bare({ message, dom, className, errorClass }: ErrorShape): Error {
  if (dom !== undefined) return new DOMException(message, dom);
  const error = new Error(message);
  const known = (errorClass as { prototype?: object } | undefined) ?? classOf(className);
  const prototype: unknown = (known ?? baseClassOf(className))?.prototype;
  if (prototype) Object.setPrototypeOf(error, prototype as object);
  const { name } = className;
  if (!known && name && error.name !== name) define(error, "name", name);
  return error;
}

function leftBehind(leftOut: string[]): string {
  return leftOut.length === 0 ? "" : `\n    --- stayed in its thread: ${leftOut.join("; ")} ---`;
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable });
}
