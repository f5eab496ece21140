import { AsyncResource } from "node:async_hooks";
import { performance } from "node:perf_hooks";
import { unwatched } from "../loop/open-resources";
import type { Settings } from "./options";
import type { PoolTask } from "./pool-task";
import type { Meter } from "./stats";
import { WorkerThread } from "./worker-thread";

/** Threads belong to no task: what they report says itself to whom it belongs. */
const outside = new AsyncResource("WorkerThread");

/** The threads of a pool: which there are, which of them are free, and how they are called. */
export class WorkerSet {
  readonly threads = new Set<WorkerThread>();
  /** What runs in each thread that runs something. */
  readonly running = new Map<WorkerThread, PoolTask>();
  private readonly idle: WorkerThread[] = [];
  /** No longer in use, and not yet gone. */
  private readonly ending = new Set<WorkerThread>();

  constructor(
    private readonly settings: Settings,
    private readonly meter: Meter,
    private readonly onEnd: (thread: WorkerThread) => void,
  ) {}

  get canGrow(): boolean {
    return this.threads.size < this.settings.maxWorkers;
  }

  /** True when no thread is free and none can be added. */
  get isFull(): boolean {
    return this.idle.length === 0 && !this.canGrow;
  }

  /** A new thread, named by the lowest number that is free. */
  spawn(): WorkerThread {
    const used = new Set(Array.from(this.threads, ({ index }) => index));
    let index = 0;
    while (used.has(index)) index++;
    const { threadNamePrefix, resourceLimits, atomics } = this.settings;
    const name = `${threadNamePrefix}-${index}`;
    const onEnd = (gone: WorkerThread) => {
      this.ending.delete(gone);
      this.onEnd(gone);
    };
    const start = () => new WorkerThread(name, index, { resourceLimits, atomics }, onEnd);
    const thread = unwatched(() => outside.runInAsyncScope(start, undefined));
    this.threads.add(thread);
    return thread;
  }

  /** A thread that has nothing to do. */
  takeIdle(): WorkerThread | undefined {
    return this.idle.pop();
  }

  rest(thread: WorkerThread): void {
    this.idle.push(thread);
  }

  /** Takes a thread out of use at this moment, and ends it; false when it was before. */
  retire(thread: WorkerThread): boolean {
    if (!this.threads.delete(thread)) return false;
    this.meter.threadGone(thread.startedAt, performance.now());
    const index = this.idle.indexOf(thread);
    if (index >= 0) this.idle.splice(index, 1);
    if (thread.death?.exitCode === undefined) this.ending.add(thread);
    thread.terminate();
    return true;
  }

  /** Resolves when all threads are gone. */
  async end(): Promise<void> {
    for (const thread of [...this.threads]) this.retire(thread);
    await Promise.all(Array.from(this.ending, ({ gone }) => gone));
  }
}
