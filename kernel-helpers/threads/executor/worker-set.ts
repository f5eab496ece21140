import { performance } from "node:perf_hooks";
import type { Settings } from "./options";
import type { Meter } from "./stats";
import { WorkerThread } from "./worker-thread";

/** The threads of a pool: which there are, which of them are free, and how they are called. */
export class WorkerSet {
  readonly threads = new Set<WorkerThread>();
  private readonly idle: WorkerThread[] = [];

  constructor(
    private readonly settings: Settings,
    private readonly meter: Meter,
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
    const { threadNamePrefix, resourceLimits } = this.settings;
    const thread = new WorkerThread(`${threadNamePrefix}-${index}`, index, resourceLimits);
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

  /** Takes a thread out of use, for good. */
  retire(thread: WorkerThread): void {
    if (this.threads.delete(thread)) this.meter.threadGone(thread.startedAt, performance.now());
    const index = this.idle.indexOf(thread);
    if (index >= 0) this.idle.splice(index, 1);
    void thread.terminate();
  }

  /** Resolves when all threads are gone. */
  async end(): Promise<void> {
    const threads = [...this.threads];
    for (const thread of threads) this.retire(thread);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
