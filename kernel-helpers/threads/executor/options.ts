import { availableParallelism } from "node:os";
import { checkTransfer } from "../task/transfer-list";
import type { AnyFunction } from "../task/types";

/** How one task runs. */
export interface TaskOptions {
  /** Cancels the task: its promise then rejects with `signal.reason`. */
  signal?: AbortSignal;
  /** Milliseconds that the function may run, counted from its start; then TimeoutError. */
  timeout?: number;
  /** Milliseconds that the task may wait in the queue; then TimeoutError. */
  queueTimeout?: number;
  /** What charts and errors call the task. Default: the function's name, in charts with a short first argument. */
  name?: string;
  /** Buffers, ports and streams among the arguments to move instead of copying. */
  transfer?: readonly object[];
  /** Values for variables that the function captures, in place of the real ones. */
  captures?: Record<string, unknown>;
  /** On cancelling or timeout, reject at once and leave the thread to finish on its own. Default false. */
  abandonOnCancel?: boolean;
}

export interface ExecutorOptions {
  /**
   * How many threads at most, an integer of at least 1; they start as work arrives. Default, as in Python:
   * four more than there are cores, 32 at most, for calls that wait. For computing, one a core is enough.
   */
  maxWorkers?: number;
  /** Threads are called `prefix-0`, `prefix-1` …, in Node, in the operating system and in charts. Default "Worker". */
  threadNamePrefix?: string;
  /** Runs once in each thread before its first task; if it throws, the executor is broken. */
  // biome-ignore lint/suspicious/noExplicitAny: it takes what `initargs` gives
  initializer?: (...args: any[]) => unknown;
  initargs?: readonly unknown[];
  /** How many tasks may wait; one more is rejected. Default: no limit. */
  maxQueue?: number;
  /**
   * Limits of each thread's memory, in megabytes, as `worker_threads` takes them. Node ends a thread that goes
   * over them at its next loop turn or call; one that fills memory within a single native call can still end
   * the whole process.
   */
  resourceLimits?: {
    maxOldGenerationSizeMb?: number;
    maxYoungGenerationSizeMb?: number;
    codeRangeSizeMb?: number;
    stackSizeMb?: number;
  };
  /** Milliseconds between asking a running task to stop and terminating its thread. Default 250. */
  gracePeriod?: number;
}

export interface Settings extends ExecutorOptions {
  maxWorkers: number;
  threadNamePrefix: string;
  maxQueue: number;
  gracePeriod: number;
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
];

export function checkExecutorOptions(options: ExecutorOptions): Settings {
  requireObject("The options of an executor", options, "{ maxWorkers: 2 }");
  requireKnown("an executor", options, executorOptions);
  const { maxWorkers = defaultWorkers(), threadNamePrefix = "Worker" } = options;
  const { maxQueue = Number.POSITIVE_INFINITY, gracePeriod = 250 } = options;
  requireCount("maxWorkers", maxWorkers, 1, "Leave it out for four more than there are cores.");
  if (maxQueue !== Number.POSITIVE_INFINITY)
    requireCount("maxQueue", maxQueue, 0, "Leave it out for no limit.");
  requireMilliseconds("gracePeriod", gracePeriod, "Leave it out for 250.");
  if (options.resourceLimits) checkResourceLimits(options.resourceLimits);
  if (options.initializer !== undefined) requireFunction(options.initializer, "initializer");
  return { ...options, maxWorkers, threadNamePrefix, maxQueue, gracePeriod };
}

const taskOptions = ["signal", "timeout", "queueTimeout", "name", "transfer", "captures", "abandonOnCancel"];

/** For options as they are given; `more` are those that only this caller takes. */
export function checkGivenOptions(options: TaskOptions, more: string[] = []): void {
  checkTaskOptions(options);
  requireKnown("a task", options, [...more, ...taskOptions]);
}

export function checkTaskOptions(options: TaskOptions): void {
  requireObject("Task options", options, "{ timeout: 1000 }");
  requireMilliseconds("timeout", options.timeout);
  requireMilliseconds("queueTimeout", options.queueTimeout);
  if (options.transfer !== undefined) checkTransfer(options.transfer);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(
      `\`signal\` must be an AbortSignal, got ${describe(signal)}. Make one with new AbortController().signal ` +
        "or AbortSignal.timeout(ms).",
    );
  }
}

function requireObject(what: string, value: unknown, example: string): void {
  if (typeof value === "object" && value !== null) return;
  throw new TypeError(`${what} must be an object such as ${example}, got ${describe(value)}.`);
}

/** Refuses an option that does not exist: a misspelt one would be as good as none. */
export function requireKnown(whose: string, options: object, known: string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new TypeError(
      `\`${name}\` is no option of ${whose}. ${meant ? `Did you mean \`${meant}\`? ` : ""}It takes ${known.join(", ")}.`,
    );
  }
}

/** The known name that is written most alike, in whatever case: `max_workers` for `maxWorkers`. */
function nearest(name: string, known: string[]): string | undefined {
  const plain = (text: string) => text.replace(/[_-]/g, "").toLowerCase();
  const ranked = known.map((each) => ({ each, edits: editDistance(plain(name), plain(each)) }));
  const best = ranked.reduce((a, b) => (b.edits < a.edits ? b : a));
  return best.edits <= name.length / 3 ? best.each : undefined;
}

/** Letters to insert, drop or exchange (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Node itself needs this much; with less, the start of a thread ends the whole process. */
const leastOldGeneration = 8;

const resourceLimits = [
  "maxOldGenerationSizeMb",
  "maxYoungGenerationSizeMb",
  "codeRangeSizeMb",
  "stackSizeMb",
];

function checkResourceLimits(limits: NonNullable<ExecutorOptions["resourceLimits"]>): void {
  requireKnown("`resourceLimits`", limits, resourceLimits);
  for (const [name, value] of Object.entries(limits)) {
    const least = name === "maxOldGenerationSizeMb" ? leastOldGeneration : 0;
    if (value === undefined || (typeof value === "number" && value > 0 && value >= least)) continue;
    throw new RangeError(
      `\`resourceLimits.${name}\` must be megabytes, ${least > 0 ? `at least ${least}` : "more than 0"}, got ` +
        `${describe(value)}. Leave it out for Node's default.`,
    );
  }
}

export function requireFunction(fn: unknown, what: string): asserts fn is AnyFunction {
  if (typeof fn === "function") return;
  throw new TypeError(
    `\`${what}\` must be a function, got ${describe(fn)}. Give the function itself and its arguments after it, ` +
      "not the result of a call.",
  );
}

export function requireCount(name: string, value: unknown, least: number, wayOut: string): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  throw new RangeError(
    `\`${name}\` must be an integer of at least ${least}, got ${describe(value)}. ${wayOut}`,
  );
}

export function requireMilliseconds(
  name: string,
  value: unknown,
  wayOut = "Leave it out for no limit.",
): void {
  if (value === undefined || (typeof value === "number" && value >= 0)) return;
  throw new RangeError(
    `\`${name}\` must be a number of milliseconds of at least 0, got ${describe(value)}. ${wayOut}`,
  );
}

function describe(value: unknown): string {
  if (value instanceof Promise) return "a Promise";
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "object" && value !== null ? `an object` : String(value);
}
