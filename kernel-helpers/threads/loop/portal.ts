import { MessageChannel, threadId } from "node:worker_threads";
import { makeTaskMessage } from "../closures/task-message";
import { newId, WeakById } from "../task/collections";
import { DeadlockError, PortalNotRunning, TimeoutError } from "../task/errors";
import type { Future } from "../task/future";
import { checkResourceLimits, requireFunction, requireKnown, requireMilliseconds } from "../task/options";
import { type SubmitSite, submitSite } from "../task/submit-site";
import { type Revivable, type Revival, toTransfer } from "../task/transferable";
import { type AnyFunction, functionName } from "../task/types";
import { Handle } from "./handle";
import { PortalClient } from "./portal-client";
import { type PortalOptions, PortalOwner, type StopOptions } from "./portal-owner";
import type { Line } from "./portal-protocol";

/** How one call runs. */
export interface PortalCallOptions {
  /**
   * Milliseconds that `call` and `callHandle` wait at most; then they throw TimeoutError and the task is
   * cancelled. Default: no limit. For `startTaskSoon` say it where you wait: `future.result(timeoutMs)`.
   */
  timeout?: number;
  /** What charts and errors call the task. @default the function's name */
  name?: string;
  /** Buffers, ports and streams among the arguments that move instead of being copied. */
  transfer?: readonly object[];
  /** Values for variables that the function captures, in place of those that it has. */
  captures?: Record<string, unknown>;
}

/** The calls of a portal; `portal.with(options)` gives them with options. */
export interface PortalCalls {
  /**
   * Calls `fn(...args)` in the portal's thread and **blocks this thread** until what it returns has settled. Gives
   * the value, or throws the error, with its class, its fields and both stacks.
   *
   * Throws TypeError if `fn` is not a function, DataCloneError for what cannot go to the thread or come back,
   * PortalNotRunning after `stop` or when the thread has ended, DeadlockError in the portal's own thread, when portals
   * wait for each other in a circle without a `timeout`, and for a promise that nothing can settle any more, CancelledError when this code is itself a task that is cancelled.
   */
  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R>;
  /**
   * Starts `fn(...args)` in the portal's thread and returns at once. `future.result(timeoutMs)` blocks for the
   * result, `future.cancel()` cancels the task, `await future` works as well. Throws what `call` throws before a
   * task has started; a future that nobody asks keeps its error to itself.
   */
  startTaskSoon<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>>;
  /**
   * As `call`, but the value stays in the portal's thread, and a handle of it comes back: a connection, a client,
   * a server. Functions that are called later get the handle, as an argument or as a captured variable, and find
   * the value in `handle.value`.
   */
  callHandle<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Handle<Awaited<R>>;
}

/**
 * An event loop in a thread of its own for **synchronous code**, after AnyIO's `BlockingPortal`: made by
 * `startBlockingPortal`. All calls run in the one thread, many at a time, so that they share what lives there:
 * connections and servers (by `callHandle`), modules, `globalThis`, timers. Arguments, captured values and results
 * are copies. Context variables go along with each call. `toThread` and executors that a call makes belong to the
 * portal's loop and end with it; one that this thread has made cannot serve the portal while this thread waits.
 *
 * It travels to other threads as an argument or a captured variable, and serves them all. It keeps no process alive.
 */
export class BlockingPortal implements PortalCalls, Revivable, Disposable {
  readonly #id: string;
  readonly #client: PortalClient;
  readonly #owner: PortalOwner | undefined;
  #stopped = false;

  /** @internal */
  constructor(id: string, client: PortalClient, owner?: PortalOwner) {
    this.#id = id;
    this.#client = client;
    this.#owner = owner;
    known.set(id, this);
  }

  /** False after `stop`, and when the thread has ended. */
  get running(): boolean {
    return !this.#stopped && this.#client.over === undefined;
  }

  call<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R> {
    return this.#call(fn, args, {}, submitSite()) as Awaited<R>;
  }

  startTaskSoon<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    return this.#start(fn, args, {}, submitSite()) as Future<Awaited<R>>;
  }

  callHandle<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Handle<Awaited<R>> {
    return this.#callHandle(fn, args, {}, submitSite()) as Handle<Awaited<R>>;
  }

  /** The same calls with options: `portal.with({ timeout: 1000 }).call(fn, ...args)`. */
  with(options: PortalCallOptions): PortalCalls {
    requireKnown("a portal's call", options, callOptions);
    requireMilliseconds("timeout", options.timeout);
    return {
      call: (fn, ...args) => this.#call(fn, args, options, submitSite()) as never,
      callHandle: (fn, ...args) => this.#callHandle(fn, args, options, submitSite()) as never,
      startTaskSoon: (fn, ...args) => this.#start(fn, args, options, submitSite(), "startTaskSoon") as never,
    };
  }

  /**
   * Ends the portal in order: takes no more calls, waits (blocking) for the tasks that still run, lets the thread
   * run its `exit` handlers, and ends it. With `cancelRemaining`, or after `timeout`, the tasks are asked to stop,
   * and 250 ms later the thread is ended, whatever it does; their futures reject with CancelledError. A task
   * whose promise nothing can settle rejects with DeadlockError and is not waited for. Calling it again does nothing.
   *
   * Throws Error in a thread that did not make the portal, and RangeError for a `timeout` that is no time.
   */
  stop(options: StopOptions = {}): void {
    requireKnown("stop", options, ["cancelRemaining", "timeout"]);
    if (!this.#owner) throw new Error("stop() belongs to the thread that started the portal.");
    this.#stopped = true;
    this.#owner.stop(options);
  }

  /** `using portal = startBlockingPortal()` stops it at the end of the block, waiting for what still runs. */
  [Symbol.dispose](): void {
    if (this.#owner) this.stop();
  }

  [toTransfer](): Revival {
    const { port1, port2 } = new MessageChannel();
    this.#client.post({ kind: "connect", port: port1 }, [port1]);
    const data: PortalData = { id: this.#id, line: { ...this.#client.line, port: port2 } };
    return { module: __filename, name: "revivePortal", data };
  }

  #call(fn: AnyFunction, args: unknown[], options: PortalCallOptions, site: SubmitSite): unknown {
    const { timeout = Number.POSITIVE_INFINITY } = options;
    const future = this.#start(fn, args, options, site, "call");
    try {
      this.#client.block(() => future.done(), timeout, false);
    } catch (error) {
      future.cancel();
      throw error;
    }
    if (!future.done() && future.cancel()) {
      throw new TimeoutError(`${nameOf(fn, options)} took more than its \`timeout\` of ${timeout} ms.`);
    }
    return future.result();
  }

  #start(
    fn: AnyFunction,
    args: unknown[],
    options: PortalCallOptions & { keep?: boolean },
    site: SubmitSite,
    how?: "call" | "startTaskSoon",
  ): Future<unknown> {
    requireFunction(fn, "fn");
    const { timeout, keep, ...rest } = options;
    if (how === "startTaskSoon" && timeout !== undefined) {
      throw new TypeError(
        "startTaskSoon takes no `timeout`: say it where you wait, `future.result(timeoutMs)`.",
      );
    }
    if (this.#stopped)
      throw new PortalNotRunning("The portal was stopped and takes no more calls. Start a new one.");
    this.#refuseOwnThread(fn);
    const packed = makeTaskMessage(fn, args, { ...rest, context: true });
    if (keep) packed.message.keep = true;
    return this.#client.run(packed, site, how === "call" && timeout === undefined);
  }

  #callHandle(
    fn: AnyFunction,
    args: unknown[],
    options: PortalCallOptions,
    site: SubmitSite,
  ): Handle<unknown> {
    const id = this.#call(fn, args, { ...options, keep: true } as PortalCallOptions, site) as number;
    return new Handle(this.#client.line.thread, id, () => this.#client.post({ kind: "drop", id }));
  }

  #refuseOwnThread(fn: AnyFunction): void {
    if (threadId !== this.#client.line.thread) return;
    throw new DeadlockError(
      `The portal was called in its own thread, which would wait for itself. Await ${fn.name || "fn"}() here.`,
    );
  }

  /** @internal For `runSync`: alone in its thread, which is ended when the time is over. */
  runAlone(fn: AnyFunction, args: unknown[], options: PortalCallOptions, site: SubmitSite): unknown {
    const { timeout = Number.POSITIVE_INFINITY, ...rest } = options;
    const future = this.#start(fn, args, rest, site, "call");
    const over = new TimeoutError(
      `ran for more than its \`timeout\` of ${timeout} ms; its thread was ended.`,
    );
    try {
      this.#client.block(() => future.done(), timeout, false);
    } finally {
      if (!future.done()) this.#owner!.end(over);
    }
    return future.result();
  }
}

const callOptions = ["timeout", "name", "transfer", "captures"];

function nameOf(fn: AnyFunction, { name }: PortalCallOptions): string {
  return name ?? functionName(fn);
}

/**
 * Starts a thread with an event loop for synchronous code (some 30 ms), after AnyIO's `start_blocking_portal`.
 *
 * For scripts, configuration files, plug-ins and worker threads that cannot `await`. On a server's main thread each
 * `call` stops all other work: await there. Throws TypeError for an unknown option.
 *
 * @example
 * using portal = startBlockingPortal();
 * const db = portal.callHandle(openDatabase, "shop.db");       // stays in the portal's thread
 * const rows = portal.call(async () => db.value.all("SELECT * FROM tea"));
 * const page = portal.startTaskSoon(fetchText, "https://nodejs.org");
 * console.log(rows, page.result(5000));
 */
export function startBlockingPortal(options: PortalOptions = {}): BlockingPortal {
  requireKnown("startBlockingPortal", options, ["name", "resourceLimits"]);
  if (options.resourceLimits) checkResourceLimits(options.resourceLimits);
  const owner = new PortalOwner(options);
  return new BlockingPortal(newId(), owner.client, owner);
}

interface PortalData {
  id: string;
  line: Line;
}

const known = new WeakById<BlockingPortal>();

/** @internal This thread's one object for that portal. */
export function revivePortal({ id, line }: PortalData): BlockingPortal {
  const portal = known.get(id);
  if (!portal) return new BlockingPortal(id, new PortalClient(line));
  line.port.close();
  return portal;
}
