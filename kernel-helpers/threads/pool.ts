import { performance } from "node:perf_hooks";
import { unpackValue } from "./closures/unpack";
import { Crew } from "./crew";
import { watchForDeadlock } from "./deadlock";
import { type ParcelOptions, recordEnd } from "./envelope";
import { BrokenThreadPool, CancelledError, ExecutorShutDown, unpackError } from "./errors";
import { refuseInWorker, threadDied, withSubmitSite } from "./failures";
import { Fifo } from "./fifo";
import { type Job, newJob, startTimer } from "./job";
import type { Lane } from "./lane";
import { checkTaskOptions, requireFunction, type Settings } from "./options";
import { QueueFull } from "./queue";
import { unwatchSignal, watchSignal } from "./signals";
import { type ExecutorStats, Meter } from "./stats";
import type { SubmitSite } from "./submit-site";
import type { WorkerThread } from "./thread";
import { TimeoutError } from "./timeout";
import type { AnyFunction } from "./types";
import type { Reply } from "./wire";

export type Settle = (ok: boolean, value: unknown) => void;

/** The queue and the threads under an executor and its views. */
export class Pool {
  /** Accepted and not settled. */
  readonly jobs = new Set<Job>();
  private readonly queue = new Fifo<Job>();
  private queued = 0;
  private readonly meter = new Meter();
  private readonly crew: Crew;
  private broken: BrokenThreadPool | undefined;
  private whenEmpty: (() => void)[] = [];
  closed = false;

  constructor(readonly settings: Settings) {
    this.crew = new Crew(settings, this.meter);
  }

  get threads(): ReadonlySet<WorkerThread> {
    return this.crew.threads;
  }

  /** Accepts a task; `settle` is called once. Throws what can be known to be wrong before it is queued. */
  submit(
    fn: AnyFunction,
    args: unknown[],
    options: ParcelOptions,
    settle: Settle,
    site: SubmitSite,
    lane?: Lane,
  ): Job {
    requireFunction(fn, "fn");
    refuseInWorker(fn);
    if (options !== noOptions) checkTaskOptions(options);
    this.requireOpen();
    const job = newJob(this, fn, args, options, settle, site);
    this.jobs.add(job);
    this.queued++;
    job.parent?.tasks.add(job);
    if (options !== noOptions) this.arm(job);
    if (job.state === "queued") this.admit(job, lane);
    return job;
  }

  private requireOpen(): void {
    if (this.broken) throw this.broken;
    if (this.closed) {
      throw new ExecutorShutDown(
        "The executor was shut down and takes no more tasks. Make a new ThreadPoolExecutor.",
      );
    }
    if (this.queued >= this.settings.maxQueue && this.isFull()) {
      throw new QueueFull(
        `The executor has ${this.queued} tasks waiting, as many as \`maxQueue\` allows. Await some of them ` +
          "before the next, use map with a `buffersize`, or raise `maxQueue`.",
      );
    }
  }

  /** Signal and queueTimeout count from now on. */
  private arm(job: Job): void {
    const { signal, queueTimeout } = job.options;
    if (signal?.aborted) this.settle(job, false, signal.reason);
    else if (signal) {
      job.onAbort = () => this.stop(job, signal.reason);
      watchSignal(signal, job.onAbort);
    }
    if (queueTimeout === undefined) return;
    const late = () => {
      const waited = `${job.name} waited in the queue for more than its \`queueTimeout\` of ${queueTimeout} ms`;
      if (job.state === "queued")
        this.stop(job, new TimeoutError(`${waited}. Use more threads or fewer tasks.`));
    };
    startTimer(job, late, queueTimeout);
  }

  private admit(job: Job, lane: Lane | undefined): void {
    if (lane) lane.add(job);
    else this.enqueue(job);
    if (job.parent && job.state === "queued") watchForDeadlock(job);
  }

  /** Gives the job to a free thread or to the queue. */
  enqueue(job: Job): void {
    const thread = this.crew.takeIdle() ?? this.grow();
    if (thread) this.dispatch(job, thread);
    else this.queue.push(job);
  }

  /** True when no thread is free and none can be added. */
  isFull(): boolean {
    return this.crew.isFull;
  }

  // ---- Threads ----

  /** A new thread that can take a job at once; with an initializer it takes one when it is ready. */
  private grow(): WorkerThread | undefined {
    if (!this.crew.canGrow) return undefined;
    const thread = this.crew.spawn();
    if (!this.settings.initializer) return thread;
    void this.prepare(thread);
    return undefined;
  }

  /** Runs the initializer in a new thread, or nothing; then the thread is free. */
  private async prepare(thread: WorkerThread): Promise<void> {
    const { initializer = nothing, initargs = [] } = this.settings;
    try {
      const job = newJob(this, initializer, [...initargs], noOptions, nothing, {});
      const reply = await thread.run(job).catch((error) => {
        recordEnd(this.closed ? "stopped" : "died", job.envelope);
        throw error;
      });
      thread.catchUp(reply.posts);
      thread.job = undefined;
      if ("error" in reply) throw unpackError(reply.error);
      this.release(thread);
    } catch (error) {
      this.break(thread, error);
    }
  }

  private break(thread: WorkerThread, cause: unknown): void {
    if (this.closed && this.jobs.size === 0) return;
    const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, "");
    const what = this.settings.initializer ? "The initializer of" : "Thread";
    this.broken ??= new BrokenThreadPool(
      `${what} ${thread.name} failed: ${reason}. No task of this executor will run; correct it and make a new one.`,
      { cause },
    );
    for (const job of [...this.jobs]) this.settle(job, false, this.broken);
    void this.crew.end();
  }

  /** Starts all threads; resolves when each is ready for tasks. */
  async ready(): Promise<void> {
    this.requireOpen();
    const starts: Promise<void>[] = [];
    while (this.crew.canGrow) starts.push(this.prepare(this.crew.spawn()));
    await Promise.all(starts);
    if (this.broken) throw this.broken;
  }

  private release(thread: WorkerThread): void {
    if (!this.threads.has(thread)) return;
    const next = this.next();
    if (next) this.dispatch(next, thread);
    else this.crew.rest(thread);
  }

  /** Takes a thread out of use; a queued job gets another one. */
  private retire(thread: WorkerThread): void {
    this.crew.retire(thread);
    const successor = this.queued > 0 && !this.broken ? this.grow() : undefined;
    if (successor) this.release(successor);
  }

  // ---- Jobs ----

  private next(): Job | undefined {
    for (let job = this.queue.shift(); job; job = this.queue.shift()) {
      if (job.state === "queued") return job;
    }
    return undefined;
  }

  private dispatch(job: Job, thread: WorkerThread): void {
    this.queued--;
    job.state = "running";
    job.thread = thread;
    job.startedAt = performance.now();
    this.meter.wait.add(job.startedAt - job.queuedAt);
    const { timeout } = job.options;
    // A new thread takes a while to load; that is not the task's time.
    if (timeout !== undefined) thread.onceUp(() => this.limitRun(job, timeout));
    thread.run(job).then(
      (reply) => this.replied(job, thread, reply),
      (error) => this.died(job, thread, error),
    );
  }

  private limitRun(job: Job, timeout: number): void {
    if (job.state !== "running") return;
    const over = `${job.name} ran for more than its \`timeout\` of ${timeout} ms and was stopped.`;
    startTimer(job, () => this.stop(job, new TimeoutError(over)), timeout);
  }

  private replied(job: Job, thread: WorkerThread, reply: Reply): void {
    thread.catchUp(reply.posts);
    thread.job = undefined;
    this.meter.run.add(performance.now() - job.startedAt);
    if (reply.fatal) this.retire(thread);
    else this.release(thread);
    if (isStopped(job)) recordEnd("stopped", job.envelope);
    if (job.stopping) this.settle(job, false, job.stopping.reason);
    else if ("error" in reply) this.fail(job, thread, reply);
    else this.settle(job, true, reply.packed ? unpackValue(reply.packed) : reply.value);
  }

  private fail(job: Job, thread: WorkerThread, reply: Reply): void {
    job.partial = reply.packed ? (unpackValue(reply.packed) as unknown[]) : reply.results;
    this.settle(job, false, withSubmitSite(unpackError(reply.error), job, thread));
  }

  private died(job: Job, thread: WorkerThread, error: unknown): void {
    thread.job = undefined;
    this.meter.run.add(performance.now() - job.startedAt);
    this.retire(thread);
    recordEnd(isStopped(job) ? "stopped" : "died", job.envelope);
    this.settle(job, false, job.stopping ? job.stopping.reason : threadDied(error, job, thread));
  }

  private settle(job: Job, ok: boolean, value: unknown): void {
    if (job.state === "done") return;
    if (job.state === "queued") {
      this.queued--;
      recordEnd("stopped", job.envelope);
    }
    job.parent?.tasks.delete(job);
    job.state = "done";
    this.jobs.delete(job);
    this.meter.completed++;
    for (const timer of job.timers) clearTimeout(timer);
    if (job.onAbort) unwatchSignal(job.options.signal!, job.onAbort);
    for (const lane of job.admittedBy) lane.leave(job);
    job.settle(ok, value);
    if (this.jobs.size === 0) for (const resolve of this.whenEmpty.splice(0)) resolve();
  }

  /** Drops a queued job; asks a running one to stop and, after the grace period, ends its thread. */
  stop(job: Job, reason: unknown): boolean {
    if (job.state === "done" || job.stopping) return false;
    if (job.state === "queued" || job.options.abandonOnCancel) {
      job.thread?.ask(job);
      this.settle(job, false, reason);
      return true;
    }
    const thread = job.thread!;
    job.stopping = { reason };
    thread.ask(job);
    const end = () => {
      if (job.state === "running") void thread.worker.terminate();
    };
    startTimer(job, end, this.settings.gracePeriod);
    return true;
  }

  // ---- The end ----

  async shutdown(wait: boolean, cancelFutures: boolean, timeout: number | undefined): Promise<void> {
    this.closed = true;
    if (cancelFutures) this.stopAll((job) => job.state === "queued", "shutdown({ cancelFutures: true })");
    const ended = this.drain(timeout).then(() => this.crew.end());
    if (wait) await ended;
  }

  private async drain(timeout: number | undefined): Promise<void> {
    if (this.jobs.size === 0) return;
    const empty = new Promise<void>((resolve) => this.whenEmpty.push(resolve));
    const timer =
      timeout !== undefined && timeout !== Number.POSITIVE_INFINITY
        ? setTimeout(() => this.stopAll(() => true, `shutdown({ timeout: ${timeout} })`), timeout)
        : undefined;
    await empty;
    clearTimeout(timer);
  }

  private stopAll(which: (job: Job) => boolean, why: string): void {
    for (const job of [...this.jobs]) {
      if (which(job)) this.stop(job, new CancelledError(`${job.name} was cancelled by ${why}.`));
    }
  }

  get stats(): ExecutorStats {
    const now = performance.now();
    const busy = [...this.threads].filter(({ job }) => job);
    const busySince = busy.map(({ job }) => job!.startedAt || now);
    const aliveSince = Array.from(this.threads, ({ startedAt }) => startedAt);
    return {
      maxWorkers: this.settings.maxWorkers,
      threads: this.threads.size,
      queued: this.queued,
      running: busy.length,
      completed: this.meter.completed,
      waitTime: this.meter.wait.summary(),
      runTime: this.meter.run.summary(),
      utilization: this.meter.utilization(busySince, aliveSince, now),
    };
  }
}

/** What most tasks come with; known by identity, so that nothing needs checking. */
export const noOptions: ParcelOptions = {};

const nothing = () => {};

/** True of a job that was not left to end by itself: asked to stop, or given up before it was over. */
const isStopped = (job: Job): boolean => job.stopping !== undefined || job.state === "done";
