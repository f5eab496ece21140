import { performance } from "node:perf_hooks";
import { unpackError } from "../closures/pack-error";
import { recordEnd, type SubmitOptions } from "../closures/task-message";
import { unpackValue } from "../closures/unpack";
import { QueueFull } from "../sync/queue";
import { Fifo } from "../task/collections";
import { BrokenThreadPool, CancelledError, ExecutorShutDown, TimeoutError } from "../task/errors";
import type { Reply } from "../task/message";
import type { SubmitSite } from "../task/submit-site";
import { newTask, startTimer, type Task } from "../task/task";
import type { AnyFunction } from "../task/types";
import type { ConcurrencyLimit } from "./concurrency-limit";
import { watchForDeadlock } from "./deadlock";
import { refuseInWorker, threadDied, withSubmitSite } from "./failures";
import { checkTaskOptions, requireFunction, type Settings } from "./options";
import { unwatchSignal, watchSignal } from "./signals";
import { type ExecutorStats, Meter } from "./stats";
import { WorkerSet } from "./worker-set";
import type { WorkerThread } from "./worker-thread";

export type Settle = (ok: boolean, value: unknown) => void;

/** The queue and the threads under an executor and its views. */
export class Pool {
  /** Accepted and not settled. */
  readonly tasks = new Set<Task>();
  private readonly queue = new Fifo<Task>();
  private queued = 0;
  private readonly meter = new Meter();
  private readonly workers: WorkerSet;
  private broken: BrokenThreadPool | undefined;
  private whenEmpty: (() => void)[] = [];
  closed = false;

  constructor(readonly settings: Settings) {
    this.workers = new WorkerSet(settings, this.meter);
  }

  get threads(): ReadonlySet<WorkerThread> {
    return this.workers.threads;
  }

  /** Accepts a task; `settle` is called once. Throws what can be known to be wrong before it is queued. */
  submit(
    fn: AnyFunction,
    args: unknown[],
    options: SubmitOptions,
    settle: Settle,
    site: SubmitSite,
    limit?: ConcurrencyLimit,
  ): Task {
    requireFunction(fn, "fn");
    refuseInWorker(fn);
    if (options !== noOptions) checkTaskOptions(options);
    this.requireOpen();
    const task = newTask(this, fn, args, options, settle, site);
    this.tasks.add(task);
    this.queued++;
    task.parent?.tasks.add(task);
    if (options !== noOptions) this.arm(task);
    if (task.state === "queued") this.admit(task, limit);
    return task;
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
  private arm(task: Task): void {
    const { signal, queueTimeout } = task.options;
    if (signal?.aborted) this.settle(task, false, signal.reason);
    else if (signal) {
      task.onAbort = () => this.stop(task, signal.reason);
      watchSignal(signal, task.onAbort);
    }
    if (queueTimeout === undefined) return;
    const late = () => {
      const waited = `${task.name} waited in the queue for more than its \`queueTimeout\` of ${queueTimeout} ms`;
      if (task.state === "queued")
        this.stop(task, new TimeoutError(`${waited}. Use more threads or fewer tasks.`));
    };
    startTimer(task, late, queueTimeout);
  }

  private admit(task: Task, limit: ConcurrencyLimit | undefined): void {
    if (limit) limit.add(task);
    else this.enqueue(task);
    if (task.parent && task.state === "queued") watchForDeadlock(task);
  }

  /** Gives the task to a free thread or to the queue. */
  enqueue(task: Task): void {
    const thread = this.workers.takeIdle() ?? this.grow();
    if (thread) this.dispatch(task, thread);
    else this.queue.push(task);
  }

  /** True when no thread is free and none can be added. */
  isFull(): boolean {
    return this.workers.isFull;
  }

  // ---- Threads ----

  /** A new thread that can take a task at once; with an initializer it takes one when it is ready. */
  private grow(): WorkerThread | undefined {
    if (!this.workers.canGrow) return undefined;
    const thread = this.workers.spawn();
    if (!this.settings.initializer) return thread;
    void this.prepare(thread);
    return undefined;
  }

  /** Runs the initializer in a new thread, or nothing; then the thread is free. */
  private async prepare(thread: WorkerThread): Promise<void> {
    const { initializer = nothing, initargs = [] } = this.settings;
    try {
      const task = newTask(this, initializer, [...initargs], noOptions, nothing, {});
      const reply = await thread.run(task).catch((error) => {
        recordEnd(this.closed ? "stopped" : "died", task.message);
        throw error;
      });
      thread.catchUp(reply.posts);
      thread.task = undefined;
      if ("error" in reply) throw unpackError(reply.error);
      this.release(thread);
    } catch (error) {
      this.break(thread, error);
    }
  }

  private break(thread: WorkerThread, cause: unknown): void {
    if (this.closed && this.tasks.size === 0) return;
    const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, "");
    const what = this.settings.initializer ? "The initializer of" : "Thread";
    this.broken ??= new BrokenThreadPool(
      `${what} ${thread.name} failed: ${reason}. No task of this executor will run; correct it and make a new one.`,
      { cause },
    );
    for (const task of [...this.tasks]) this.settle(task, false, this.broken);
    void this.workers.end();
  }

  /** Starts all threads; resolves when each is ready for tasks. */
  async ready(): Promise<void> {
    this.requireOpen();
    const starts: Promise<void>[] = [];
    while (this.workers.canGrow) starts.push(this.prepare(this.workers.spawn()));
    await Promise.all(starts);
    if (this.broken) throw this.broken;
  }

  private release(thread: WorkerThread): void {
    if (!this.threads.has(thread)) return;
    const next = this.next();
    if (next) this.dispatch(next, thread);
    else this.workers.rest(thread);
  }

  /** Takes a thread out of use; a queued task gets another one. */
  private retire(thread: WorkerThread): void {
    this.workers.retire(thread);
    const successor = this.queued > 0 && !this.broken ? this.grow() : undefined;
    if (successor) this.release(successor);
  }

  // ---- Tasks ----

  private next(): Task | undefined {
    for (let task = this.queue.shift(); task; task = this.queue.shift()) {
      if (task.state === "queued") return task;
    }
    return undefined;
  }

  private dispatch(task: Task, thread: WorkerThread): void {
    this.queued--;
    task.state = "running";
    task.thread = thread;
    task.startedAt = performance.now();
    this.meter.wait.add(task.startedAt - task.queuedAt);
    const { timeout } = task.options;
    // A new thread takes a while to load; that is not the task's time.
    if (timeout !== undefined) thread.onceUp(() => this.limitRun(task, timeout));
    thread.run(task).then(
      (reply) => this.replied(task, thread, reply),
      (error) => this.died(task, thread, error),
    );
  }

  private limitRun(task: Task, timeout: number): void {
    if (task.state !== "running") return;
    const over = `${task.name} ran for more than its \`timeout\` of ${timeout} ms and was stopped.`;
    startTimer(task, () => this.stop(task, new TimeoutError(over)), timeout);
  }

  private replied(task: Task, thread: WorkerThread, reply: Reply): void {
    thread.catchUp(reply.posts);
    thread.task = undefined;
    this.meter.run.add(performance.now() - task.startedAt);
    if (reply.fatal) this.retire(thread);
    else this.release(thread);
    if (isStopped(task)) recordEnd("stopped", task.message);
    if (task.stopping) this.settle(task, false, task.stopping.reason);
    else if ("error" in reply) this.fail(task, thread, reply);
    else this.settle(task, true, reply.packed ? unpackValue(reply.packed) : reply.value);
  }

  private fail(task: Task, thread: WorkerThread, reply: Reply): void {
    task.partial = reply.packed ? (unpackValue(reply.packed) as unknown[]) : reply.results;
    this.settle(task, false, withSubmitSite(unpackError(reply.error), task, thread));
  }

  private died(task: Task, thread: WorkerThread, error: unknown): void {
    thread.task = undefined;
    this.meter.run.add(performance.now() - task.startedAt);
    this.retire(thread);
    recordEnd(isStopped(task) ? "stopped" : "died", task.message);
    this.settle(task, false, task.stopping ? task.stopping.reason : threadDied(error, task, thread));
  }

  private settle(task: Task, ok: boolean, value: unknown): void {
    if (task.state === "done") return;
    if (task.state === "queued") {
      this.queued--;
      recordEnd("stopped", task.message);
    }
    task.parent?.tasks.delete(task);
    task.state = "done";
    this.tasks.delete(task);
    this.meter.completed++;
    for (const timer of task.timers) clearTimeout(timer);
    if (task.onAbort) unwatchSignal(task.options.signal!, task.onAbort);
    for (const limit of task.admittedBy) limit.leave(task);
    task.settle(ok, value);
    if (this.tasks.size === 0) for (const resolve of this.whenEmpty.splice(0)) resolve();
  }

  /** Drops a queued task; asks a running one to stop and, after the grace period, ends its thread. */
  stop(task: Task, reason: unknown): boolean {
    if (task.state === "done" || task.stopping) return false;
    if (task.state === "queued" || task.options.abandonOnCancel) {
      task.thread?.ask(task);
      this.settle(task, false, reason);
      return true;
    }
    const thread = task.thread!;
    task.stopping = { reason };
    thread.ask(task);
    const end = () => {
      if (task.state === "running") void thread.worker.terminate();
    };
    startTimer(task, end, this.settings.gracePeriod);
    return true;
  }

  // ---- The end ----

  async shutdown(wait: boolean, cancelFutures: boolean, timeout: number | undefined): Promise<void> {
    this.closed = true;
    if (cancelFutures) this.stopAll((task) => task.state === "queued", "shutdown({ cancelFutures: true })");
    const ended = this.drain(timeout).then(() => this.workers.end());
    if (wait) await ended;
  }

  private async drain(timeout: number | undefined): Promise<void> {
    if (this.tasks.size === 0) return;
    const empty = new Promise<void>((resolve) => this.whenEmpty.push(resolve));
    const timer =
      timeout !== undefined && timeout !== Number.POSITIVE_INFINITY
        ? setTimeout(() => this.stopAll(() => true, `shutdown({ timeout: ${timeout} })`), timeout)
        : undefined;
    await empty;
    clearTimeout(timer);
  }

  private stopAll(which: (task: Task) => boolean, why: string): void {
    for (const task of [...this.tasks]) {
      if (which(task)) this.stop(task, new CancelledError(`${task.name} was cancelled by ${why}.`));
    }
  }

  get stats(): ExecutorStats {
    const now = performance.now();
    const busy = [...this.threads].filter(({ task }) => task);
    const busySince = busy.map(({ task }) => task!.startedAt || now);
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
export const noOptions: SubmitOptions = {};

const nothing = () => {};

/** True of a task that was not left to end by itself: asked to stop, or given up before it was over. */
const isStopped = (task: Task): boolean => task.stopping !== undefined || task.state === "done";
