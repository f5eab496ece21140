import { AsyncResource } from "node:async_hooks";
import { performance } from "node:perf_hooks";
import { poolsWithThreads } from "../context/all-threads";
import { unwatched } from "../loop/open-resources";
import type { Settings } from "./options";
import type { PoolTask } from "./pool-task";
import type { Meter } from "./stats";
import { type ThreadEvents, WorkerThread } from "./worker-thread";

/** Threads belong to no task: what they report says itself to whom it belongs. */
const outside = new AsyncResource("WorkerThread");

/** Tasks that wait for tasks, each in a thread of its own: more than that is an endless recursion, or wants another way. */
const mostPaused = 64;

/** Milliseconds that a thread is kept which is one too many: in a recursion the next task needs it again at once. */
const spareTime = 1000;

/** The threads of a pool: which there are, which of them are free, and how they are called. */
export class WorkerSet {
  readonly threads = new Set<WorkerThread>();
  /** What runs in each thread that runs something. */
  readonly running = new Map<WorkerThread, PoolTask>();
  private readonly idle: WorkerThread[] = [];
  /** Ready, but one too many at the moment, with the timer that ends each. */
  private readonly spares = new Map<WorkerThread, NodeJS.Timeout>();
  /** No longer in use, and not yet gone. */
  private readonly ending = new Set<WorkerThread>();
  /** Threads that wait for tasks which they have submitted here, each with the calls by which it did. */
  private readonly paused = new Map<WorkerThread, Set<number>>();

  constructor(
    private readonly settings: Settings,
    private readonly meter: Meter,
    private readonly events: ThreadEvents,
  ) {}

  get canGrow(): boolean {
    return this.threads.size < this.most;
  }

  /** There are more threads than there are to be now that one goes on which has waited. */
  get isOver(): boolean {
    return this.threads.size > this.most;
  }

  /** Threads that wait for tasks of their own executor do not count, so that these find one. */
  private get most(): number {
    return this.settings.maxWorkers + Math.min(this.paused.size, mostPaused);
  }

  pause(thread: WorkerThread, call: number): void {
    const calls = this.paused.get(thread);
    if (calls) calls.add(call);
    else this.paused.set(thread, new Set([call]));
  }

  resume(thread: WorkerThread, call: number): void {
    const calls = this.paused.get(thread);
    if (calls?.delete(call) && calls.size === 0) this.paused.delete(thread);
  }

  /** True when no thread is free and none can be added. */
  get isFull(): boolean {
    return this.idle.length === 0 && !this.canGrow;
  }

  /** A new thread, named by the lowest number that is free. */
  spawn(): WorkerThread {
    const used = new Set(this.alive.map(({ index }) => index));
    let index = 0;
    while (used.has(index)) index++;
    const { threadNamePrefix, resourceLimits, atomics } = this.settings;
    const name = `${threadNamePrefix}-${index}`;
    const ended = (gone: WorkerThread) => {
      this.ending.delete(gone);
      this.paused.delete(gone);
      this.events.ended(gone);
    };
    const start = () => new WorkerThread(name, index, { resourceLimits, atomics }, { ...this.events, ended });
    const thread = unwatched(() => outside.runInAsyncScope(start, undefined));
    this.threads.add(thread);
    poolsWithThreads().add(this);
    return thread;
  }

  /** A thread that has nothing to do. */
  takeIdle(): WorkerThread | undefined {
    const [spare] = this.idle.length === 0 && this.canGrow ? this.spares.keys() : [];
    if (!spare) return this.idle.pop();
    this.dropSpare(spare);
    this.threads.add(spare);
    return spare;
  }

  /** Takes a thread out of use, which may soon be in use again. */
  spare(thread: WorkerThread): void {
    this.threads.delete(thread);
    const retire = () => this.retire(thread);
    this.spares.set(
      thread,
      unwatched(() => setTimeout(retire, spareTime).unref()),
    );
  }

  private dropSpare(thread: WorkerThread): boolean {
    clearTimeout(this.spares.get(thread));
    return this.spares.delete(thread);
  }

  /** All that are alive, in use or spare. */
  get alive(): WorkerThread[] {
    return [...this.threads, ...this.spares.keys()];
  }

  rest(thread: WorkerThread): void {
    this.idle.push(thread);
  }

  /** Takes a thread out of use at this moment, and ends it; false when it was before. */
  retire(thread: WorkerThread): boolean {
    if (!this.threads.delete(thread) && !this.dropSpare(thread)) return false;
    if (this.alive.length === 0) poolsWithThreads().delete(this);
    this.meter.threadGone(thread.startedAt, performance.now());
    const index = this.idle.indexOf(thread);
    if (index >= 0) this.idle.splice(index, 1);
    if (thread.death?.exitCode === undefined) this.ending.add(thread);
    thread.terminate();
    return true;
  }

  /** Resolves when all threads are gone. */
  async end(): Promise<void> {
    for (const thread of this.alive) this.retire(thread);
    await Promise.all(Array.from(this.ending, ({ gone }) => gone));
  }
}
