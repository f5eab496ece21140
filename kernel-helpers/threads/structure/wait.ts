import { afterUnpaused } from "../../inspector";
import { checkTimeout, TimeoutError } from "../task/errors";

export type ReturnWhen = "ALL_COMPLETED" | "FIRST_COMPLETED" | "FIRST_EXCEPTION";

export interface WaitOptions {
  /** Milliseconds after which to return with what there is; 0: what is settled now. @default no limit */
  timeout?: number;
  /** Default: "ALL_COMPLETED". "FIRST_EXCEPTION" returns at the first rejection, else when all are done. */
  returnWhen?: ReturnWhen;
}

/**
 * Waits for some or all of the promises, as `asyncio.wait`: gives the same promise objects in two sets and
 * never rejects because one of them did, nor at the timeout. It cancels nothing. Rejects with RangeError for an
 * empty collection, and for a `timeout` or `returnWhen` that makes no sense.
 */
export async function wait<P>(
  promises: Iterable<P>,
  { timeout, returnWhen = "ALL_COMPLETED" }: WaitOptions = {},
): Promise<{ done: Set<P>; pending: Set<P> }> {
  const done = new Set<P>();
  const pending = new Set(promises);
  checkWait(pending.size, returnWhen);
  await firstOf(checkTimeout(timeout), (finish) => {
    for (const promise of pending) {
      const settle = (failed: boolean) => {
        pending.delete(promise);
        done.add(promise);
        const first = returnWhen === "FIRST_COMPLETED" || (failed && returnWhen === "FIRST_EXCEPTION");
        if (first || pending.size === 0) finish();
      };
      Promise.resolve(promise).then(
        () => settle(false),
        () => settle(true),
      );
    }
  });
  return { done: new Set(done), pending: new Set(pending) };
}

function checkWait(count: number, returnWhen: string): void {
  if (count === 0) throw new RangeError("wait needs at least one promise, got none.");
  if (!["ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"].includes(returnWhen)) {
    throw new RangeError(
      `\`returnWhen\` must be "ALL_COMPLETED", "FIRST_COMPLETED" or "FIRST_EXCEPTION", got "${returnWhen}".`,
    );
  }
}

/** Resolves when `start` calls its argument, or after `timeout` ms. */
function firstOf(timeout: number | undefined, start: (finish: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const cancel = timeout === undefined ? () => {} : afterUnpaused(timeout, resolve);
    start(() => {
      cancel();
      resolve();
    });
  });
}

/**
 * The results in the order in which they come, as `asyncio.as_completed`.
 *
 * Iterate with `for (const next of asCompleted(…)) { const value = await next; … }`, where each `next` may
 * be caught by itself, or with `for await (const value of asCompleted(…))`, where the first rejection ends
 * the loop. When `timeout` ms have passed since the call, what is still to come rejects with TimeoutError.
 * Leaving the loop cancels nothing.
 */
export function asCompleted<P>(
  promises: Iterable<P>,
  { timeout }: { timeout?: number } = {},
): Completions<Awaited<P>> {
  return new Completions<Awaited<P>>(new Set(promises) as Set<unknown>, checkTimeout(timeout));
}

/** What `asCompleted` gives: can be iterated once, in either way. */
export class Completions<T> implements Iterable<Promise<T>>, AsyncIterable<T> {
  readonly #slots: Slot<T>[];
  #settled = 0;
  #given = 0;
  #closed = false;
  readonly #cancelTimer: () => void = () => {};

  /** @internal */
  constructor(promises: Set<unknown>, timeout: number | undefined) {
    this.#slots = Array.from(promises, () => new Slot<T>());
    if (timeout !== undefined) this.#cancelTimer = afterUnpaused(timeout, () => this.#expire(timeout));
    for (const promise of promises) {
      Promise.resolve(promise as Promise<T>).then(
        (value) => this.#settle((slot) => slot.resolve(value)),
        (reason) => this.#settle((slot) => slot.reject(reason)),
      );
    }
    this.#tidy();
  }

  *[Symbol.iterator](): Generator<Promise<T>, void, undefined> {
    try {
      while (this.#given < this.#slots.length) yield this.#slots[this.#given++]!.promise;
    } finally {
      this.#closed = true;
      this.#tidy();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (const next of this) yield await next;
  }

  #settle(how: (slot: Slot<T>) => void): void {
    const slot = this.#slots[this.#settled];
    if (!slot) return;
    this.#settled++;
    how(slot);
    this.#tidy();
  }

  #expire(timeout: number): void {
    const left = this.#slots.length - this.#settled;
    const error = new TimeoutError(`${left} of ${this.#slots.length} were not done after ${timeout} ms.`);
    while (this.#settled < this.#slots.length) this.#settle((slot) => slot.reject(error));
  }

  /** The timer must not outlive the last promise that somebody may be waiting for. */
  #tidy(): void {
    const wanted = this.#closed ? this.#given : this.#slots.length;
    if (this.#settled >= wanted) this.#cancelTimer();
  }
}

/** A promise to be settled later; nobody has to look at it. */
class Slot<T> {
  resolve!: (value: T) => void;
  reject!: (reason: unknown) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    this.promise.catch(() => {});
  }
}
