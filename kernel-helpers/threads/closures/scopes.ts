import type { Session } from "node:inspector";
import type { AnyFunction } from "../types";

/**
 * What a function's closure holds, read through the inspector protocol inside the process: no port is
 * opened and the debugger is not enabled, so nothing runs slower. `[[Scopes]]` is not documented by V8;
 * test/threads/scopes.test.ts pins what is used of it.
 */

interface Probe {
  fn?: AnyFunction;
  /** V8's list of scopes. */
  list: ArrayLike<{ object: object }>;
}

/** A short name of the global object: the inspector reads it in a third of the time of an expression. */
const key = "__kernelHelpersProbe";
const probe: Probe = { list: [] };
let session: Session | undefined;

function post(method: string, params: object): Record<string, unknown> {
  if (!session) {
    // Loaded when it is needed: most workers never ask.
    session = new (require("node:inspector") as typeof import("node:inspector")).Session();
    session.connect();
    Object.defineProperty(globalThis, key, { value: probe, configurable: true });
  }
  let answer: Record<string, unknown> = {};
  // Within one thread the answer comes before `post` returns.
  session.post(method, params, (error, result) => {
    if (error) throw new Error(`The inspector refused ${method}: ${error.message}`);
    answer = result as Record<string, unknown>;
  });
  return answer;
}

/**
 * The inspector's names for functions that were asked about lately. A name spares a third of the time, but
 * it keeps the function alive, so all are given back after a second or so many questions.
 */
const names = new Map<AnyFunction, string>();
const objectGroup = "kernel-helpers";
const questionsLimit = 500;
let questions = 0;
let release: NodeJS.Timeout | undefined;

function nameOf(fn: AnyFunction): string {
  if (++questions > questionsLimit) releaseNames();
  release ??= setTimeout(releaseNames, 1000).unref();
  let name = names.get(fn);
  if (name === undefined) {
    probe.fn = fn;
    const { result } = post("Runtime.evaluate", { expression: `${key}.fn`, objectGroup });
    probe.fn = undefined;
    name = (result as { objectId: string }).objectId;
    names.set(fn, name);
  }
  return name;
}

function releaseNames(): void {
  clearTimeout(release);
  release = undefined;
  questions = 0;
  names.clear();
  post("Runtime.releaseObjectGroup", { objectGroup });
}

const functionDeclaration = `function(){${key}.list=this}`;

/** The scopes that a function sees, innermost first, each an object of its variables at this moment. */
export function scopesOf(fn: AnyFunction): object[] {
  const { internalProperties } = post("Runtime.getProperties", {
    objectId: nameOf(fn),
    ownProperties: true,
  }) as { internalProperties?: { name: string; value?: { objectId: string } }[] };
  const objectId = internalProperties?.find(({ name }) => name === "[[Scopes]]")?.value?.objectId;
  if (!objectId) return [];
  post("Runtime.callFunctionOn", { objectId, functionDeclaration, silent: true, returnByValue: true });
  const scopes = Array.from(probe.list, ({ object }) => object);
  probe.list = [];
  return scopes;
}
