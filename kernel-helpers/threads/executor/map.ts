import { afterUnpaused, Deadline } from "../../inspector";
import { longestTimer, TimeoutError } from "../task/errors";
import { requireCount, requireKnown, requireMilliseconds } from "../task/options";
import type { TaskResult } from "../task/task";
import type { Submitted } from "./from-thread";

export interface MapOptions {
  /** How many items go to a thread together; more is faster for small work. @default 1 */
  chunksize?: number;
  /** How many chunks are submitted ahead of the results taken. @default all at once */
  buffersize?: number;
  /** Milliseconds from the call of `map` in which each result must have come; then TimeoutError. */
  timeout?: number;
}

type Submit = (chunk: unknown[], result: TaskResult) => Submitted;

/** The results before the error, if there is one. */
interface Outcome {
  results: unknown[];
  error?: { reason: unknown };
}

interface Chunk {
  task: Submitted;
  outcome: Promise<Outcome>;
}

/** The results of `map`, in order: `for await` gives one after the other, `await` all of them. */
export class MapResults<R> implements AsyncIterable<R>, PromiseLike<R[]> {
  readonly #items: Iterator<unknown>;
  readonly #submit: Submit;
  readonly #stop: (task: Submitted) => void;
  readonly #chunksize: number;
  readonly #until: Deadline;
  readonly #timeout: number;
  #chunks: Chunk[] = [];
  #exhausted = false;

  /** @internal */
  constructor(
    items: Iterable<unknown>,
    submit: Submit,
    stop: (task: Submitted) => void,
    options: MapOptions,
  ) {
    const { chunksize = 1, buffersize, timeout = Number.POSITIVE_INFINITY } = options;
    requireKnown("map", options, ["chunksize", "buffersize", "timeout"]);
    requireCount("chunksize", chunksize, 1, "It is how many items toTransfer together.");
    if (buffersize !== undefined)
      requireCount("buffersize", buffersize, 1, "Leave it out to submit all at once.");
    requireMilliseconds("timeout", timeout);
    if (typeof items?.[Symbol.iterator] !== "function") {
      throw new TypeError(`\`map\` needs an iterable of items, got ${typeof items}: map(fn, [1, 2, 3]).`);
    }
    this.#items = items[Symbol.iterator]();
    this.#submit = submit;
    this.#stop = stop;
    this.#chunksize = chunksize;
    this.#timeout = timeout;
    this.#until = new Deadline(timeout);
    this.#fill(buffersize ?? Number.POSITIVE_INFINITY);
  }

  #fill(ahead: number): void {
    while (this.#chunks.length < ahead && !this.#exhausted) this.#submitChunk();
  }

  #submitChunk(): void {
    const chunk: unknown[] = [];
    while (chunk.length < this.#chunksize) {
      const { value, done } = this.#items.next();
      if (done) {
        this.#exhausted = true;
        break;
      }
      chunk.push(value);
    }
    if (chunk.length > 0) this.#chunks.push(start(this.#submit, chunk));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, void> {
    try {
      while (this.#chunks.length > 0) {
        const { results, error } = await this.#inTime(this.#chunks[0]!.outcome);
        this.#chunks.shift();
        yield* results as R[];
        if (error) throw error.reason;
        if (!this.#exhausted) this.#submitChunk();
      }
    } finally {
      for (const { task } of this.#chunks.splice(0)) this.#stop(task);
    }
  }

  async #inTime(outcome: Promise<Outcome>): Promise<Outcome> {
    const left = this.#until.leftMs;
    if (left === Number.POSITIVE_INFINITY) return outcome;
    let cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      const error = new TimeoutError(
        `map had not given its next result within its \`timeout\` of ${this.#timeout} ms.`,
      );
      cancel = afterUnpaused(Math.max(0, Math.min(left, longestTimer)), () => reject(error));
    });
    try {
      return await Promise.race([outcome, late]);
    } finally {
      cancel();
    }
  }

  async #all(): Promise<R[]> {
    const all: R[] = [];
    for await (const result of this) all.push(result);
    return all;
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting gives all results
  then<A = R[], B = never>(
    onFulfilled?: ((value: R[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#all().then(onFulfilled, onRejected);
  }
}

function start(submit: Submit, chunk: unknown[]): Chunk {
  let task!: Submitted;
  const outcome = new Promise<Outcome>((resolve, reject) => {
    const settle = (ok: boolean, value: unknown) => {
      if (ok) resolve({ results: value as unknown[] });
      else resolve({ results: task?.partial ?? [], error: { reason: value } });
    };
    task = submit(chunk, { settle, waiters: [{ resolve, reject }], isPromise: true });
  });
  return { task, outcome };
}
