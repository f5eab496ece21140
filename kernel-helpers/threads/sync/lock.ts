import { threadId } from "node:worker_threads";
import { newId, WeakById } from "../task/collections";
import { checkTimeout, DeadlockError, TimeoutError } from "../task/errors";
import { type Revivable, type Revival, toTransfer } from "../task/transferable";
import type { WaitingOptions } from "./queue";
import { type Waiting, waitAwaiting, waitBlocking } from "./shared-wait";

/** The thread that held the lock has ended: what the lock guards may be half changed. */
export class AbandonedLock extends Error {
  override name = "AbandonedLock";
}

/** What the first word of a lock says; other values are the holder's thread, plus 1. */
const free = 0;
const abandoned = -1;

/**
 * A lock over shared memory, after Python's `threading.Lock`, with a blocking face for threads and an awaiting one
 * for the event loop. Pass it to tasks as an argument or a captured variable, together with the SharedArrayBuffer
 * that it guards; all threads then share the one lock.
 *
 * It is not reentrant: the thread that holds it waits for itself. Any thread may release it. Order: who asks takes
 * a free lock at once, unless another has waited for more than a millisecond; so it is quick, and nobody starves,
 * but it is not strictly first come, first served. When a thread of an executor or a portal ends while it holds the
 * lock, all who ask get AbandonedLock, until `release()` sets it free; of other threads nothing is known.
 * Two threads that take two locks in opposite order wait for each other for ever, as in Python, and no DeadlockError
 * comes: any third thread might release one. Take them in one order everywhere, or with a `timeoutMs`.
 *
 * @example
 * const lock = new Lock();
 * const total = new Float64Array(new SharedArrayBuffer(8));
 * await gather([1, 2, 3].map((n) => toThread((x) => {
 *   using held = lock.hold();
 *   total[0] += x;
 * }, n)));
 */
export class Lock implements Revivable {
  readonly #id: string;
  readonly #words: Int32Array;
  readonly #waiting: Waiting;

  constructor();
  /** @internal */
  constructor(id: string, shared: SharedArrayBuffer);
  constructor(id = newId(), shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.#id = id;
    this.#words = new Int32Array(shared);
    this.#waiting = { words: this.#words, patient: 1, attempt: () => this.#take() };
    known.set(id, this);
  }

  /** True while somebody holds it, or it is abandoned. */
  locked(): boolean {
    return Atomics.load(this.#words, 0) !== free;
  }

  /**
   * Takes the lock, blocking this thread until it is free, at most `timeoutMs` milliseconds; 0: not at all. False when
   * it was not free in time. On the event loop's thread it takes a free lock, and throws DeadlockError instead of
   * waiting. Throws DeadlockError if this thread holds it and there is no `timeoutMs`, AbandonedLock if its holder has
   * ended, CancelledError if the task that waits is cancelled, RangeError for a `timeoutMs` that is no time.
   */
  acquire(timeoutMs?: number): boolean {
    const limit = checkTimeout(timeoutMs, "timeoutMs");
    const own = threadId + 1;
    if (limit === undefined && Atomics.load(this.#words, 0) === own) throw ownLock();
    return waitBlocking(this.#waiting, limit ?? Number.POSITIVE_INFINITY, "acquire()");
  }

  /**
   * Takes the lock as soon as it is free, while the event loop goes on. Rejects with the signal's reason when that is
   * aborted (`AbortSignal.timeout(ms)` is a timeout), and with AbandonedLock if its holder has ended.
   */
  acquireAsync({ signal }: WaitingOptions = {}): Promise<void> {
    return waitAwaiting(this.#waiting, signal);
  }

  /**
   * Sets the lock free, whichever thread took it; an abandoned one as well. Throws Error if nobody holds it.
   */
  release(): void {
    if (Atomics.exchange(this.#words, 0, free) === free) {
      throw new Error("release() of a lock that nobody holds: acquire() it before.");
    }
    Atomics.notify(this.#words, 0, 1);
  }

  /**
   * `using held = lock.hold()`: takes the lock as `acquire` does, until the end of the block. Throws what `acquire`
   * throws, and TimeoutError if it was not free within `timeoutMs`.
   */
  hold(timeoutMs?: number): Disposable {
    if (!this.acquire(timeoutMs)) throw new TimeoutError(`The lock was not free within ${timeoutMs} ms.`);
    return this.#held();
  }

  /** `using held = await lock.holdAsync()`: the same for the event loop. Rejects as `acquireAsync` does. */
  async holdAsync(options?: WaitingOptions): Promise<Disposable> {
    await this.acquireAsync(options);
    return this.#held();
  }

  [toTransfer](): Revival {
    const data: SharedData = { id: this.#id, shared: this.#words.buffer as SharedArrayBuffer };
    return { module: __filename, name: "reviveLock", data };
  }

  /** @internal The thread has ended. */
  abandonedBy(thread: number): void {
    if (Atomics.compareExchange(this.#words, 0, thread + 1, abandoned) !== thread + 1) return;
    Atomics.notify(this.#words, 0);
  }

  #take(): boolean {
    const holder = Atomics.compareExchange(this.#words, 0, free, threadId + 1);
    if (holder === abandoned) {
      throw new AbandonedLock(
        "The thread that held this lock has ended, and what the lock guards may be half changed. Put it in order, " +
          "then release() sets the lock free.",
      );
    }
    return holder === free;
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

function ownLock(): DeadlockError {
  return new DeadlockError(
    "This thread holds the lock, which is not reentrant, and would wait for itself. Take it once, around both, or " +
      "give acquire a `timeoutMs`.",
  );
}

interface SharedData {
  id: string;
  shared: SharedArrayBuffer;
}

const known = new WeakById<Lock>();

/** @internal This thread's one object for that lock. */
export function reviveLock({ id, shared }: SharedData): Lock {
  return known.get(id) ?? new Lock(id, shared);
}

/** @internal To be called by the thread that sees another one end. */
export function threadEnded(thread: number): void {
  for (const lock of known.all()) lock.abandonedBy(thread);
}
