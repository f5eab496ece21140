import { AsyncLocalStorage } from "node:async_hooks";
import { newId, WeakById } from "../task/collections";
import { type Revivable, type Revival, toTransfer } from "../task/transferable";

/**
 * Context variables, after Python's `contextvars` (PEP 567), over AsyncLocalStorage.
 *
 * What is guaranteed
 * - After `set(v)` an async function reads `v`, across its awaits, until it sets again; so does everything
 *   it starts later: calls, timers, promises, `toThread`, `runCoroutineThreadsafe` back on the loop.
 * - Handlers that are in flight together and each set the variable are kept apart, however they interleave.
 * - What `run`, `Context.run`, a function given to `gather` and a task of a `TaskGroup` set stays inside.
 * - A context that crosses to a thread and back is a copy: a set there is not seen here.
 *
 * Where it differs from Python. A JavaScript async function runs at once, in its caller's context, until
 * its first `await`; a Python coroutine that `gather` starts has a context of its own.
 * - A set *before* the handler's first `await` is also seen by the caller after the call, and so by a
 *   sibling that is started next and does not set the variable itself. Start such handlers as functions,
 *   `gather([() => handle("a"), () => handle("b")])`, and each has a copied context, as in Python.
 * - A set *after* an `await` is not seen by the caller, even when it awaits the function directly; in
 *   Python it is. Return the value instead.
 * - A set at the top of a notebook cell holds for that cell and for what it starts.
 */

type Values = ReadonlyMap<string, Entry>;
/** @internal */
export interface Entry {
  name: string;
  value: unknown;
}
/** What this point of the program sees, and the context (if one was entered) that a `set` here belongs to. */
interface Scope {
  context: Context | undefined;
  values: Values;
}

const storage = new AsyncLocalStorage<Scope>();
const none: Values = new Map();
const unset: unique symbol = Symbol("no default");

/** `ContextVar.get` found neither a value nor a default. */
export class LookupError extends Error {
  override name = "LookupError";
}

/** Given back by `set`; `reset(token)` restores what the variable was before. */
export class Token<T> {
  /** @internal */
  used = false;

  /** @internal */
  constructor(
    readonly variable: ContextVar<T>,
    /** What the variable held before, or undefined when it was not set (see `wasSet`). */
    readonly oldValue: T | undefined,
    readonly wasSet: boolean,
    /** @internal */
    readonly context: Context | undefined,
  ) {}

  /** `using token = variable.set(value)` resets at the end of the block. */
  [Symbol.dispose](): void {
    if (!this.used) this.variable.reset(this);
  }
}

export interface ContextVarOptions<T> {
  /** What `get()` gives while nothing is set. It travels to workers with the variable. */
  default?: T;
  /**
   * Identity across threads. A variable that a cell captures keeps its identity by itself; give an id
   * when a module makes the variable and both the loop and the workers load that module. Default: a new one.
   */
  id?: string;
}

/**
 * A variable with a value of its own in each chain of async calls. Throws TypeError when the name is no string.
 *
 * @example
 * const requestId = new ContextVar("request_id", { default: "unknown" });
 * requestId.set("REQ-001");
 * await toThread(() => requestId.get()); // "REQ-001"
 */
export class ContextVar<T> implements Revivable {
  readonly name: string;
  readonly id: string;
  readonly #default: T | typeof unset;

  constructor(name: string, options: ContextVarOptions<T> = {}) {
    if (typeof name !== "string") {
      throw new TypeError(`A ContextVar needs a name, a string such as "request_id", got ${typeof name}.`);
    }
    this.name = name;
    this.id = options.id ?? newId();
    this.#default = "default" in options ? (options.default as T) : unset;
    known.set(this.id, this as ContextVar<unknown>);
  }

  /** The value here, else `fallback`, else the default; throws LookupError when there is none of them. */
  get(): T;
  get<F>(fallback: F): T | F;
  get(...fallback: unknown[]): unknown {
    const entry = storage.getStore()?.values.get(this.id);
    if (entry) return entry.value;
    if (fallback.length > 0) return fallback[0];
    if (this.#default !== unset) return this.#default;
    throw new LookupError(
      `ContextVar "${this.name}" has no value here and no default. ` +
        `Call set() before, or give one: new ContextVar("${this.name}", { default: … }).`,
    );
  }

  /**
   * Sets the value for the rest of this async function, across its awaits, and for what it starts: calls, timers,
   * `toThread`. Before the first `await` the caller sees it, too, after it no more (in Python it does). The token
   * restores what was before: `reset(token)`, or `using token = variable.set(value)`.
   */
  set(value: T): Token<T> {
    const { context, values } = currentScope();
    const old = values.get(this.id);
    changeScope((from) => withValue(from, this, value));
    return new Token<T>(this, old?.value as T | undefined, old !== undefined, context);
  }

  /**
   * Restores what the variable held before the `set` that gave the token. Throws when the token is of
   * another variable, was used already, or was made in another context.
   */
  reset(token: Token<T>): void {
    checkToken(token, this);
    token.used = true;
    changeScope((from) => (token.wasSet ? withValue(from, this, token.oldValue) : withoutValue(from, this)));
  }

  /** Calls `fn` with this value set; nothing that `fn` sets is seen outside. Gives, or throws, what `fn` does. */
  run<A extends unknown[], R>(value: T, fn: (...args: A) => R, ...args: A): R {
    const context = new Context(withValue(currentScope().values, this, value));
    return context.run(fn, ...args);
  }

  [toTransfer](): Revival {
    const options = this.#default === unset ? {} : { default: this.#default };
    return { module: __filename, name: "reviveContextVar", data: { id: this.id, name: this.name, options } };
  }
}

/** The values of all variables at one moment; `run` calls a function with them. */
export class Context {
  /** @internal */
  values: Values;

  /** @internal */
  constructor(values: Values = none) {
    this.values = values;
  }

  /** Calls `fn` in this context. What it sets stays in here: the caller does not see it, `get` does. */
  run<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): R {
    return storage.run({ context: this, values: this.values }, () => fn(...args));
  }

  /** The variable's value in this context, or undefined; defaults do not count. */
  get<T>(variable: ContextVar<T>): T | undefined {
    return this.values.get(variable.id)?.value as T | undefined;
  }

  /** True when the variable is set in this context; a default does not count. */
  has<T>(variable: ContextVar<T>): boolean {
    return this.values.has(variable.id);
  }

  /** A copy, in which sets do not change this one. */
  copy(): Context {
    return new Context(this.values);
  }

  /** How many variables are set. */
  get size(): number {
    return this.values.size;
  }

  /** The variables that are set, each with its value. */
  *[Symbol.iterator](): IterableIterator<[ContextVar<unknown>, unknown]> {
    for (const [id, { name, value }] of this.values) yield [reviveContextVar({ id, name }), value];
  }
}

/** A copy of the context here: later sets do not change it. */
export function copyContext(): Context {
  return new Context(currentScope().values);
}

const outermost: Scope = { context: undefined, values: none };

function currentScope(): Scope {
  return storage.getStore() ?? outermost;
}

function changeScope(change: (values: Values) => Values): void {
  const { context, values } = currentScope();
  if (context) context.values = change(context.values);
  storage.enterWith({ context, values: change(values) });
}

function withValue<T>(values: Values, variable: ContextVar<T>, value: unknown): Values {
  return new Map(values).set(variable.id, { name: variable.name, value });
}

function withoutValue<T>(values: Values, variable: ContextVar<T>): Values {
  const rest = new Map(values);
  rest.delete(variable.id);
  return rest;
}

function checkToken<T>(token: Token<T>, variable: ContextVar<T>): void {
  const made = `This token was made by set() of ContextVar "${token.variable.name}"`;
  if (token.variable.id !== variable.id) {
    throw new TypeError(`${made}, not of "${variable.name}": reset that one.`);
  }
  if (token.used) throw new Error(`${made} and has been used: a token resets once.`);
  if (token.context !== currentScope().context) {
    throw new Error(`${made} in another context: reset it where it was set.`);
  }
}

// ---- Across threads; the values cross by context-wire ----

const known = new WeakById<ContextVar<unknown>>();

/** This thread's one variable of that id; made when it is first heard of. */
export function reviveContextVar(data: {
  id: string;
  name: string;
  options?: ContextVarOptions<unknown>;
}): ContextVar<unknown> {
  const variable = known.get(data.id);
  return variable ?? new ContextVar<unknown>(data.name, { ...data.options, id: data.id });
}
