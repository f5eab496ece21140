import { checkGivenOptions, noOptions, type SubmitOptions, type TaskOptions } from "../task/options";
import { submitSite } from "../task/submit-site";
import type { AnyFunction } from "../task/types";
import { poolThreadName } from "../worker/worker-context";
import { Executor, ThreadPoolExecutor } from "./executor";
import { LoopSubmitter } from "./from-thread";
import { unregister } from "./leaks";

let shared: Executor | undefined;

/** The executor of `toThread` and `runInExecutor(null, …)`, made on first use; it needs no shutdown. */
function defaultExecutor(): Executor {
  if (shared) return shared;
  if (poolThreadName() !== undefined) shared = new Executor(new LoopSubmitter(submitToDefault));
  else {
    const executor = new ThreadPoolExecutor();
    unregister(executor);
    shared = executor;
  }
  return shared;
}

/** @internal On the loop: what a thread gives to its `toThread`. */
export function submitToDefault(
  _id: undefined | string,
  fn: AnyFunction,
  args: unknown[],
  options: SubmitOptions,
): ReturnType<Executor["submitForThread"]> {
  return defaultExecutor().submitForThread(fn, args, options);
}

function start<R>(
  executor: Executor,
  fn: AnyFunction,
  args: unknown[],
  options: SubmitOptions,
): Promise<Awaited<R>> {
  let resolve!: (value: Awaited<R>) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Awaited<R>>((...functions) => {
    [resolve, reject] = functions;
  });
  try {
    if (!(executor instanceof Executor)) throw notAnExecutor(executor);
    const settle = (ok: boolean, value: unknown) => (ok ? resolve(value as Awaited<R>) : reject(value));
    const task = executor.start(fn, args, options, {
      settle,
      waiters: [{ resolve, reject }],
      isPromise: true,
    });
    task.site = submitSite();
  } catch (error) {
    reject(error);
  }
  return promise;
}

/**
 * Runs `fn(...args)` on a thread of `executor`, or of the default one for `null`, after Python's
 * `loop.run_in_executor`: `toThread`, but context variables do not go along. What crosses and what cannot is the
 * same. Rejects also with ExecutorShutDown, QueueFull and BrokenThreadPool, as `executor.submit` throws them, and
 * with TypeError if `executor` is neither null nor an executor. To stop it, give a view with a signal or a timeout.
 *
 * @example
 * await runInExecutor(null, readFileSync, "/etc/hosts", "utf8");
 * await runInExecutor(executor.with({ timeout: 1000 }), countPrimes, 1_000_000);
 */
export function runInExecutor<A extends unknown[], R>(
  executor: Executor | null,
  fn: (...args: A) => R,
  ...args: A
): Promise<Awaited<R>> {
  return start(executor ?? defaultExecutor(), fn, args, noOptions);
}

function notAnExecutor(given: unknown): TypeError {
  return new TypeError(
    `The executor must be a ThreadPoolExecutor, a view of one, or null for the default one, got ${typeof given}.`,
  );
}

/** `toThread` as it can be called. */
export interface ToThread {
  /**
   * Runs `fn(...args)` on a thread of the default executor, with a copy of the context variables, after
   * Python's `asyncio.to_thread`. The promise gives what the function returns or resolves to, or rejects with
   * what it throws, class, properties and the thread's stack included.
   *
   * What crosses: the **text** of the function, with copies of what it captures (data, functions, classes), and
   * structured clones of the arguments and of the result. Modules are required again in the thread; a
   * SharedArrayBuffer is shared, a `transfer` moves. A change to a copy stays in the thread: return it, or call
   * back with `runCoroutineThreadsafe` and `callSoonThreadsafe`, where functions of the loop run as themselves.
   *
   * Rejects before anything runs with DataCloneError for what cannot cross (an instance of a class, a socket, a
   * Promise; the message has the path and the way out), and with TypeError if `fn` is not a function. Rejects with
   * DeadlockError if a function on the loop, for which all threads wait, awaits the task.
   *
   * To stop it give a `signal` or a `timeout` by `toThread.with`: a queued task is dropped; a running one is
   * asked (`taskSignal()` is aborted, `checkCancelled` and `result()` throw in it) and after 250 ms its thread is
   * ended and replaced. What the task prints and calls on the loop belongs to the async context of this call.
   *
   * Inside a thread it asks the loop to run the task on another thread; `transfer` is not possible there.
   *
   * @example
   * const countPrimes = (limit: number) => { … };
   * await toThread(countPrimes, 1_000_000);
   * await toThread.with({ timeout: 1000 })(countPrimes, 1_000_000); // TimeoutError after a second
   */
  <A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  /**
   * The same with options: `toThread.with({ timeout: 1000 })(fn, ...args)`. Throws RangeError or TypeError at
   * once for an option that does not exist or makes no sense.
   */
  with(
    options: ToThreadOptions,
  ): <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) => Promise<Awaited<R>>;
}

export interface ToThreadOptions extends TaskOptions {
  /** Default: the default executor. */
  executor?: Executor;
}

const inContext: SubmitOptions = { context: true };

function withOptions(options: ToThreadOptions) {
  checkGivenOptions(options, ["executor"]);
  const submitOptions = { ...options, context: true };
  return function toThread<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    return start(options.executor ?? defaultExecutor(), fn, args, submitOptions);
  };
}

/** Runs a function on a thread of the default executor; see its call signature. */
export const toThread: ToThread = Object.assign(
  function toThread<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    return start(defaultExecutor(), fn, args, inContext);
  },
  { with: withOptions },
);
