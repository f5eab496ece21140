/** The threads of all pools of this process. */

/** A pool's threads, and what runs in those that run something. */
interface PoolThreads {
  readonly threads: { readonly size: number };
  readonly running: { readonly size: number };
}

/** On the global object, because cells and kernel may each load a copy of this package. */
const key = Symbol.for("kernel-helpers.pools");

/** The pools that have threads. */
export function poolsWithThreads(): Set<PoolThreads> {
  const holder = globalThis as { [key]?: Set<PoolThreads> };
  holder[key] ??= new Set();
  return holder[key];
}

export interface ThreadCount {
  /** Threads that run a task. */
  busy: number;
  all: number;
}

export function countThreads(): ThreadCount {
  const count = { busy: 0, all: 0 };
  for (const { threads, running } of poolsWithThreads()) {
    count.busy += running.size;
    count.all += threads.size;
  }
  return count;
}
