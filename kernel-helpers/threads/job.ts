import type { LoopCall } from "./loop-calls";
import type { WorkerThread } from "./thread";
import type { AnyFunction } from "./types";
import type { Envelope } from "./wire";

/** One task from its submission to its settling. */
export interface Job {
  name: string;
  envelope: Envelope;
  transfer: object[];
  /** Keeps the functions alive that travelled by number. */
  functions: AnyFunction[];
  options: JobOptions;
  settle(ok: boolean, value: unknown): void;
  state: "queued" | "running" | "done";
  thread?: WorkerThread;
  queuedAt: number;
  startedAt: number;
  /** Where it was submitted: `stack` is made when it is read. */
  site: { stack?: string };
  /** `process.stdout.write` as it was then, so that output goes to the cell that submitted the task. */
  write: Record<1 | 2, typeof process.stdout.write>;
  /** Why it is being stopped, once it is. */
  stopping?: { reason: unknown };
  timers: NodeJS.Timeout[];
  /** The call to the loop that it made last, while it runs. */
  call?: LoopCall;
  /** Calls of the loop in which it was submitted. */
  parent?: LoopCall;
}

export interface JobOptions {
  signal?: AbortSignal;
  timeout?: number;
  queueTimeout?: number;
  abandonOnCancel?: boolean;
}
