import { availableParallelism } from "node:os";
import {
  checkResourceLimits,
  describe,
  requireCount,
  requireFunction,
  requireKnown,
  requireMilliseconds,
  requireObject,
} from "../task/options";

/** What a `ThreadPoolExecutor` is made with. */
export interface ExecutorOptions {
  /**
   * How many threads at most; they start as work arrives. Minimum: 1. The default, as in Python, is for calls that
   * wait. For computing, one a core is enough.
   * @default Math.min(32, cores + 4)
   * @example
   * new ThreadPoolExecutor({ maxWorkers: 2 });
   */
  maxWorkers?: number;
  /**
   * Threads are called `prefix-0`, `prefix-1` and so on in messages and charts, and on Linux in the operating system.
   * @default "Worker"
   */
  threadNamePrefix?: string;
  /**
   * Runs once in each thread before its first task; if it throws, the executor is broken.
   * @default none
   * @example
   * new ThreadPoolExecutor({ initializer: (level) => { globalThis.level = level; }, initargs: ["debug"] });
   */
  // biome-ignore lint/suspicious/noExplicitAny: it takes what `initargs` gives
  initializer?: (...args: any[]) => unknown;
  /**
   * What `initializer` is called with.
   * @default []
   */
  initargs?: readonly unknown[];
  /**
   * How many tasks may wait; one more is rejected. Minimum: 0.
   * @default Infinity
   */
  maxQueue?: number;
  /**
   * Limits of each thread's memory, in megabytes, as `worker_threads` takes them. Node ends a thread that goes
   * over them at its next loop turn or call; one that fills memory within a single native call can still end
   * the whole process.
   * @default Node's own
   * @example
   * new ThreadPoolExecutor({ resourceLimits: { maxOldGenerationSizeMb: 200 } });
   */
  resourceLimits?: {
    maxOldGenerationSizeMb?: number;
    maxYoungGenerationSizeMb?: number;
    codeRangeSizeMb?: number;
    stackSizeMb?: number;
  };
  /**
   * How a thread waits for its next task, as Piscina's option. With "async" its event loop turns meanwhile: timers,
   * servers and sockets that a task or the initializer left go on. With "sync" they stand still until the next
   * task, which then begins sooner.
   * @default "async"
   */
  atomics?: "async" | "sync";
  /**
   * Milliseconds between asking a running task to stop and terminating its thread. Minimum: 0.
   * @default 250
   */
  gracePeriod?: number;
}

export interface Settings extends ExecutorOptions {
  maxWorkers: number;
  threadNamePrefix: string;
  maxQueue: number;
  gracePeriod: number;
  atomics: "async" | "sync";
}

/** Source: `concurrent.futures.ThreadPoolExecutor`. */
function defaultWorkers(): number {
  return Math.min(32, availableParallelism() + 4);
}

const executorOptions = [
  "maxWorkers",
  "threadNamePrefix",
  "initializer",
  "initargs",
  "maxQueue",
  "resourceLimits",
  "gracePeriod",
  "atomics",
];

export function checkExecutorOptions(options: ExecutorOptions): Settings {
  requireObject("The options of an executor", options, "{ maxWorkers: 2 }");
  requireKnown("an executor", options, executorOptions);
  const { maxWorkers = defaultWorkers(), threadNamePrefix = "Worker" } = options;
  const { maxQueue = Number.POSITIVE_INFINITY, gracePeriod = 250, atomics = "async" } = options;
  requireCount("maxWorkers", maxWorkers, 1, "Leave it out for four more than there are cores.");
  if (maxQueue !== Number.POSITIVE_INFINITY)
    requireCount("maxQueue", maxQueue, 0, "Leave it out for no limit.");
  requireMilliseconds("gracePeriod", gracePeriod, "Leave it out for 250.");
  if (atomics !== "async" && atomics !== "sync") {
    throw new TypeError(
      `\`atomics\` must be "async" or "sync", got ${describe(atomics)}. Leave it out for "async".`,
    );
  }
  if (options.resourceLimits) checkResourceLimits(options.resourceLimits);
  if (options.initializer !== undefined) requireFunction(options.initializer, "initializer");
  return { ...options, maxWorkers, threadNamePrefix, maxQueue, gracePeriod, atomics };
}
