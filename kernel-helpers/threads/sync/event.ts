import { newId, WeakById } from "../task/collections";
import { checkTimeout } from "../task/errors";
import { type Revivable, type Revival, toTransfer } from "../task/transferable";
import type { WaitingOptions } from "./queue";
import { waitAwaiting, waitBlocking } from "./shared-wait";

/** The first word counts the calls of `set`, so that nobody misses one that is cleared at once. */
const flag = 1;

/**
 * A flag over shared memory that threads and the event loop can wait for, after Python's `threading.Event`. It
 * travels to threads as an argument or a captured variable. Whoever waits when it is set goes on, also when it is
 * cleared at once.
 *
 * @example
 * const ready = new Event();
 * const worker = toThread(() => { warmUp(); ready.set(); return serve(); });
 * await ready.waitAsync();
 */
export class Event implements Revivable {
  readonly #id: string;
  readonly #words: Int32Array;

  constructor();
  /** @internal */
  constructor(id: string, shared: SharedArrayBuffer);
  constructor(id = newId(), shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.#id = id;
    this.#words = new Int32Array(shared);
    known.set(id, this);
  }

  isSet(): boolean {
    return Atomics.load(this.#words, flag) === 1;
  }

  /** Sets the flag: all who wait go on, and `wait` returns at once until `clear`. */
  set(): void {
    Atomics.store(this.#words, flag, 1);
    Atomics.add(this.#words, 0, 1);
    Atomics.notify(this.#words, 0);
  }

  /** Takes the flag down: `wait` waits again. */
  clear(): void {
    Atomics.store(this.#words, flag, 0);
  }

  /**
   * Blocks this thread until the flag is set, at most `timeoutMs` milliseconds; 0: not at all. False when it was not set
   * in time. On the event loop's thread it throws DeadlockError instead of waiting. Throws CancelledError if the
   * task that waits is cancelled, RangeError for a `timeoutMs` that is no time.
   */
  wait(timeoutMs?: number): boolean {
    const limit = checkTimeout(timeoutMs, "timeoutMs") ?? Number.POSITIVE_INFINITY;
    return waitBlocking(this.#waiting(), limit, "wait()");
  }

  /** Resolves when the flag is set. Rejects with the signal's reason when that is aborted. */
  waitAsync({ signal }: WaitingOptions = {}): Promise<void> {
    return waitAwaiting(this.#waiting(), signal);
  }

  [toTransfer](): Revival {
    const data: SharedData = { id: this.#id, shared: this.#words.buffer as SharedArrayBuffer };
    return { module: __filename, name: "reviveEvent", data };
  }

  #waiting() {
    const before = Atomics.load(this.#words, 0);
    return {
      words: this.#words,
      attempt: () => this.isSet() || Atomics.load(this.#words, 0) !== before,
    };
  }
}

interface SharedData {
  id: string;
  shared: SharedArrayBuffer;
}

const known = new WeakById<Event>();

/** @internal This thread's one object for that event. */
export function reviveEvent({ id, shared }: SharedData): Event {
  return known.get(id) ?? new Event(id, shared);
}
