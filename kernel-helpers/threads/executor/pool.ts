import { performance } from "node:perf_hooks";
import { recordEnd } from "../closures/task-message";
import { unpackValue } from "../closures/unpack";
import type { LoopCall } from "../loop/calls";
import { unwatched } from "../loop/open-resources";
import { Fifo } from "../task/collections";
import type { BrokenThreadPool } from "../task/errors";
import type { Reply } from "../task/message";
import { noOptions, requireFunction, type SubmitOptions } from "../task/options";
import { withSubmitSite } from "../task/submit-site";
import type { TaskResult } from "../task/task";
import type { AnyFunction } from "../task/types";
import type { ConcurrencyLimit } from "./concurrency-limit";
import { noteWait } from "./deadlock";
import { queueFull, refuseInWorker, shutDown, threadBroken, threadDied } from "./failures";
import type { Submitter } from "./from-thread";
import { initialize, initializerTask } from "./initializer";
import { limitRun, limitWaiting } from "./limits";
import type { Settings } from "./options";
import { type Places, PoolTask, type TaskOwner } from "./pool-task";
import { drain, noteShutdown, stopAll } from "./shutdown";
import { unwatchSignal } from "./signals";
import { type ExecutorStats, Meter } from "./stats";
import { WorkerSet } from "./worker-set";
import type { WorkerThread } from "./worker-thread";

/** How often a task is given to another thread, because the first ended before it began. */
const mostStarts = 3;

/** The queue and the threads under an executor and its views. */
export class Pool implements Places, TaskOwner, Submitter<PoolTask> {
  /** Accepted and not settled. */
  readonly tasks = new Set<PoolTask>();
  private readonly queue = new Fifo<PoolTask>();
  private queued = 0;
  private readonly meter = new Meter();
  private readonly workers: WorkerSet;
  private broken: BrokenThreadPool | undefined;
  private whenEmpty: (() => void)[] = [];
  closed = false;

  constructor(readonly settings: Settings) {
    this.workers = new WorkerSet(settings, this.meter, {
      ended: (thread) => this.retire(thread),
      paused: (thread, call) => this.pause(thread, call),
      resumed: (thread, call) => this.workers.resume(thread, call),
    });
  }

  /** Accepts a task; `result` is settled once. Throws what can be known to be wrong before it is queued. */
  submit(
    fn: AnyFunction,
    args: unknown[],
    options: SubmitOptions,
    result: TaskResult,
    limit?: ConcurrencyLimit,
  ): PoolTask {
    requireFunction(fn, "fn");
    refuseInWorker(fn);
    this.requireOpen();
    const task = unwatched(() => new PoolTask(fn, args, this, options, result));
    this.tasks.add(task);
    this.queued++;
    if (options !== noOptions) limitWaiting(task);
    if (task.state === "queued") {
      if (limit) limit.add(task);
      else this.enqueue(task);
    }
    if (result.isPromise) for (const waiter of result.waiters) noteWait(task, waiter);
    return task;
  }

  private requireOpen(): void {
    if (this.broken) throw this.broken;
    if (this.closed) throw shutDown();
    if (this.queued >= this.settings.maxQueue && this.workers.isFull) throw queueFull(this.queued);
  }

  /** Gives the task to a free thread or to the queue. */
  enqueue(task: PoolTask): void {
    const thread = this.workers.takeIdle() ?? this.grow();
    if (thread) this.dispatch(task, thread);
    else {
      task.waitsFor = this;
      this.queue.push(task);
    }
  }

  // ---- Places ----

  holders(): PoolTask[] | undefined {
    if (!this.workers.isFull || this.workers.running.size < this.workers.threads.size) return undefined;
    return [...this.workers.running.values()];
  }

  inWords(): string {
    const { maxWorkers } = this.settings;
    return maxWorkers === 1
      ? "the only thread of its executor waits"
      : `all ${maxWorkers} threads of its executor wait`;
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
    try {
      const task = initializerTask(this, this.settings);
      this.workers.running.set(thread, task);
      await initialize(thread, task, () => this.closed, this.settings);
      this.release(thread);
    } catch (error) {
      this.break(thread, error);
    }
  }

  private break(thread: WorkerThread, cause: unknown): void {
    if (this.closed && this.tasks.size === 0) return;
    this.broken ??= threadBroken(thread, cause, this.settings);
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

  /** A thread that waits for a task of this pool makes room for one more. */
  private pause(thread: WorkerThread, call: LoopCall): void {
    const waits = [...call.waits.values()];
    if (!waits.some((each) => each instanceof PoolTask && each.owner === this && !each.isOver)) return;
    this.workers.pause(thread, call.id);
    if (this.workers.canGrow) this.refill();
  }

  private release(thread: WorkerThread): void {
    this.workers.running.delete(thread);
    if (!this.workers.threads.has(thread)) return;
    const next = this.workers.isOver ? undefined : this.next();
    if (next) this.dispatch(next, thread);
    else if (this.workers.isOver) this.workers.spare(thread);
    else this.workers.rest(thread);
  }

  /** Ends a thread, which takes no more tasks from this moment on; a queued task gets another one. */
  private retire(thread: WorkerThread): void {
    if (this.workers.retire(thread)) this.refill();
  }

  /** Gives the first queued task to a thread, should there be room for one. */
  private refill(): void {
    const next = this.broken ? undefined : this.next();
    // What a new thread reports of its initializer belongs to the task for which it is started.
    if (next) next.origin.runInAsyncScope(() => this.resume(next), undefined);
  }

  /** A task that was taken from the head of the queue goes to a new thread, or back there. */
  private resume(task: PoolTask): void {
    const thread = this.workers.takeIdle() ?? this.grow();
    if (thread) this.dispatch(task, thread);
    else this.queue.unshift(task);
  }

  // ---- Tasks ----

  private next(): PoolTask | undefined {
    for (let task = this.queue.shift(); task; task = this.queue.shift()) {
      if (task.state === "queued") return task;
    }
    return undefined;
  }

  private dispatch(task: PoolTask, thread: WorkerThread): void {
    this.queued--;
    task.state = "running";
    task.waitsFor = undefined;
    task.thread = thread;
    task.starts++;
    task.startedAt = performance.now();
    this.meter.wait.add(task.startedAt - task.queuedAt);
    this.workers.running.set(thread, task);
    limitRun(task, thread);
    thread.run(task).then(
      (reply) => this.replied(task, thread, reply),
      (error) => this.died(task, thread, error),
    );
  }

  private replied(task: PoolTask, thread: WorkerThread, reply: Reply): void {
    thread.catchUp(reply.posts);
    this.meter.run.add(performance.now() - task.startedAt);
    if (reply.fatal) this.retire(thread);
    this.release(thread);
    if (task.isStopped) recordEnd("stopped", task.message);
    if (task.stopping) this.settle(task, false, task.stopping.reason);
    else if ("error" in reply) this.fail(task, thread, reply);
    else this.settle(task, true, unpackValue(reply));
    task.forgetValues();
  }

  private fail(task: PoolTask, thread: WorkerThread, reply: Reply): void {
    task.partial = unpackValue(reply) as unknown[] | undefined;
    this.settle(task, false, withSubmitSite(unpackValue(reply.error!), task, thread));
  }

  private died(task: PoolTask, thread: WorkerThread, error: unknown): void {
    thread.catchUp(Number.POSITIVE_INFINITY);
    const reply = thread.replyTo(task);
    if (reply) {
      this.retire(thread);
      this.replied(task, thread, reply);
      return;
    }
    this.workers.running.delete(thread);
    this.meter.run.add(performance.now() - task.startedAt);
    if (this.canRunElsewhere(task, thread)) this.requeue(task);
    this.retire(thread);
    // The thread may have been retired before, when there was nothing queued.
    if (task.state === "queued") {
      this.refill();
      return;
    }
    recordEnd(task.isStopped ? "stopped" : "died", task.message);
    const reason = task.stopping
      ? task.stopping.reason
      : threadDied(thread.death, error, task, thread, this.settings);
    this.settle(task, false, reason);
  }

  /** A thread that an earlier task ended, by a timer that it left, must not cost the task that had not begun. */
  private canRunElsewhere(task: PoolTask, thread: WorkerThread): boolean {
    if (task.isStopped || thread.death?.exitCode === undefined || !thread.hasLoaded) return false;
    return !thread.hasStarted(task) && task.transfer.length === 0 && task.starts < mostStarts;
  }

  private requeue(task: PoolTask): void {
    task.state = "queued";
    task.thread = undefined;
    task.waitsFor = this;
    this.queued++;
    this.queue.unshift(task);
  }

  private settle(task: PoolTask, ok: boolean, value: unknown): void {
    if (task.state === "done") return;
    if (task.state === "queued") {
      this.queued--;
      recordEnd("stopped", task.message);
    }
    task.state = "done";
    this.tasks.delete(task);
    this.meter.completed++;
    task.clearTimers();
    if (task.onAbort) unwatchSignal(task.options.signal!, task.onAbort);
    for (const limit of task.passed ?? []) limit.leave(task);
    task.result.settle(ok, value);
    if (this.tasks.size === 0) for (const resolve of this.whenEmpty.splice(0)) resolve();
  }

  /** Drops a queued task; asks a running one to stop and, after the grace period, ends its thread. */
  stop(task: PoolTask, reason: unknown): boolean {
    if (task.state === "done" || task.stopping) return false;
    if (task.state === "queued" || task.options.abandonOnCancel) {
      task.thread?.ask(task, reason);
      this.settle(task, false, reason);
      return true;
    }
    const thread = task.thread!;
    task.stopping = { reason };
    thread.ask(task, reason);
    task.after(this.settings.gracePeriod, () => this.retire(thread));
    return true;
  }

  // ---- The end ----

  async shutdown(wait: boolean, cancelFutures: boolean, timeout: number | undefined): Promise<void> {
    this.closed = true;
    if (cancelFutures) stopAll(this, (task) => task.state === "queued", "shutdown({ cancelFutures: true })");
    const ended = drain(this, timeout).then(() => this.workers.end());
    if (!wait) return;
    await new Promise<void>((resolve, reject) => {
      ended.then(resolve, reject);
      if (timeout === undefined) noteShutdown(this, { resolve, reject });
    });
  }

  /** Calls back, once, when no task is left. */
  onceEmpty(callback: () => void): void {
    if (this.tasks.size === 0) callback();
    else this.whenEmpty.push(callback);
  }

  get stats(): ExecutorStats {
    const { alive, running } = this.workers;
    const { maxWorkers } = this.settings;
    return this.meter.stats(maxWorkers, this.queued, [...running.values()], alive);
  }
}
