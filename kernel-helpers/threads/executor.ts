import { onLoop, workerName } from "./bridge";
import { unpackValue } from "./closures/unpack";
import { makeParcel, type ParcelOptions } from "./envelope";
import {
  BrokenThreadPool,
  CancelledError,
  DeadlockError,
  RejectedExecutionError,
  unpackError,
} from "./errors";
import { Future } from "./future";
import type { Job } from "./job";
import { loopCalls } from "./loop-calls";
import {
  checkExecutorOptions,
  checkTaskOptions,
  type ExecutorOptions,
  requireFunction,
  type Settings,
} from "./options";
import { WorkerThread } from "./thread";
import type { AnyFunction } from "./types";
import type { Reply } from "./wire";

/** Runs functions on a few worker threads, after Python's `concurrent.futures.ThreadPoolExecutor`. */
export class ThreadPoolExecutor {
  readonly #settings: Settings;
  readonly #threads = new Set<WorkerThread>();
  readonly #idle: WorkerThread[] = [];
  #queue: Job[] = [];
  #head = 0;
  #queued = 0;
  #running = 0;
  #closed = false;
  #broken: BrokenThreadPool | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(options: ExecutorOptions = {}) {
    this.#settings = checkExecutorOptions(options);
  }

  /**
   * Queues `fn(...args)` for a thread. Throws at once what cannot be sent; the future gives what the
   * function returns, or its error.
   */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    return this.#future(fn, args, {});
  }

  /** @internal The same with options; `settle` is called once. */
  start(
    fn: AnyFunction,
    args: unknown[],
    options: ParcelOptions,
    settle: (ok: boolean, value: unknown) => void,
    above: AnyFunction,
  ): Job {
    requireFunction(fn, "fn");
    checkTaskOptions(options);
    this.#requireOpen();
    const parcel = makeParcel(fn, args, options);
    const job: Job = {
      ...parcel,
      options,
      settle,
      state: "queued",
      queuedAt: performance.now(),
      startedAt: 0,
      site: {},
      write: { 1: process.stdout.write, 2: process.stderr.write },
      timers: [],
      parent: loopCalls.getStore(),
    };
    Error.captureStackTrace(job.site, above);
    this.#enqueue(job);
    return job;
  }

  #future<R>(fn: AnyFunction, args: unknown[], options: ParcelOptions): Future<Awaited<R>> {
    const future = new Future<Awaited<R>>({
      block: () => {
        throw new DeadlockError(onLoop);
      },
      cancel: () => this.#stop(job, new CancelledError(`${job.name} was cancelled.`)),
    });
    const settle = (ok: boolean, value: unknown) => future.settle(ok ? "fulfilled" : "rejected", value);
    const job = this.start(fn, args, options, settle, this.submit);
    return future;
  }

  /**
   * Calls `fn` with each item and gives the results in the order of the items, as an asynchronous iterable
   * and, awaited, as an array. `chunksize` items travel together.
   */
  map<T, R>(
    fn: (item: T) => R,
    items: Iterable<T>,
    { chunksize = 1 }: { chunksize?: number } = {},
  ): MapResults<Awaited<R>> {
    const all = [...items];
    const chunks: Future<R[]>[] = [];
    for (let i = 0; i < all.length; i += chunksize) {
      chunks.push(this.#future(fn, all.slice(i, i + chunksize), { each: true }) as unknown as Future<R[]>);
    }
    return new MapResults(chunks as unknown as Future<Awaited<R>[]>[]);
  }

  #requireOpen(): void {
    if (workerName() !== undefined) {
      throw new DeadlockError("no executors in workers");
    }
    if (this.#broken) throw this.#broken;
    if (this.#closed) throw new RejectedExecutionError("The executor was shut down.");
  }

  #enqueue(job: Job): void {
    const thread = this.#idle.pop();
    if (thread) {
      this.#dispatch(job, thread);
    } else if (this.#threads.size < this.#settings.maxWorkers) {
      this.#dispatch(job, this.#spawn());
    } else {
      this.#queue.push(job);
      this.#queued++;
    }
  }

  #spawn(): WorkerThread {
    const used = new Set([...this.#threads].map(({ index }) => index));
    let index = 0;
    while (used.has(index)) index++;
    const { threadNamePrefix, resourceLimits } = this.#settings;
    const thread = new WorkerThread(`${threadNamePrefix}-${index}`, index, resourceLimits);
    this.#threads.add(thread);
    return thread;
  }

  #dispatch(job: Job, thread: WorkerThread): void {
    job.state = "running";
    job.thread = thread;
    job.startedAt = performance.now();
    this.#running++;
    thread.run(job).then(
      (reply) => this.#replied(job, thread, reply),
      (error) => this.#died(job, thread, error),
    );
  }

  #replied(job: Job, thread: WorkerThread, reply: Reply): void {
    thread.catchUp(reply.posts);
    thread.job = undefined;
    this.#running--;
    if (reply.fatal) this.#retire(thread);
    else this.#release(thread);
    if (job.stopping) this.#settle(job, false, job.stopping.reason);
    else if ("error" in reply) this.#settle(job, false, unpackError(reply.error));
    else this.#settle(job, true, reply.packed ? unpackValue(reply.packed) : reply.value);
  }

  #died(job: Job, thread: WorkerThread, error: unknown): void {
    this.#running--;
    this.#retire(thread);
    this.#settle(job, false, job.stopping ? job.stopping.reason : error);
  }

  #settle(job: Job, ok: boolean, value: unknown): void {
    if (job.state === "done") return;
    job.state = "done";
    job.settle(ok, value);
  }

  #stop(job: Job, reason: unknown): boolean {
    if (job.state === "done" || job.stopping) return false;
    if (job.state === "queued") {
      this.#queued--;
      this.#settle(job, false, reason);
      return true;
    }
    job.stopping = { reason };
    job.thread!.ask(job);
    setTimeout(() => {
      if (job.state === "running") void job.thread!.worker.terminate();
    }, this.#settings.gracePeriod);
    return true;
  }

  #release(thread: WorkerThread): void {
    const next = this.#next();
    if (next) this.#dispatch(next, thread);
    else {
      this.#idle.push(thread);
      this.#checkIdle();
    }
  }

  #retire(thread: WorkerThread): void {
    this.#threads.delete(thread);
    void thread.terminate();
    const next = this.#next();
    if (next) this.#dispatch(next, this.#spawn());
    else this.#checkIdle();
  }

  #next(): Job | undefined {
    while (this.#head < this.#queue.length) {
      const job = this.#queue[this.#head++]!;
      if (this.#head > 1024) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
      if (job.state === "queued") {
        this.#queued--;
        return job;
      }
    }
    return undefined;
  }

  #checkIdle(): void {
    if (this.#running > 0 || this.#queued > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  async shutdown(): Promise<void> {
    this.#closed = true;
    if (this.#running > 0 || this.#queued > 0)
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }
}

/** The results of `map`: `for await` gives one after the other, `await` all of them. */
export class MapResults<R> implements AsyncIterable<R>, PromiseLike<R[]> {
  readonly #chunks: Future<R[]>[];

  /** @internal */
  constructor(chunks: Future<R[]>[]) {
    this.#chunks = chunks;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R> {
    for (const chunk of this.#chunks) yield* await chunk;
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting gives all results
  then<A = R[], B = never>(
    onFulfilled?: ((value: R[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return Promise.all(this.#chunks)
      .then((chunks) => chunks.flat() as R[])
      .then(onFulfilled, onRejected);
  }
}
