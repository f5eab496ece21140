import {
  BrokenThreadPool,
  CancelledError,
  DeadlockError,
  ExecutorShutDown,
  PortalNotRunning,
  TimeoutError,
} from "../task/errors";
import type { AnyFunction } from "../task/types";
import { copyOf, knownId, liveFunction } from "./identity";
import { type ModuleReference, referenceOf, resolveReference } from "./modules";

/** The class of an error, whatever its constructor takes. */
// biome-ignore lint/suspicious/noExplicitAny: the class of an error may take any arguments
export type ErrorClass = abstract new (...args: any[]) => unknown;

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

for (const own of [
  TimeoutError,
  CancelledError,
  BrokenThreadPool,
  ExecutorShutDown,
  DeadlockError,
  PortalNotRunning,
]) {
  registerErrorClass(own);
}

/** The class of an error, as the other side can find it. */
export interface ClassName {
  id?: number;
  name?: string;
  /** The built-in or registered class that it extends. */
  base?: string;
  reference?: ModuleReference;
}

export function classNameOf(errorClass: unknown): ClassName {
  if (typeof errorClass !== "function") return {};
  const found = errorClass as ErrorClass & AnyFunction;
  const name = String(found.name);
  const id = knownId(found);
  // By name it is found without a look at all modules, which a thread would take at its first error.
  if (id !== undefined || byName(name) === found) return { name, id };
  const reference = referenceOf(found);
  return { name, reference, base: reference ? undefined : baseOf(found) };
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

/** The class itself; undefined if this thread does not know it. */
export function classOf({ id, name, reference }: ClassName): ErrorClass | undefined {
  const live = id !== undefined ? (liveFunction(id) ?? copyOf(id)) : undefined;
  if (live) return live as unknown as ErrorClass;
  return reference ? byReference(reference) : byName(name);
}

/** The nearest class that this thread knows in place of one that it does not. */
export function baseClassOf({ base }: ClassName): ErrorClass | undefined {
  return byName(base);
}

function byName(name: string | undefined): ErrorClass | undefined {
  return name ? (registered.get(name) ?? builtin(name)) : undefined;
}

function byReference(reference: ModuleReference): ErrorClass | undefined {
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
