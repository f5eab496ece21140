/** Values of threads as DAP's variables: what a front end opens it asks for by a number. */

import type { InspectorSession, Params } from "../../inspector";
import type { DebuggedThread } from "./debugged-thread";
import { lengthOf, textOf, typeOf } from "./remote-values";

/** A variable as the Debug Adapter Protocol has it. */
export interface Variable {
  name: string;
  value: string;
  type?: string;
  /** 0 for a value that has nothing inside. */
  variablesReference: number;
  namedVariables?: number;
  indexedVariables?: number;
  evaluateName?: string;
  presentationHint?: { lazy?: boolean; kind?: string; visibility?: string };
}

interface Page {
  filter?: "named" | "indexed";
  start?: number;
  count?: number;
}

export interface Container {
  thread: DebuggedThread;
  children(page: Page): Promise<Variable[]>;
  /** Gives a child another value, an expression. */
  set(name: string, value: Params): Promise<void>;
}

/** A list longer than this opens in parts of so many items. */
const partLength = 100;

export class Variables {
  /** JupyterLab's tree shows the type in place of the value, unless it is one of Python's or absent. */
  withTypes = true;
  readonly #containers = new Map<number, Container>();
  #last = 0;

  get(reference: number): Container | undefined {
    return this.#containers.get(reference);
  }

  /** What a thread's numbers stand for is gone when it goes on. */
  forget(thread: DebuggedThread) {
    for (const [reference, container] of this.#containers)
      if (container.thread === thread) this.#containers.delete(reference);
  }

  add(container: Container): number {
    this.#containers.set(++this.#last, container);
    return this.#last;
  }

  variable(thread: DebuggedThread, name: string, remote: Params, evaluateName?: string): Variable {
    const length = lengthOf(remote);
    const opens = remote.objectId && remote.subtype !== "regexp";
    return {
      name,
      value: textOf(remote),
      ...(this.withTypes && { type: typeOf(remote) }),
      variablesReference: opens ? this.add(this.object(thread, remote, evaluateName)) : 0,
      ...(length > 0 && { indexedVariables: length, namedVariables: 1 }),
      ...(evaluateName && { evaluateName }),
    };
  }

  object(thread: DebuggedThread, remote: Params, path: string | undefined): Container {
    const { session } = thread;
    const { objectId } = remote;
    const length = lengthOf(remote);
    return {
      thread,
      children: async ({ filter, start, count }) => {
        const named = filter === "indexed" ? [] : await this.#properties(thread, remote, path);
        if (length === 0 || filter === "named") return named.slice(start, count && (start ?? 0) + count);
        const isPage = filter === "indexed" || start !== undefined;
        const items = isPage
          ? await this.#items(thread, objectId, start ?? 0, count || length, path)
          : await this.#parts(thread, objectId, 0, length, path);
        return [...items, ...(isPage ? [] : named)];
      },
      set: (name, value) =>
        remote.subtype === "internal#entry" ? refuseEntries() : setProperty(session, objectId, name, value),
    };
  }

  /** Copies, made for this look. */
  #entries(thread: DebuggedThread, remote: Params): Variable {
    const container = { ...this.object(thread, remote, undefined), set: refuseEntries };
    return { ...this.variable(thread, "entries", remote), variablesReference: this.add(container) };
  }

  async #items(thread: DebuggedThread, objectId: string, start: number, count: number, path?: string) {
    // The items alone cross, however long the list is.
    const { result } = await thread.session.post("Runtime.callFunctionOn", {
      objectId,
      functionDeclaration:
        "function (start, end) { const part = {}; for (let i = start; i < end; i++) if (i in this) part[i] = this[i]; return part }",
      arguments: [{ value: start }, { value: start + count }],
    });
    return this.#properties(thread, result, path);
  }

  /** Items `start` to `end`, or parts of them that open. */
  async #parts(
    thread: DebuggedThread,
    objectId: string,
    start: number,
    end: number,
    path?: string,
  ): Promise<Variable[]> {
    const length = end - start;
    if (length <= partLength) return this.#items(thread, objectId, start, length, path);
    let size = partLength;
    while (size * partLength < length) size *= partLength;
    return Array.from({ length: Math.ceil(length / size) }, (_, index) => {
      const first = start + index * size;
      const next = Math.min(first + size, end);
      const container: Container = {
        thread,
        children: () => this.#parts(thread, objectId, first, next, path),
        set: (name, value) => setProperty(thread.session, objectId, name, value),
      };
      return {
        name: `[${first} … ${next - 1}]`,
        value: "",
        variablesReference: this.add(container),
      };
    });
  }

  async #properties(thread: DebuggedThread, remote: Params, path: string | undefined): Promise<Variable[]> {
    const {
      result,
      internalProperties = [],
      privateProperties = [],
    } = await thread.session.post("Runtime.getProperties", {
      objectId: remote.objectId,
      ownProperties: true,
      generatePreview: true,
      ...skipItems(remote),
    });
    const own = [...result, ...privateProperties].flatMap((each: Params) =>
      this.#property(thread, remote, each, path),
    );
    const inside = internalProperties.flatMap((each: Params) => this.#internal(thread, remote, each));
    return [...own, ...inside];
  }

  #property(
    thread: DebuggedThread,
    remote: Params,
    { name, value, get, enumerable, symbol }: Params,
    path?: string,
  ) {
    if (name === "__proto__") return [];
    if (value) {
      if (remote.type === "function" && !enumerable) return [];
      const variable = this.variable(thread, name, value, symbol ? undefined : pathTo(path, name));
      if (enumerable === false) variable.presentationHint = { visibility: "internal" };
      return variable;
    }
    return get?.type === "function" ? this.#getter(thread, remote.objectId, name, get) : [];
  }

  /** A getter runs code of the reader's: only when it is opened. */
  #getter(thread: DebuggedThread, objectId: string, name: string, get: Params): Variable {
    const container: Container = {
      thread,
      children: async () => {
        const { result, exceptionDetails } = await thread.session.post("Runtime.callFunctionOn", {
          objectId,
          functionDeclaration: "function (get) { return Reflect.apply(get, this, []) }",
          arguments: [{ objectId: get.objectId }],
          generatePreview: true,
          silent: true,
        });
        return [this.variable(thread, exceptionDetails ? "throws" : "value", result)];
      },
      set: (_, value) => setProperty(thread.session, objectId, name, value),
    };
    const variablesReference = this.add(container);
    return { name, value: "(…)", variablesReference, presentationHint: { lazy: true } };
  }

  /** What V8 keeps of an object besides its properties. */
  #internal(thread: DebuggedThread, remote: Params, { name, value }: Params): Variable[] {
    if (!value) return [];
    if (
      name === "[[PromiseState]]" ||
      name === "[[PromiseResult]]" ||
      name === "[[Target]]" ||
      name === "[[Handler]]"
    )
      return [this.variable(thread, name, value)];
    // Where methods and getters of the reader's classes are.
    if (name === "[[Prototype]]" && remote.type === "object" && !(remote.className in globalThis))
      return [this.variable(thread, name, value)];
    if (name === "[[Entries]]" && remote.subtype !== "weakmap" && remote.subtype !== "weakset")
      return [this.#entries(thread, value)];
    return [];
  }
}

const refuseEntries = async (): Promise<never> => {
  throw new Error("Entries are changed by an expression, as map.set(key, value).");
};

/** The items of a list are asked for by themselves. */
const skipItems = (remote: Params) => (lengthOf(remote) > 0 ? { nonIndexedPropertiesOnly: true } : {});

function pathTo(path: string | undefined, name: string): string | undefined {
  if (path === undefined) return undefined;
  if (path === "") return name;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
    ? `${path}.${name}`
    : `${path}[${JSON.stringify(name)}]`;
}

export async function setProperty(
  session: InspectorSession,
  objectId: string,
  name: string,
  value: Params,
): Promise<void> {
  const { exceptionDetails } = await session.post("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration:
      "function (name, value) { 'use strict'; if (!(name in this)) throw new Error('There is no variable ' + name + ' here.'); this[name] = value }",
    arguments: [{ value: name }, value],
    silent: true,
  });
  if (exceptionDetails) throw new Error(textOf(exceptionDetails.exception));
}
