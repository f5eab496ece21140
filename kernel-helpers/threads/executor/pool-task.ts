import { performance } from "node:perf_hooks";
import { afterUnpaused } from "../../inspector";
import { makeTaskMessage } from "../closures/task-message";
import { currentOrigin } from "../context/origin";
import { longestTimer, wouldBlockLoop } from "../task/errors";
import type { TaskMessage } from "../task/message";
import type { SubmitOptions } from "../task/options";
import type { SubmitSite } from "../task/submit-site";
import type { Task, TaskResult } from "../task/task";
import type { AnyFunction } from "../task/types";
import type { Holder, Refusal, Waitable, Waiter } from "../task/waiting";
import { noteWait } from "./deadlock";
import type { Submitted } from "./from-thread";
import type { WorkerThread } from "./worker-thread";

/** What a queued task waits for: a thread, or a place of a limit. */
export interface Places {
  /** Those who have all the places; undefined when one is free, or is about to be. */
  holders(): PoolTask[] | undefined;
  inWords(): string;
}

/** Who can stop a task. */
export interface TaskOwner {
  stop(task: PoolTask, reason: unknown): boolean;
}

/** A limit that a task has passed and takes a place of. */
export interface PassedLimit {
  leave(task: PoolTask): void;
}

const nowhere: SubmitSite = {};
const nobody: TaskResult = { settle: () => {}, waiters: [], isPromise: false };

/** A task as its pool keeps it. Small, because a hundred thousand may wait; what few tasks need is made when it is. */
export class PoolTask implements Task, Submitted {
  readonly name: string;
  readonly message: TaskMessage;
  readonly transfer: object[];
  readonly functions: AnyFunction[];
  readonly origin = currentOrigin();
  readonly queuedAt = performance.now();
  state: "queued" | "running" | "done" = "queued";
  startedAt = 0;
  /** How often it was given to a thread. */
  starts = 0;
  thread: WorkerThread | undefined = undefined;
  /** What it waits for while it is queued. */
  waitsFor: Places | undefined = undefined;
  passed: PassedLimit[] | undefined = undefined;
  /** Why it is being stopped, once it is. */
  stopping: { reason: unknown } | undefined = undefined;
  /** Listens to `options.signal`. */
  onAbort: (() => void) | undefined = undefined;
  /** Results of a `map` before its error. */
  partial: unknown[] | undefined = undefined;
  site: SubmitSite = nowhere;
  #timers: (() => void)[] | undefined = undefined;

  /** Throws DataCloneError for what cannot cross. */
  constructor(
    fn: AnyFunction,
    args: unknown[],
    readonly owner: TaskOwner,
    readonly options: SubmitOptions,
    public result: TaskResult,
  ) {
    const { message, name, transfer, functions } = makeTaskMessage(fn, args, options);
    this.message = message;
    this.name = name;
    this.transfer = transfer;
    this.functions = functions;
  }

  /** Asked to stop, or given up before it was over: not left to end by itself. */
  get isStopped(): boolean {
    return this.stopping !== undefined || this.state === "done";
  }

  get isOver(): boolean {
    return this.state === "done";
  }

  get waiters(): Iterable<Waiter> {
    return this.result.waiters;
  }

  heldBy(): ReturnType<Waitable["heldBy"]> {
    const { signal, timeout, queueTimeout } = this.options;
    // Whatever may still stop it ends the waiting, too.
    if (this.isStopped || signal) return undefined;
    if (this.state === "queued") {
      const holders = queueTimeout === undefined ? this.waitsFor?.holders() : undefined;
      return holders && { need: "all", holders };
    }
    const holders: Holder[] = timeout === undefined ? this.thread!.waitsFor : [];
    return { need: "one", holders };
  }

  get refusal(): Refusal {
    return this;
  }

  inWords(): string {
    return (
      `${this.name} would wait for ever: ${this.waitsFor?.inWords() ?? "its thread waits"} for functions on the ` +
      "event loop that wait for it. Give the inner tasks an executor of their own, or more threads."
    );
  }

  block(): never {
    return wouldBlockLoop();
  }

  awaited(waiter: Waiter): void {
    noteWait(this, waiter);
  }

  /** Others may still want the result of a future; that of a promise is of no more use. */
  refuse(waiter: Waiter, error: Error): void {
    if (this.result.isPromise) this.owner.stop(this, error);
    else waiter.reject(error);
  }

  /** Calls back after `ms`, in which no debugger held a thread, unless the task is over by then. */
  after(ms: number, callback: () => void): void {
    if (ms === Number.POSITIVE_INFINITY) return;
    this.#timers ??= [];
    this.#timers.push(afterUnpaused(Math.min(ms, longestTimer), callback));
  }

  /** Its thread may know it for long, for what the task left behind there; arguments and result must not stay. */
  forgetValues(): void {
    const { message } = this;
    message.args = message.packed = message.context = undefined;
    this.result = nobody;
    this.site = nowhere;
  }

  clearTimers(): void {
    for (const cancel of this.#timers ?? []) cancel();
    this.#timers = undefined;
  }
}
