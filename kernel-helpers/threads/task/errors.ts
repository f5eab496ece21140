/** What the calls of this package throw. */

/** Something took longer than its `timeout`. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
}

/** The task or call was cancelled before it had a result. */
export class CancelledError extends Error {
  override name = "CancelledError";
}

/** A thread of the pool could not start or died; `cause` says why. */
export class BrokenThreadPool extends Error {
  override name = "BrokenThreadPool";
}

/** The executor was shut down and takes no more tasks, as Python's RuntimeError says it. */
export class ExecutorShutDown extends Error {
  override name = "ExecutorShutDown";
}

/** The portal was stopped, or its thread has ended. */
export class PortalNotRunning extends Error {
  override name = "PortalNotRunning";
}

/**
 * The call would wait for something that waits for it. It is thrown where waiting cannot be allowed (`result()` on
 * the event loop), and to those who are found to wait for ever:
 *
 * Seen is a thread that waits without a limit of time, by `result()` or as all that its task awaits, for a function
 * on the loop which awaits a task, a `CapacityLimiter.run`, or the `shutdown` of an executor, when that cannot come
 * about before the thread goes on: through `await`, `then`, `gather`, `Promise.all`, `map` and TaskGroup, through
 * several executors and limits, and whoever has queued the task. Only the waiting ends; a task of `submit` stays
 * in the queue, and others get its result.
 *
 * Never taken for it is work that nobody awaits, and what can still end otherwise: by a `timeout`, a
 * `queueTimeout`, a `signal`, a timer or request that the function has open. A `Promise.race` with a promise from
 * outside of the function is waited for a second. Not seen is a promise of `toThread` that two await, a wait in
 * `Promise.any`, for a Lock, Semaphore, Event or Queue, and in code compiled for engines without `async`.
 *
 * Portals whose threads wait for one another in a circle, each without a `timeout`, are seen; not a portal that waits
 * for another whose code awaits a thread which calls the first.
 */
export class DeadlockError extends Error {
  override name = "DeadlockError";
}

/** What `result()` does on the event loop's thread. */
export function wouldBlockLoop(): never {
  throw new DeadlockError(
    "result() would block the event loop, which is what the result has to come through. " +
      "Use `await future` here; result() is for worker threads.",
  );
}

/** The longest time that a Node timer can wait; a longer one would fire at once. */
export const longestTimer = 2 ** 31 - 1;

/** A timeout in ms as it may be used, or undefined for none; throws RangeError for one that makes no sense. */
export function checkTimeout(timeout: number | null | undefined, name = "timeout"): number | undefined {
  if (timeout === undefined || timeout === null || timeout === Number.POSITIVE_INFINITY) return undefined;
  if (typeof timeout === "number" && timeout >= 0) return Math.min(timeout, longestTimer);
  throw new RangeError(
    `\`${name}\` must be a number of milliseconds, 0 or more, got ${String(timeout)}. Leave it out to wait as long as it takes.`,
  );
}
