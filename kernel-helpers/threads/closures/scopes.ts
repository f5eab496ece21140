import type { Session } from "node:inspector";
import type { AnyFunction } from "../task/types";

/**
 * What a function's closure or a weak collection holds, read through the inspector protocol inside the
 * process: no port is opened and the debugger is not enabled, so nothing runs slower. `[[Scopes]]` and
 * `[[Entries]]` are not documented by V8; test/threads/closures/scopes.test.ts pins what is used of them.
 */

interface Probe {
  subject?: object;
  /** V8's list of what was asked for. */
  list: ArrayLike<unknown>;
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
const names = new Map<object, string>();
const objectGroup = "kernel-helpers";
const questionsLimit = 500;
let questions = 0;
let release: NodeJS.Timeout | undefined;

function nameOf(subject: object): string {
  if (++questions > questionsLimit) releaseNames();
  release ??= setTimeout(releaseNames, 1000).unref();
  let name = names.get(subject);
  if (name === undefined) {
    probe.subject = subject;
    const { result } = post("Runtime.evaluate", { expression: `${key}.subject`, objectGroup });
    probe.subject = undefined;
    name = (result as { objectId: string }).objectId;
    names.set(subject, name);
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
  return listOf(fn, "[[Scopes]]").map((scope) => (scope as { object: object }).object);
}

/** The entries of a WeakMap at this moment; of a WeakSet each item is the key. */
export function weakEntriesOf(collection: object): { key: object; value?: unknown }[] {
  type Entry = { key?: object; value: object };
  return listOf(collection, "[[Entries]]").map((entry) => {
    const { key, value } = entry as Entry;
    return key ? { key, value } : { key: value };
  });
}

/** A list that V8 shows of an object besides its properties; empty when there is none. */
function listOf(subject: object, property: string): unknown[] {
  const { internalProperties } = post("Runtime.getProperties", {
    objectId: nameOf(subject),
    ownProperties: true,
  }) as { internalProperties?: { name: string; value?: { objectId: string } }[] };
  const objectId = internalProperties?.find(({ name }) => name === property)?.value?.objectId;
  if (!objectId) return [];
  post("Runtime.callFunctionOn", { objectId, functionDeclaration, silent: true, returnByValue: true });
  const list = Array.from(probe.list);
  probe.list = [];
  return list;
}
