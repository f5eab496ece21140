import { newId, WeakById } from "../task/collections";
import { CancelledError, ExecutorShutDown } from "../task/errors";
import { Future } from "../task/future";
import {
  checkGivenOptions,
  noOptions,
  requireCount,
  requireKnown,
  requireMilliseconds,
  type SubmitOptions,
  type TaskOptions,
} from "../task/options";
import { submitSite } from "../task/submit-site";
import type { TaskResult } from "../task/task";
import { type Revivable, type Revival, toTransfer } from "../task/transferable";
import type { AnyFunction } from "../task/types";
import { ConcurrencyLimit } from "./concurrency-limit";
import { LoopSubmitter, type Submitter, submitForThread } from "./from-thread";
import { register, unregister } from "./leaks";
import { type MapOptions, MapResults } from "./map";
import { checkExecutorOptions, type ExecutorOptions } from "./options";
import { Pool } from "./pool";
import type { ExecutorStats } from "./stats";

/** What runs tasks on threads: a ThreadPoolExecutor, or a view of one by `with` or `limitedParallelism`. */
export class Executor implements Revivable {
  /** @internal */
  readonly pool: Submitter;
  #id: string | undefined;
  readonly #limit: ConcurrencyLimit | undefined;
  readonly #options: SubmitOptions;

  /** @internal */
  constructor(pool: Submitter, options: SubmitOptions = noOptions, limit?: ConcurrencyLimit, id?: string) {
    this.pool = pool;
    this.#id = id;
    this.#options = options;
    this.#limit = limit;
  }

  /**
   * Queues `fn(...args)` for a thread and gives its future, as `concurrent.futures.Executor.submit`. The text of
   * the function crosses with copies of what it captures, see `toThread`; context variables do not go along.
   * Tasks start in the order in which they were submitted.
   *
   * Throws at once, before it is queued, when the function or an argument cannot go to a thread
   * (DataCloneError), after `shutdown` (ExecutorShutDown), when the queue is over `maxQueue` (QueueFull), and when
   * an initializer failed (BrokenThreadPool). Inside a thread, which may capture the executor, the loop submits the
   * task: `result()` of the future blocks that thread alone, and while it waits for its own executor this may run
   * one thread more. `future.cancel()` drops a queued
   * task; a running one is asked to stop and after `gracePeriod` ms its thread is ended and replaced.
   *
   * @example
   * const future = executor.submit((a: number, b: number) => a + b, 1, 2);
   * await future; // 3
   */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    const future: Future<Awaited<R>> = new Future<Awaited<R>>({
      block: (timeoutMs) => task.block(timeoutMs),
      cancel: () => this.pool.stop(task, new CancelledError(`${task.name} was cancelled.`)),
      awaited: (waiter) => task.awaited(waiter),
    });
    const task = this.start(fn, args, noOptions, future);
    task.site = submitSite();
    return future;
  }

  /**
   * Calls `fn` with each item and gives the results in the order of the items: `for await` takes them one
   * by one, `await` takes them all as an array. All items are submitted at once, or as results are taken
   * with `buffersize`. The first error in that order is thrown after the results before it, then, or after a
   * `break`, what is queued is dropped and what runs is cancelled. Throws at once as `submit` does, and
   * RangeError or TypeError for options that make no sense; TimeoutError when a result is late.
   *
   * @example
   * const sizes = await executor.map(countPrimes, limits, { chunksize: 100 });
   */
  map<T, R>(fn: (item: T) => R, items: Iterable<T>, options: MapOptions = {}): MapResults<Awaited<R>> {
    const site = submitSite();
    const submit = (chunk: unknown[], result: TaskResult) => {
      const task = this.start(fn, chunk, { each: true }, result);
      task.site = site;
      return task;
    };
    const stop = (task: ReturnType<typeof submit>) =>
      this.pool.stop(task, new CancelledError(`${task.name} was cancelled: map ended before.`));
    return new MapResults<Awaited<R>>(items, submit, stop, options);
  }

  /**
   * A view of this executor with options for each task: `executor.with({ timeout: 1000 }).submit(fn)`. Throws
   * RangeError or TypeError for an option that does not exist or makes no sense.
   */
  with(options: TaskOptions): Executor {
    checkGivenOptions(options);
    return new Executor(this.pool, { ...this.#options, ...options }, this.#limit);
  }

  /**
   * A view that runs at most `n` of its tasks at once, on the same threads; the others wait in order. Cheap:
   * it has no threads of its own and needs no shutdown. `name` is what its tasks are called in charts and
   * errors. Throws RangeError unless `n` is an integer of at least 1. After Kotlin's `limitedParallelism`.
   */
  limitedParallelism(n: number, name?: string): Executor {
    requireCount("n", n, 1, "It is how many tasks may run at once.");
    const { pool } = this;
    if (!(pool instanceof Pool)) {
      throw new TypeError(
        "limitedParallelism is called on the event loop: make the view there, and capture it.",
      );
    }
    const limit = new ConcurrencyLimit(n, (task) => pool.enqueue(task), this.#limit);
    return new Executor(this.pool, name === undefined ? this.#options : { ...this.#options, name }, limit);
  }

  /** In a thread it hands its tasks to the loop, which submits them here. */
  [toTransfer](): Revival {
    if (this.#id === undefined) {
      this.#id = newId();
      captured.set(this.#id, this);
    }
    return { module: __filename, name: "reviveExecutor", data: { id: this.#id } };
  }

  /** @internal */
  submitForThread(fn: AnyFunction, args: unknown[], options: SubmitOptions) {
    const start: Submitter["submit"] = (fn, args, options, result) => this.start(fn, args, options, result);
    const stop: Submitter["stop"] = (task, reason) => this.pool.stop(task, reason);
    return submitForThread({ start, stop }, fn, args, options);
  }

  /** @internal */
  start(fn: AnyFunction, args: unknown[], options: SubmitOptions, result: TaskResult) {
    return this.pool.submit(fn, args, merged(this.#options, options), result, this.#limit);
  }
}

// ---- In threads ----

const captured = new WeakById<Executor>();

/** @internal An executor that a task has captured, in its thread; the executor itself when it comes back. */
export function reviveExecutor({ id }: { id: string }): Executor {
  const known = captured.get(id);
  if (known) return known;
  const executor = new Executor(new LoopSubmitter(submitOnLoop, id), noOptions, undefined, id);
  captured.set(id, executor);
  return executor;
}

/** @internal On the loop. */
export function submitOnLoop(
  id: string | undefined,
  fn: AnyFunction,
  args: unknown[],
  options: SubmitOptions,
): ReturnType<typeof submitForThread> {
  const executor = captured.get(id!);
  if (!executor) throw new ExecutorShutDown("The executor is gone: keep a reference to it on the loop.");
  return executor.submitForThread(fn, args, options);
}

/** Keeps `noOptions` itself where there are none. */
function merged(own: SubmitOptions, given: SubmitOptions): SubmitOptions {
  if (own === noOptions) return given;
  return given === noOptions ? own : { ...own, ...given };
}

export interface ShutdownOptions {
  /** Resolve only when all tasks are over and the threads are gone. @default true */
  wait?: boolean;
  /** Drop the tasks that wait in the queue; their futures reject with CancelledError. @default false */
  cancelFutures?: boolean;
  /** Milliseconds after which running tasks are stopped, too: asked, then terminated. @default no limit */
  timeout?: number;
}

/**
 * Runs functions on at most `maxWorkers` worker threads, after Python's
 * `concurrent.futures.ThreadPoolExecutor`. Threads start when they are needed and stay until `shutdown`;
 * a thread that dies is replaced. Throws RangeError or TypeError for an option that does not exist or makes no
 * sense. One that is not shut down is told of at the exit of the program (`activeExecutors`).
 *
 * @example
 * const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
 * await executor.submit((a, b) => a + b, 1, 2); // 3
 * await executor.shutdown();
 */
export class ThreadPoolExecutor extends Executor {
  declare readonly pool: Pool;

  constructor(options: ExecutorOptions = {}) {
    super(new Pool(checkExecutorOptions(options)));
    register(this, ThreadPoolExecutor);
  }

  /**
   * Starts all threads now and resolves when each has loaded and run the initializer. Rejects with
   * BrokenThreadPool when the initializer throws, with ExecutorShutDown after `shutdown`.
   */
  ready(): Promise<void> {
    return this.pool.ready();
  }

  /**
   * Takes no more tasks, lets the queued and running ones finish, then ends the threads. Calling it again
   * is allowed: `shutdown({ cancelFutures: true })` hurries an earlier one. With `timeout`, tasks that are not
   * over by then reject with CancelledError. Rejects with DeadlockError if it is awaited by a function for which a
   * task of this executor waits. Throws RangeError or TypeError for an option that does not exist or makes no sense.
   */
  shutdown(options: ShutdownOptions = {}): Promise<void> {
    requireKnown("shutdown", options, ["wait", "cancelFutures", "timeout"]);
    const { wait = true, cancelFutures = false, timeout } = options;
    requireMilliseconds("timeout", timeout);
    unregister(this);
    return this.pool.shutdown(wait, cancelFutures, timeout);
  }

  /** `await using executor = …` shuts down at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /** Counts and times at this moment. */
  get stats(): ExecutorStats {
    return this.pool.stats;
  }
}
