import {
  BrokenThreadPool,
  CancelledError,
  DeadlockError,
  ExecutorShutDown,
  TimeoutError,
} from "../task/errors";
import type { AnyFunction } from "../task/types";
import { copyOf, knownId, liveFunction } from "./identity";
import { type ModuleReference, referenceOf, resolveReference } from "./modules";
import { isPlain } from "./plain";

// biome-ignore lint/suspicious/noExplicitAny: the class of an error may take any arguments
type ErrorClass = abstract new (...args: any[]) => unknown;

const registered = new Map<string, ErrorClass>();

/**
 * Names an error class for both sides, so that `instanceof` holds for errors that crossed. Needed only for
 * a class that threads cannot find by themselves: those that a task captures, that a loaded CommonJS
 * module exports, and the built-in ones are found. Call it in a module that both sides load.
 */
export function registerErrorClass(errorClass: ErrorClass, name = errorClass.name): void {
  if (!name) throw new TypeError("registerErrorClass needs a class with a name, or a name beside it.");
  registered.set(name, errorClass);
}

for (const own of [TimeoutError, CancelledError, BrokenThreadPool, ExecutorShutDown, DeadlockError]) {
  registerErrorClass(own);
}

/** How a thrown value crosses. */
interface PackedError {
  thrown?: unknown;
  dom?: { message: string; name: string };
  classId?: number;
  className?: string;
  /** The built-in or registered class that it extends. */
  baseName?: string;
  reference?: ModuleReference;
  message: string;
  stack: string;
  properties: Record<string, unknown>;
  /** Properties that are errors. */
  nested?: Record<string, PackedError>;
  cause?: [PackedError];
  errors?: PackedError[];
}

/** Anything that can be thrown, as plain data; what cannot be cloned is left out, never the error. */
export function packError(thrown: unknown, memo = new Map<object, PackedError>()): PackedError {
  if (!isErrorLike(thrown)) return { ...empty(), thrown: isPlain(thrown) ? thrown : describe(thrown) };
  const known = memo.get(thrown);
  if (known) return known;
  const packed: PackedError = empty();
  memo.set(thrown, packed);
  packed.message = String(read(thrown, "message") ?? "");
  packed.stack = String(read(thrown, "stack") ?? "");
  if (thrown instanceof DOMException) packed.dom = { message: thrown.message, name: thrown.name };
  else packClass(packed, thrown);
  packProperties(packed, thrown, memo);
  return packed;
}

function empty(): PackedError {
  return { message: "", stack: "", properties: {} };
}

/** A getter may throw; its property is then left out. */
function read(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function isErrorLike(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

function describe(value: unknown): string {
  if (typeof value === "symbol") return String(value);
  return typeof value === "function" ? `function ${value.name}` : Object.prototype.toString.call(value);
}

function packClass(packed: PackedError, error: Error): void {
  const errorClass = read(error, "constructor") as ErrorClass & AnyFunction;
  if (typeof errorClass !== "function") return;
  packed.className = errorClass.name;
  packed.classId = knownId(errorClass);
  // By name it is found without a look at all modules, which a thread would take at its first error.
  if (packed.classId !== undefined || named(errorClass.name) === errorClass) return;
  packed.reference = referenceOf(errorClass);
  if (!packed.reference) packed.baseName = baseOf(errorClass);
}

/** For a class that only the sender knows. */
function baseOf(errorClass: ErrorClass): string | undefined {
  let base: unknown = errorClass;
  while (typeof base === "function") {
    base = Object.getPrototypeOf(base);
    const { name } = base as { name: string };
    if (base === builtin(name) || base === registered.get(name)) return name;
  }
  return undefined;
}

function packProperties(packed: PackedError, error: Error, memo: Map<object, PackedError>): void {
  for (const key of Object.getOwnPropertyNames(error)) {
    if (key === "stack" || key === "message") continue;
    const value = read(error, key);
    if (value === undefined) continue;
    if (key === "cause") packed.cause = [packError(value, memo)];
    else if (key === "errors" && Array.isArray(value))
      packed.errors = value.map((each) => packError(each, memo));
    else if (isErrorLike(value)) packed.nested = { ...packed.nested, [key]: packError(value, memo) };
    else if (isPlain(value)) packed.properties[key] = value;
  }
}

/** The error anew, with its class, properties, cause and stack. */
export function unpackError(data: unknown, memo = new Map<PackedError, Error>()): unknown {
  const packed = data as PackedError;
  if ("thrown" in packed) return packed.thrown;
  const known = memo.get(packed);
  if (known) return known;
  const error = bare(packed);
  memo.set(packed, error);
  define(error, "stack", packed.stack);
  for (const [key, value] of Object.entries(packed.properties)) {
    Object.defineProperty(error, key, {
      value,
      writable: true,
      configurable: true,
      enumerable: key !== "name",
    });
  }
  for (const [key, value] of Object.entries(packed.nested ?? {})) {
    (error as unknown as Record<string, unknown>)[key] = unpackError(value, memo);
  }
  if (packed.cause) define(error, "cause", unpackError(packed.cause[0], memo));
  if (packed.errors)
    define(
      error,
      "errors",
      packed.errors.map((each) => unpackError(each, memo)),
    );
  return error;
}

function bare(packed: PackedError): Error {
  if (packed.dom) return new DOMException(packed.dom.message, packed.dom.name);
  const error = new Error(packed.message);
  const known = classOf(packed);
  const prototype: unknown = (known ?? named(packed.baseName))?.prototype;
  if (prototype) Object.setPrototypeOf(error, prototype as object);
  if (!known && packed.className && error.name !== packed.className) define(error, "name", packed.className);
  return error;
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

function classOf({ classId, className, reference }: PackedError): ErrorClass | undefined {
  const live = classId !== undefined ? (liveFunction(classId) ?? copyOf(classId)) : undefined;
  if (live) return live as unknown as ErrorClass;
  if (reference) return classByReference(reference);
  return named(className);
}

function named(name: string | undefined): ErrorClass | undefined {
  return name ? (registered.get(name) ?? builtin(name)) : undefined;
}

function classByReference(reference: ModuleReference): ErrorClass | undefined {
  try {
    return resolveReference(reference) as ErrorClass;
  } catch {
    // A module that this thread cannot load: the error then keeps its name and properties.
    return undefined;
  }
}

function builtin(name: string): ErrorClass | undefined {
  const found = (globalThis as unknown as Record<string, unknown>)[name] as ErrorClass | undefined;
  return found === Error || found?.prototype instanceof Error ? found : undefined;
}
