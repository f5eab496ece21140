import type { ParcelOptions } from "./envelope";
import { Executor, ThreadPoolExecutor } from "./executor";
import { unregister } from "./leaks";
import { checkGivenOptions, type TaskOptions } from "./options";
import { noOptions } from "./pool";
import { type SubmitSite, submitSite } from "./submit-site";
import type { AnyFunction } from "./types";

let shared: ThreadPoolExecutor | undefined;

/** The executor of `toThread` and `runInExecutor(null, …)`, made on first use; it needs no shutdown. */
function defaultExecutor(): ThreadPoolExecutor {
  if (!shared) {
    shared = new ThreadPoolExecutor();
    unregister(shared);
  }
  return shared;
}

function start<R>(
  executor: Executor,
  fn: AnyFunction,
  args: unknown[],
  options: ParcelOptions,
  site: SubmitSite,
): Promise<Awaited<R>> {
  return new Promise((resolve, reject) => {
    if (!(executor instanceof Executor)) throw notAnExecutor(executor);
    const settle = (ok: boolean, value: unknown) => (ok ? resolve(value as Awaited<R>) : reject(value));
    executor.start(fn, args, options, settle, site);
  });
}

/**
 * Runs `fn(...args)` on a thread of `executor`, or of the default one for `null`, after Python's
 * `loop.run_in_executor`. Context variables do not go along; see `toThread`.
 */
export function runInExecutor<A extends unknown[], R>(
  executor: Executor | null,
  fn: (...args: A) => R,
  ...args: A
): Promise<Awaited<R>> {
  return start(executor ?? defaultExecutor(), fn, args, noOptions, submitSite());
}

function notAnExecutor(given: unknown): TypeError {
  return new TypeError(
    `The executor must be a ThreadPoolExecutor, a view of one, or null for the default one, got ${typeof given}.`,
  );
}

interface ToThread {
  /**
   * Runs `fn(...args)` on a thread of the default executor, with a copy of the context variables, after
   * Python's `asyncio.to_thread`. The promise gives what the function returns or resolves to.
   */
  <A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  /** The same with options: `toThread.with({ timeout: 1000 })(fn, ...args)`. */
  with(
    options: ToThreadOptions,
  ): <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) => Promise<Awaited<R>>;
}

export interface ToThreadOptions extends TaskOptions {
  /** Default: the default executor. */
  executor?: Executor;
}

const inContext: ParcelOptions = { context: true };

function withOptions(options: ToThreadOptions) {
  checkGivenOptions(options, ["executor"]);
  const parcelOptions = { ...options, context: true };
  return function toThread<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    return start(options.executor ?? defaultExecutor(), fn, args, parcelOptions, submitSite());
  };
}

export const toThread: ToThread = Object.assign(
  function toThread<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    return start(defaultExecutor(), fn, args, inContext, submitSite());
  },
  { with: withOptions },
);
