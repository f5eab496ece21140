import { DeadlockError } from "../task/errors";
import { requireFunction, requireKnown, requireMilliseconds } from "../task/options";
import { type SubmitSite, submitSite } from "../task/submit-site";
import type { AnyFunction } from "../task/types";
import { workerContext } from "../worker/worker-context";
import { type BlockingPortal, startBlockingPortal } from "./portal";

export interface RunSyncOptions {
  /** Milliseconds after which the thread is ended and TimeoutError thrown. @default no limit */
  timeout?: number;
  /** Buffers, ports and streams among the arguments that move instead of being copied. */
  transfer?: readonly object[];
  /** Values for variables that `fn` captures, in place of those that it has. */
  captures?: Record<string, unknown>;
}

export interface RunSync {
  /**
   * Runs an async function from synchronous code, after Python's `asyncio.run`: in a thread with an event loop of
   * its own, while **this thread waits**. Gives what the function resolves to, or throws its error. Context
   * variables go along. What the function prints is shown while it runs.
   *
   * It is the shortest form of a portal (`startBlockingPortal`): the first call starts the thread, some 30 ms, and
   * the next ones find it warm, well under 1 ms. So calls share what lives in that thread, its `globalThis`, its
   * modules and what is left running; arguments, captured values and results are copies. The thread is started
   * anew after a timeout, `process.exit()` or when memory ran out. It keeps no process alive.
   *
   * For scripts, configuration files and plug-ins that cannot `await`; never for a server, whose other work
   * stands still meanwhile. `callSoonThreadsafe` in it is carried out when this thread's loop turns;
   * `runCoroutineThreadsafe` throws DeadlockError, as that loop is what waits. Throws TypeError if `fn` is not a
   * function, DataCloneError for what cannot go to the thread, and DeadlockError for a promise that nothing can
   * settle any more, and inside a function that `runSync` or a portal runs.
   *
   * @example
   * const page = runSync(async (url: string) => (await fetch(url)).text(), "https://nodejs.org");
   */
  <A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R>;
  /** The same with options: `runSync.with({ timeout: 1000 })(fn, ...args)`. */
  with(options: RunSyncOptions): <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) => Awaited<R>;
}

export const runSync: RunSync = Object.assign(
  function runSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R> {
    return run(fn, args, {}, submitSite()) as Awaited<R>;
  },
  {
    with(options: RunSyncOptions) {
      requireKnown("runSync", options, ["timeout", "transfer", "captures"]);
      requireMilliseconds("timeout", options.timeout);
      return function runSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R> {
        return run(fn, args, options, submitSite()) as Awaited<R>;
      };
    },
  },
);

let portal: BlockingPortal | undefined;

function run(fn: AnyFunction, args: unknown[], options: RunSyncOptions, site: SubmitSite): unknown {
  requireFunction(fn, "fn");
  refuseOnServedLoop(fn);
  if (!portal?.running) portal = startBlockingPortal({ name: "runSync" });
  return portal.runAlone(fn, args, options, site);
}

/** As Python: "asyncio.run() cannot be called from a running event loop". */
function refuseOnServedLoop(fn: AnyFunction): void {
  const thread = workerContext();
  if (!thread?.loopWaits) return;
  throw new DeadlockError(
    `runSync was called in the thread of ${thread.name}, whose event loop runs already: await ${fn.name || "fn"}() here.`,
  );
}
