import { performance } from "node:perf_hooks";
import { makeTaskMessage, type SubmitOptions } from "../closures/task-message";
import type { ConcurrencyLimit } from "../executor/concurrency-limit";
import type { Pool } from "../executor/pool";
import type { WorkerThread } from "../executor/worker-thread";
import { type LoopCall, loopCalls } from "../loop/calls";
import { longestTimer } from "./errors";
import type { TaskMessage } from "./message";
import type { SubmitSite } from "./submit-site";
import type { AnyFunction } from "./types";

/** One task from its submission to its settling. */
export interface Task {
  name: string;
  message: TaskMessage;
  transfer: object[];
  /** Keeps the functions alive that travelled by number. */
  functions: AnyFunction[];
  options: SubmitOptions;
  settle(ok: boolean, value: unknown): void;
  pool: Pool;
  /** The limits that it has passed and now takes a place of. */
  admittedBy: ConcurrencyLimit[];
  /** The limit that it waits to pass. */
  waitsIn: ConcurrencyLimit | undefined;
  state: "queued" | "running" | "done";
  thread: WorkerThread | undefined;
  queuedAt: number;
  startedAt: number;
  site: SubmitSite;
  /** The output streams' `write` as it was then, so that output goes to the cell that submitted the task. */
  write: Record<1 | 2, typeof process.stdout.write>;
  /** Why it is being stopped, once it is. */
  stopping: { reason: unknown } | undefined;
  /** Listens to `options.signal`. */
  onAbort: (() => void) | undefined;
  timers: NodeJS.Timeout[];
  /** Calls to the loop that it made and that are not over. */
  calls: Set<LoopCall>;
  /** The call from a worker in which it was submitted. */
  parent: LoopCall | undefined;
  /** Results of a `map` before its error. */
  partial: unknown[] | undefined;
}

/** A task that waits for nothing yet; throws DataCloneError for what cannot cross. */
export function newTask(
  pool: Pool,
  fn: AnyFunction,
  args: unknown[],
  options: SubmitOptions,
  settle: Task["settle"],
  site: SubmitSite,
): Task {
  const { message, name, transfer, functions } = makeTaskMessage(fn, args, options);
  return {
    name,
    message,
    transfer,
    functions,
    options,
    settle,
    pool,
    admittedBy: [],
    waitsIn: undefined,
    state: "queued",
    thread: undefined,
    queuedAt: performance.now(),
    startedAt: 0,
    site,
    write: { 1: process.stdout.write, 2: process.stderr.write },
    stopping: undefined,
    onAbort: undefined,
    timers: [],
    calls: new Set(),
    parent: loopCalls.getStore(),
    partial: undefined,
  };
}

/** A timer that ends with the task. */
export function startTimer(task: Task, callback: () => void, ms: number): void {
  if (ms !== Number.POSITIVE_INFINITY) task.timers.push(setTimeout(callback, Math.min(ms, longestTimer)));
}
