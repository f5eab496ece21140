import { AsyncResource } from "node:async_hooks";
import { CancelledError, TimeoutError } from "./errors";
import type { Waiter } from "./waiting";

/** What stands behind a future: how to wait for it in this thread, and how to cancel it. */
export interface FutureSource {
  /** Blocks this thread until the future has settled or `timeoutMs` has passed. */
  block(timeoutMs: number): void;
  /** Asks for the work to stop; true when it could still be asked. */
  cancel(): boolean;
  /** Somebody begins to await the future. */
  awaited?(waiter: Waiter): void;
  /** Takes what has arrived, where no event loop does. */
  poll?(): void;
}

type State = "pending" | "fulfilled" | "rejected";

/**
 * The result of a call that runs elsewhere, after Python's `concurrent.futures.Future`. It can be awaited
 * like a promise (and is one for TypeScript); in a worker `result()` waits for it by blocking.
 *
 * A future that nobody awaits keeps its error to itself, as in Python; `toThread` and `runInExecutor` give
 * true promises, whose errors never go unseen.
 */
export class Future<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = "Future";
  #state: State = "pending";
  #value: unknown;
  #source: FutureSource;
  #callbacks: (() => void)[] | undefined;
  #waiters: Set<Waiter> | undefined;

  /** @internal */
  constructor(source: FutureSource) {
    this.#source = source;
  }

  /** True when there is a result, an error, or the future was cancelled. */
  done(): boolean {
    if (this.#state === "pending") this.#source.poll?.();
    return this.#state !== "pending";
  }

  /** True when it was cancelled, by `cancel()` or by a `shutdown`. */
  cancelled(): boolean {
    return this.#state === "rejected" && this.#value instanceof CancelledError;
  }

  /**
   * Cancels: work in a queue is dropped, running work is asked to stop (see `checkCancelled`) and, on a
   * thread, terminated after the executor's grace period. The future then rejects with CancelledError. False
   * when it is already done or being stopped.
   */
  cancel(): boolean {
    return this.done() ? false : this.#source.cancel();
  }

  /**
   * The value, or throws the error. In a worker it blocks the thread until then, at most `timeoutMs`
   * milliseconds (TimeoutError; the call itself goes on). CancelledError when the task that waits is cancelled.
   * On the event loop's thread it never blocks: unless the future is done it throws DeadlockError at once; `await`
   * it there. RangeError for a `timeoutMs` that is no time.
   */
  result(timeoutMs = Number.POSITIVE_INFINITY): T {
    this.#wait(timeoutMs);
    if (this.#state === "rejected") throw this.#value;
    return this.#value as T;
  }

  /** The error, or undefined when there is a value; waits, and throws for that, as `result` does. */
  exception(timeoutMs = Number.POSITIVE_INFINITY): unknown {
    this.#wait(timeoutMs);
    return this.#state === "rejected" ? this.#value : undefined;
  }

  #wait(timeoutMs: number): void {
    if (typeof timeoutMs !== "number" || Number.isNaN(timeoutMs) || timeoutMs < 0) {
      throw new RangeError(
        `\`timeoutMs\` must be a number of milliseconds of at least 0, got ${String(timeoutMs)}. ` +
          "Leave it out to wait without limit.",
      );
    }
    if (!this.done()) this.#source.block(timeoutMs);
    if (!this.done()) throw new TimeoutError(`There was no result within ${timeoutMs} ms. The call goes on.`);
  }

  /**
   * Calls `callback(future)` when the future is done, at once if it is, in the async context of this call. An error
   * in it is reported, not thrown.
   */
  addDoneCallback(callback: (future: Future<T>) => void): void {
    const call = () => {
      try {
        callback(this);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    };
    if (this.done()) call();
    else this.#onDone(AsyncResource.bind(call));
  }

  // biome-ignore lint/suspicious/noThenProperty: a future can be awaited
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#promise().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#promise().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#promise().finally(onFinally);
  }

  /** A new one for each who waits, so that it can be told who that is. */
  #promise(): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#state === "pending") {
        this.#waiters ??= new Set();
        const waiter = { resolve, reject };
        this.#waiters.add(waiter);
        this.#source.awaited?.(waiter);
      } else if (this.#state === "rejected") reject(this.#value);
      else resolve(this.#value as T);
    });
  }

  #onDone(call: () => void): void {
    this.#callbacks ??= [];
    this.#callbacks.push(call);
  }

  /** @internal */
  get waiters(): Iterable<Waiter> {
    return this.#waiters ?? [];
  }

  /** @internal */
  get isPromise(): boolean {
    return false;
  }

  /** @internal Settles once; later calls do nothing. */
  settle(ok: boolean, value: unknown): void {
    if (this.#state !== "pending") return;
    this.#state = ok ? "fulfilled" : "rejected";
    this.#value = value;
    const waiters = this.#waiters;
    this.#waiters = undefined;
    for (const { resolve, reject } of waiters ?? []) {
      if (ok) resolve(value as never);
      else reject(value);
    }
    const callbacks = this.#callbacks;
    this.#callbacks = undefined;
    for (const call of callbacks ?? []) call();
  }
}
