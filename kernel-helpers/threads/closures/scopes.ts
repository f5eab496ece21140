import { OwnThreadSession, type Params } from "../../inspector";
import type { AnyFunction } from "../task/types";

/**
 * What a function's closure or a weak collection holds, read through the inspector protocol inside the
 * process: no port is opened and the debugger is not enabled, so nothing runs slower. `[[Scopes]]` and
 * `[[Entries]]` are not documented by V8; test/threads/closures/scopes.test.ts pins what is used of them.
 */

interface Probe {
  /** Tells it from that of another copy of this package, in another `vm` context. */
  id: string;
  subject?: object;
  /** V8's list of what was asked for. */
  list: ArrayLike<unknown>;
}

/** A short name of the global object: the inspector reads it in a third of the time of an expression. */
let key = "__kernelHelpersProbe";
const probe: Probe = { id: `${process.pid} ${Math.random()}`, list: [] };
let session: OwnThreadSession | undefined;
let functionDeclaration = "";
/** The inspector's number for the `vm` context in which this file runs, as under Jest; undefined for that of Node. */
let contextId: number | undefined;

/** The inspector does not show this file's own context, or there is no inspector. */
class ScopesUnreadable extends Error {}

function connect(): OwnThreadSession {
  const opened = new OwnThreadSession();
  session = opened;
  // Another copy of this package has its own: cells and kernel, or two versions that npm installed.
  while (Object.hasOwn(globalThis, key)) key += "_";
  functionDeclaration = `function(){${key}.list=this}`;
  Object.defineProperty(globalThis, key, { value: probe, configurable: true });
  if (seesProbe()) return opened;
  contextId = contextIds(opened).find((id) => seesProbe(id));
  if (contextId === undefined) throw new ScopesUnreadable("The inspector does not show this vm context.");
  return opened;
}

function seesProbe(id?: number): boolean {
  const { result } = post("Runtime.evaluate", { expression: `globalThis.${key}?.id`, contextId: id });
  return (result as { value?: unknown }).value === probe.id;
}

function contextIds(asked: OwnThreadSession): number[] {
  const ids: number[] = [];
  asked.on("Runtime.executionContextCreated", ({ context }) => ids.push(context.id));
  asked.ask("Runtime.enable");
  asked.ask("Runtime.disable");
  return ids;
}

function post(method: string, params: object): Params {
  session ??= connect();
  return session.ask(method, params);
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
    session ??= connect();
    probe.subject = subject;
    const { result } = post("Runtime.evaluate", {
      expression: `${key}.subject`,
      objectGroup,
      contextId,
    });
    probe.subject = undefined;
    name = (result as { objectId?: string }).objectId;
    if (name === undefined) throw new ScopesUnreadable("The inspector does not show the function.");
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

/**
 * The scopes that a function sees, innermost first, each an object of its variables at this moment; without the
 * global object of its realm, which V8 lists last.
 */
export function scopesOf(fn: AnyFunction): object[] {
  const scopes = listOf(fn, "[[Scopes]]");
  return scopes.slice(0, -1).map((scope) => (scope as { object: object }).object);
}

interface Script {
  url: string;
  isModule: boolean;
  /** Its text names it: so may that of code given to `eval`. */
  hasSourceURL: boolean;
}

const scripts = new Map<string, Script>();

/** The URL or path of the script that the function stands in; "" where it has none. */
export function scriptOf(fn: AnyFunction): string {
  const id = scriptIdOf(fn);
  if (id !== undefined && !scripts.has(id)) askDebugger(() => {});
  return scripts.get(id ?? "")?.url ?? "";
}

/** The script that the function stands in; `source` reads its text, and `isFile` is false for code given to `eval`. */
export function scriptAround(
  fn: AnyFunction,
): { id: string; isModule: boolean; isFile: boolean; source(): string } | undefined {
  const id = scriptIdOf(fn);
  if (id === undefined) return undefined;
  let source: string | undefined;
  const readSource = () =>
    askDebugger((session) => {
      source = (session.ask("Debugger.getScriptSource", { scriptId: id }) as { scriptSource: string })
        .scriptSource;
    });
  if (!scripts.has(id)) readSource();
  const { url, isModule, hasSourceURL } = scripts.get(id)!;
  return {
    id,
    isModule,
    isFile: url !== "" && !hasSourceURL,
    source() {
      if (source === undefined) readSource();
      return source!;
    },
  };
}

function scriptIdOf(fn: AnyFunction): string | undefined {
  const { internalProperties = [] } = propertiesOf(fn);
  const location = internalProperties.find(({ name }) => name === "[[FunctionLocation]]")?.value?.value;
  return (location as { scriptId?: string } | undefined)?.scriptId;
}

/** It lists all scripts when it is enabled, some 10 ms: in a session of its own, only as long as that takes. */
function askDebugger(ask: (session: OwnThreadSession) => void): void {
  const session = new OwnThreadSession();
  session.on("Debugger.scriptParsed", ({ scriptId, ...script }) => scripts.set(scriptId, script));
  session.ask("Debugger.enable");
  ask(session);
  session.close();
}

/** The static fields of a class that are private, by name with its `#`. */
export function privateStaticsOf(fn: AnyFunction): Record<string, unknown> {
  const { privateProperties = [] } = propertiesOf(fn);
  return Object.fromEntries(
    privateProperties.map(({ name, value }) => [name, value && remoteValue(value)] as const),
  );
}

/** The value that a remote object of the inspector stands for. */
function remoteValue({ objectId, value, unserializableValue }: RemoteValue): unknown {
  if (objectId === undefined) return unserializableValue === undefined ? value : number(unserializableValue);
  post("Runtime.callFunctionOn", { objectId, functionDeclaration, silent: true, returnByValue: true });
  const found: unknown = probe.list;
  probe.list = [];
  return found;
}

interface RemoteValue {
  objectId?: string;
  value?: unknown;
  unserializableValue?: string;
}

function number(text: string): unknown {
  return text.endsWith("n") ? BigInt(text.slice(0, -1)) : Number(text);
}

/** The entries of a WeakMap at this moment; of a WeakSet each item is the key. */
export function weakEntriesOf(collection: object): { key: object; value?: unknown }[] {
  type Entry = { key?: object; value: object };
  return listOf(collection, "[[Entries]]").map((entry) => {
    const { key, value } = entry as Entry;
    return key ? { key, value } : { key: value };
  });
}

interface Property {
  name: string;
  value?: RemoteValue;
}

function propertiesOf(subject: object) {
  return post("Runtime.getProperties", { objectId: nameOf(subject), ownProperties: true }) as {
    internalProperties?: Property[];
    privateProperties?: Property[];
  };
}

/** A list that V8 shows of an object besides its properties; empty when there is none. */
function listOf(subject: object, property: string): unknown[] {
  const { internalProperties } = propertiesOf(subject);
  const objectId = internalProperties?.find(({ name }) => name === property)?.value?.objectId;
  if (!objectId) return [];
  post("Runtime.callFunctionOn", { objectId, functionDeclaration, silent: true, returnByValue: true });
  const list = Array.from(probe.list);
  probe.list = [];
  return list;
}
