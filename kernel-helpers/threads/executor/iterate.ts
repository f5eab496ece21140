import { moduleTask } from "../closures/task-message";
import { Queue, QueueShutDown } from "../sync/queue";
import { checkGivenOptions, requireCount, runs, type SubmitOptions } from "../task/options";
import type { AnyFunction } from "../task/types";
import { type ToThreadOptions, toThread } from "./to-thread";

export interface IterateOptions extends ToThreadOptions {
  /** How many items the thread may be ahead of the loop, at least 1. @default 16 */
  credit?: number;
}

/** What gives items one after another, or promises to. */
export type AnyIterable<T> = Iterable<T> | AsyncIterable<T> | PromiseLike<Iterable<T> | AsyncIterable<T>>;

/** `iterateInThread` as it can be called. */
export interface IterateInThread {
  /**
   * Runs a generator function on a thread and gives its items here, as Starlette's
   * `iterate_in_threadpool`. Generators, async generators and functions that return an iterable will do.
   *
   * The task starts with the first `next()`. When the loop is slow the thread waits, at most `credit`
   * items ahead (a synchronous generator blocks its thread then). What the generator throws comes out
   * here, after the items before it. Leaving the loop ends the generator: it stops at its `yield` (or where
   * it calls `checkCancelled`), its `finally` blocks run, and a thread that goes on longer than the
   * executor's grace period is terminated. Context variables go along.
   *
   * @example
   * for await (const line of iterateInThread(function* () {
   *   for (const line of readFileSync(path, "utf8").split("\n")) yield parse(line);
   * })) console.log(line);
   */
  <A extends unknown[], T>(
    fn: (...args: A) => AnyIterable<T>,
    ...args: A
  ): AsyncGenerator<T, void, undefined>;
  /** The same with options: `iterateInThread.with({ credit: 1 })(fn, ...args)`. */
  with(
    options: IterateOptions,
  ): <A extends unknown[], T>(
    fn: (...args: A) => AnyIterable<T>,
    ...args: A
  ) => AsyncGenerator<T, void, undefined>;
}

function withOptions(options: IterateOptions) {
  const { credit = 16, signal, ...others } = options;
  checkGivenOptions(options, ["executor", "credit"]);
  requireCount("credit", credit, 1, "Leave it out for 16 items.");
  return <A extends unknown[], T>(fn: (...args: A) => AnyIterable<T>, ...args: A) => {
    const name = options.name ?? (fn.name || "generator");
    return iterate<T>(fn, args, credit, { ...others, name }, signal);
  };
}

/** Runs a generator function on a thread and gives its items here; see its call signature. */
export const iterateInThread: IterateInThread = Object.assign(withOptions({}), { with: withOptions });

const left = new DOMException("The consumer has left the loop.", "AbortError");

async function* iterate<T>(
  fn: AnyFunction,
  args: unknown[],
  credit: number,
  options: ToThreadOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  const queue = new Queue<T>({ maxsize: credit });
  const leaving = new AbortController();
  const stop = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal;
  const taskOptions: ToThreadOptions & SubmitOptions = { ...options, signal: stop, [runs]: fn };
  const task = toThread.with(taskOptions)(pump, queue, fn, args);
  // Items before an error come out before it; after an abort nothing more does.
  const ended = task.finally(() => queue.close({ immediate: stop.aborted }));
  ended.catch(() => {});
  try {
    yield* queue.asyncQ;
    await ended;
  } finally {
    queue.close({ immediate: true });
    leaving.abort(left);
    await task.catch(() => {});
  }
}

const pump = moduleTask<typeof pumpItems>(__filename, "pumpItems");

/** @internal In the worker: puts the items in the queue until it is closed, then ends the generator. */
export async function pumpItems(queue: Queue<unknown>, fn: AnyFunction, args: unknown[]): Promise<void> {
  const items: Awaited<AnyIterable<unknown>> = await fn(...args);
  requireItems(items);
  try {
    if (Symbol.asyncIterator in items) for await (const item of items) await queue.asyncQ.put(item);
    else for (const item of items) queue.syncQ.put(item);
  } catch (error) {
    if (!(error instanceof QueueShutDown && queue.closed)) throw error;
  }
}

function requireItems(items: unknown): void {
  const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: async } = Object(items);
  if (typeof sync === "function" || typeof async === "function") return;
  throw new TypeError(
    `iterateInThread needs a generator function or one that returns an iterable; it returned ${typeof items}.`,
  );
}
