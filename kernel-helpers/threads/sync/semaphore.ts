import { newId, WeakById } from "../task/collections";
import { checkTimeout, TimeoutError } from "../task/errors";
import { requireCount } from "../task/options";
import { type Revivable, type Revival, toTransfer } from "../task/transferable";
import type { WaitingOptions } from "./queue";
import { type Waiting, waitAwaiting, waitBlocking } from "./shared-wait";

const most = 2 ** 31 - 1;

/**
 * Lets at most so many in at a time, over shared memory, after Python's `threading.Semaphore`; with a blocking face
 * for threads and an awaiting one for the event loop. It travels to threads as `Lock` does, and keeps the same order.
 * A place belongs to nobody: what a thread held that has ended is lost. For tasks that the loop starts
 * there is `CapacityLimiter`. Throws RangeError unless `value` is an integer of at least 0.
 *
 * @example
 * const connections = new Semaphore(2);
 * await gather(urls.map((url) => toThread((each) => {
 *   using place = connections.hold();
 *   return fetchSync(each);
 * }, url)));
 */
export class Semaphore implements Revivable {
  readonly #id: string;
  readonly #words: Int32Array;
  readonly #bound: number;
  readonly #waiting: Waiting;

  constructor(value?: number);
  /** @internal */
  constructor(value: number, bound: number, id?: string, shared?: SharedArrayBuffer);
  constructor(value = 1, bound = most, id = newId(), shared?: SharedArrayBuffer) {
    requireCount("value", value, 0, "Leave it out for 1.");
    this.#id = id;
    this.#bound = bound;
    this.#words = new Int32Array(shared ?? new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
    if (!shared) this.#words[0] = value;
    this.#waiting = { words: this.#words, patient: 1, attempt: () => this.#take() };
    known.set(id, this);
  }

  /** How many places are free now. */
  get value(): number {
    return Atomics.load(this.#words, 0);
  }

  /** True when no place is free. */
  locked(): boolean {
    return this.value === 0;
  }

  /**
   * Takes a place, blocking this thread until one is free, at most `timeoutMs` milliseconds; 0: not at all. False when
   * none was free in time. On the event loop's thread it takes a free place, and throws DeadlockError instead of
   * waiting. Throws CancelledError if the task that waits is cancelled, RangeError for a `timeoutMs` that is no time.
   */
  acquire(timeoutMs?: number): boolean {
    const limit = checkTimeout(timeoutMs, "timeoutMs") ?? Number.POSITIVE_INFINITY;
    return waitBlocking(this.#waiting, limit, "acquire()");
  }

  /** Takes a place as soon as one is free. Rejects with the signal's reason when that is aborted. */
  acquireAsync({ signal }: WaitingOptions = {}): Promise<void> {
    return waitAwaiting(this.#waiting, signal);
  }

  /**
   * Gives back `n` places. Throws RangeError unless `n` is an integer of at least 1, and, of a BoundedSemaphore,
   * Error if there would be more than at the start.
   */
  release(n = 1): void {
    requireCount("n", n, 1, "Leave it out for 1.");
    for (;;) {
      const value = this.value;
      if (value + n > this.#bound) {
        throw new Error(`release() of more places than were taken: ${value} of ${this.#bound} are free.`);
      }
      if (Atomics.compareExchange(this.#words, 0, value, value + n) === value) break;
    }
    Atomics.notify(this.#words, 0, n);
  }

  /** `using place = semaphore.hold()`: as `acquire`, until the end of the block; TimeoutError after `timeoutMs`. */
  hold(timeoutMs?: number): Disposable {
    if (!this.acquire(timeoutMs)) throw new TimeoutError(`No place was free within ${timeoutMs} ms.`);
    return this.#held();
  }

  /** `using place = await semaphore.holdAsync()`: the same for the event loop. */
  async holdAsync(options?: WaitingOptions): Promise<Disposable> {
    await this.acquireAsync(options);
    return this.#held();
  }

  [toTransfer](): Revival {
    const data: SharedData = {
      id: this.#id,
      bound: this.#bound,
      shared: this.#words.buffer as SharedArrayBuffer,
    };
    return { module: __filename, name: "reviveSemaphore", data };
  }

  #take(): boolean {
    for (;;) {
      const value = this.value;
      if (value === 0) return false;
      if (Atomics.compareExchange(this.#words, 0, value, value - 1) === value) return true;
    }
  }

  #held(): Disposable {
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.release();
        held = false;
      },
    };
  }
}

/** A semaphore that refuses to be released more often than it was acquired, after Python's `BoundedSemaphore`. */
export class BoundedSemaphore extends Semaphore {
  constructor(value?: number);
  /** @internal */
  constructor(value: number, bound: number, id: string, shared: SharedArrayBuffer);
  constructor(value = 1, bound = value, id?: string, shared?: SharedArrayBuffer) {
    super(value, bound, id, shared);
  }
}

interface SharedData {
  id: string;
  bound: number;
  shared: SharedArrayBuffer;
}

const known = new WeakById<Semaphore>();

/** @internal This thread's one object for that semaphore. */
export function reviveSemaphore({ id, bound, shared }: SharedData): Semaphore {
  const made = () =>
    bound === most ? new Semaphore(0, bound, id, shared) : new BoundedSemaphore(0, bound, id, shared);
  return known.get(id) ?? made();
}
