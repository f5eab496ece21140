import { copyContext } from "../context/context-var";

/** What one input of `gather` becomes: a function is called, a promise awaited, a value kept. */
export type Gathered<W> = W extends (...args: never[]) => infer R ? Awaited<R> : Awaited<W>;

export interface GatherOptions {
  /** Put errors in place of results, instead of rejecting with the first one. @default false */
  returnExceptions?: boolean;
  /** When aborted: rejects with its reason, and cancels the inputs that have a `cancel()`. */
  signal?: AbortSignal;
}

/**
 * Waits for all and gives their results in the order of the inputs, as `asyncio.gather`.
 *
 * An input is a promise (a Future too), or a function, which is called in a copied context of its own, so
 * that what it sets in a ContextVar is not seen by its siblings. Without `returnExceptions` the first
 * rejection rejects at once; the others go on, and what becomes of them is ignored. TypeError for no array.
 *
 * @example
 * const [size, text] = await gather([toThread(countBytes, path), () => readFile(path, "utf8")]);
 */
export function gather<W extends readonly unknown[] | []>(
  work: W,
  options: GatherOptions & { returnExceptions: true },
): Promise<{ -readonly [K in keyof W]: Gathered<W[K]> | Error }>;
export function gather<W extends readonly unknown[] | []>(
  work: W,
  options?: GatherOptions & { returnExceptions?: false },
): Promise<{ -readonly [K in keyof W]: Gathered<W[K]> }>;
export async function gather(work: readonly unknown[], options: GatherOptions = {}): Promise<unknown[]> {
  if (!Array.isArray(work)) {
    throw new TypeError(
      `gather takes an array of promises or functions, gather([a, b]), got ${typeof work}.`,
    );
  }
  const running = work.map(start);
  const results = options.returnExceptions
    ? Promise.all(running.map((promise) => promise.catch(asError)))
    : Promise.all(running);
  return options.signal ? unlessAborted(results, work, options.signal) : results;
}

/** Calls a function in a context of its own; anything else is awaited as it is. */
function start(work: unknown): Promise<unknown> {
  if (typeof work !== "function") return Promise.resolve(work);
  return copyContext().run(async () => work());
}

function asError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return new Error(`Rejected with something that is not an Error: ${String(reason)}`, { cause: reason });
}

async function unlessAborted<T>(
  results: Promise<T>,
  work: readonly unknown[],
  signal: AbortSignal,
): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      reject(signal.reason);
      for (const one of work) cancel(one, signal.reason);
    };
  });
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  results.catch(() => {});
  return Promise.race([aborted, results]).finally(() => signal.removeEventListener("abort", abort));
}

/** Cancels what can be cancelled: a Future, or anything else with a `cancel` method. */
export function cancel(work: unknown, reason?: unknown): void {
  const { cancel } = (work ?? {}) as { cancel?: unknown };
  if (typeof cancel === "function") cancel.call(work, reason);
}
