import { performance } from "node:perf_hooks";
import { makeParcel, type ParcelOptions } from "./envelope";
import type { Lane } from "./lane";
import { type LoopCall, loopCalls } from "./loop-calls";
import type { Pool } from "./pool";
import type { SubmitSite } from "./submit-site";
import type { WorkerThread } from "./thread";
import { longestTimer } from "./timeout";
import type { AnyFunction } from "./types";
import type { Envelope } from "./wire";

/** One task from its submission to its settling. */
export interface Job {
  name: string;
  envelope: Envelope;
  transfer: object[];
  /** Keeps the functions alive that travelled by number. */
  functions: AnyFunction[];
  options: ParcelOptions;
  settle(ok: boolean, value: unknown): void;
  pool: Pool;
  /** The limits that it has passed and now takes a place of. */
  admittedBy: Lane[];
  /** The limit that it waits to pass. */
  waitsIn: Lane | undefined;
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

/** A job that waits for nothing yet; throws DataCloneError for what cannot cross. */
export function newJob(
  pool: Pool,
  fn: AnyFunction,
  args: unknown[],
  options: ParcelOptions,
  settle: Job["settle"],
  site: SubmitSite,
): Job {
  const { envelope, name, transfer, functions } = makeParcel(fn, args, options);
  return {
    name,
    envelope,
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

/** A timer that ends with the job. */
export function startTimer(job: Job, callback: () => void, ms: number): void {
  if (ms !== Number.POSITIVE_INFINITY) job.timers.push(setTimeout(callback, Math.min(ms, longestTimer)));
}
