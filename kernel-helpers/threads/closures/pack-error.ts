import type { AnyFunction } from "../task/types";
import { baseClassOf, classNameOf, classOf } from "./error-class";
import { knownReference } from "./modules";
import type { ErrorShape, PackedNode } from "./packed";
import type { Packing } from "./packing";

/** A getter may throw; its property is then left out. */
export function read(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Its class goes along with a task when it is one of the program's own; otherwise by what the other side knows. */
export function errorNode(packer: Packing, error: Error, path: string): PackedNode {
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

function packProperties(packer: Packing, error: Error, shape: ErrorShape): void {
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

export function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable });
}
