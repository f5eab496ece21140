import { noteWait } from "../executor/deadlock";
import { awaitAs, awaitName, type Waitable, type Waiter } from "../task/waiting";

/** `acquireNowait` found no free token. */
export class WouldBlock extends Error {
  override name = "WouldBlock";
}

/** One who waits for a token. */
interface Acquirer {
  borrower: unknown;
  grant(): void;
  leave(): void;
}

/** Who holds a token while a function runs, by the name under which that is awaited. */
class Run {
  readonly name = awaitName("borrower");
}

/**
 * Lets at most so many tasks run at a time, whatever pool they use; as AnyIO's `CapacityLimiter`. Tokens are
 * given out first come, first served. Throws RangeError unless `totalTokens` is an integer of at least 1, or
 * Infinity.
 *
 * @example
 * const limiter = new CapacityLimiter(2);
 * await gather(urls.map((url) => limiter.run(toThread, fetchSync, url)));
 */
export class CapacityLimiter {
  #totalTokens = 0;
  readonly #borrowers = new Set<unknown>();
  readonly #anonymous: symbol[] = [];
  readonly #waiting = new Set<Acquirer>();

  constructor(totalTokens: number) {
    this.totalTokens = totalTokens;
  }

  /** How many may run at a time. Raising it lets the waiting in; lowering it takes no token away. */
  get totalTokens(): number {
    return this.#totalTokens;
  }

  set totalTokens(value: number) {
    if (value !== Number.POSITIVE_INFINITY && !(Number.isInteger(value) && value >= 1)) {
      throw new RangeError(
        `\`totalTokens\` must be an integer of at least 1, or Infinity, got ${String(value)}.`,
      );
    }
    this.#totalTokens = value;
    this.#admit();
  }

  /** How many tokens are held now. */
  get borrowedTokens(): number {
    return this.#borrowers.size;
  }

  /** Negative after `totalTokens` was lowered below what is borrowed. */
  get availableTokens(): number {
    return this.#totalTokens - this.#borrowers.size;
  }

  /** The numbers at this moment, with how many wait for a token. */
  statistics(): { totalTokens: number; borrowedTokens: number; tasksWaiting: number } {
    return {
      totalTokens: this.#totalTokens,
      borrowedTokens: this.borrowedTokens,
      tasksWaiting: this.#waiting.size,
    };
  }

  /** Waits for a token. Aborting `signal` gives up the place in the queue and rejects with its reason. */
  async acquire({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const borrower = Symbol("borrower");
    await this.acquireOnBehalfOf(borrower, { signal });
    this.#anonymous.push(borrower);
  }

  /** Takes a token at once, or throws WouldBlock. */
  acquireNowait(): void {
    const borrower = Symbol("borrower");
    this.acquireOnBehalfOfNowait(borrower);
    this.#anonymous.push(borrower);
  }

  /** Gives back a token taken with `acquire` or `acquireNowait`; throws when there is none. */
  release(): void {
    const borrower = this.#anonymous.pop();
    if (!borrower) throw new Error("release() without an acquire(): no token is borrowed.");
    this.releaseOnBehalfOf(borrower);
  }

  /**
   * As `acquire`, for a borrower that is known by name or object and may hold one token only: rejects when it
   * holds or awaits one already.
   */
  async acquireOnBehalfOf(borrower: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#checkNew(borrower);
    if (this.#isFree()) this.#borrowers.add(borrower);
    else await this.#queue(borrower, signal);
  }

  /** The same at once, or throws WouldBlock. */
  acquireOnBehalfOfNowait(borrower: unknown): void {
    this.#checkNew(borrower);
    if (!this.#isFree()) {
      throw new WouldBlock(`All ${this.#totalTokens} tokens are borrowed. Use acquire() to wait for one.`);
    }
    this.#borrowers.add(borrower);
  }

  /** Gives back the borrower's token; throws when it holds none. */
  releaseOnBehalfOf(borrower: unknown): void {
    if (!this.#borrowers.delete(borrower)) {
      throw new Error(`${String(borrower)} holds no token of this CapacityLimiter: acquire one before.`);
    }
    this.#admit();
  }

  /**
   * Calls `fn` with a token held, and gives it back when what `fn` returned has settled. Gives, or rejects with,
   * what `fn` does.
   */
  async run<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    const borrower = new Run();
    await this.acquireOnBehalfOf(borrower);
    try {
      return await awaitAs(borrower.name, () => fn(...args) as Awaited<R>);
    } finally {
      this.releaseOnBehalfOf(borrower);
    }
  }

  #isFree(): boolean {
    return this.#waiting.size === 0 && this.availableTokens >= 1;
  }

  #checkNew(borrower: unknown): void {
    const waiting = [...this.#waiting].some((waiter) => waiter.borrower === borrower);
    if (waiting || this.#borrowers.has(borrower)) {
      throw new Error(`${String(borrower)} already holds or awaits a token of this CapacityLimiter.`);
    }
  }

  #queue(borrower: unknown, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(acquirer);
        signal?.removeEventListener("abort", abort);
      };
      const abort = () => {
        leave();
        reject(signal?.reason);
      };
      const grant = () => {
        leave();
        resolve();
      };
      const acquirer: Acquirer = { borrower, grant, leave };
      this.#waiting.add(acquirer);
      signal?.addEventListener("abort", abort, { once: true });
      const waiter = { resolve, reject };
      if (!signal) noteWait(this.#waitFor(acquirer, waiter), waiter);
    });
  }

  /** A wait for ever when all who hold a token wait for this one. */
  #waitFor(acquirer: Acquirer, waiter: Waiter): Waitable {
    const [waiting, borrowers] = [this.#waiting, this.#borrowers];
    return {
      waiters: [waiter],
      get isOver() {
        return !waiting.has(acquirer);
      },
      heldBy: () => {
        const runs = [...borrowers].filter((each) => each instanceof Run);
        // Others may release theirs at any time.
        return runs.length === borrowers.size
          ? { need: "all", holders: runs.map(({ name }) => name) }
          : undefined;
      },
      refusal: {
        inWords: () =>
          `CapacityLimiter would wait for ever: those who hold its ${this.#totalTokens} tokens wait for this function. ` +
          "Raise `totalTokens`, or take the inner token from a limiter of its own.",
        refuse: (each, error) => {
          acquirer.leave();
          each.reject(error);
        },
      },
    };
  }

  #admit(): void {
    for (const waiter of this.#waiting) {
      if (this.availableTokens < 1) return;
      this.#borrowers.add(waiter.borrower);
      waiter.grant();
    }
  }
}
