import { taskSignal } from "../loop/task-signal";
import type { Future } from "../task/future";
import type { SubmitOptions } from "../task/options";
import { type SubmitSite, submitSite } from "../task/submit-site";
import type { TaskResult } from "../task/task";
import { type AnyFunction, functionName } from "../task/types";
import type { Waiter } from "../task/waiting";
import { type CallOfLoop, callLoop, noteAwait } from "../worker/loop-proxy";
import { post } from "../worker/worker-context";

/** Tasks that are submitted from inside a thread: the loop submits them, and the thread waits for its answer. */

/** A task, as who submitted it sees it. */
export interface Submitted {
  readonly name: string;
  /** Results of a `map` before its error. */
  readonly partial: unknown[] | undefined;
  /** Where it was submitted; of use on the loop. */
  site?: SubmitSite;
  /** Blocks this thread until the task is over, at most `timeoutMs` ms; throws where that must not be. */
  block(timeoutMs: number): void;
  awaited(waiter: Waiter): void;
}

/** What an executor hands its tasks to: a pool on the loop, or the loop. */
export interface Submitter<S extends Submitted = Submitted> {
  submit(fn: AnyFunction, args: unknown[], options: SubmitOptions, result: TaskResult, limit?: unknown): S;
  stop(task: S, reason: unknown): boolean;
}

/** How a task that the loop has submitted for a thread ended. */
type Outcome = { value: unknown } | { error: unknown; partial: unknown[] | undefined };

type SubmitOnLoop = (
  id: string | undefined,
  fn: AnyFunction,
  args: unknown[],
  options: SubmitOptions,
) => Promise<Outcome>;

/** In a thread: hands tasks to the loop's executor of that id. */
export class LoopSubmitter implements Submitter<RemoteTask> {
  constructor(
    private readonly submitOnLoop: SubmitOnLoop,
    private readonly id?: string,
  ) {}

  submit(fn: AnyFunction, args: unknown[], options: SubmitOptions, result: TaskResult): RemoteTask {
    const { signal, transfer, ...others } = options;
    if (transfer) {
      throw new TypeError(
        "`transfer` is for tasks that the event loop submits: from inside a thread the arguments are copied. Leave it out.",
      );
    }
    signal?.throwIfAborted();
    const call = callLoop(this.submitOnLoop, [this.id, fn, args, others]);
    const task = new RemoteTask(options.name ?? functionName(fn), call, result);
    const abort = () => this.stop(task, signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    call.future.addDoneCallback(() => signal?.removeEventListener("abort", abort));
    return task;
  }

  stop(task: RemoteTask, reason: unknown): boolean {
    return task.stop(reason);
  }
}

class RemoteTask implements Submitted {
  partial: unknown[] | undefined;
  #isPaused = false;

  constructor(
    readonly name: string,
    private readonly call: CallOfLoop<Outcome>,
    private readonly result: TaskResult,
  ) {
    call.future.addDoneCallback((future) => this.#settle(future));
  }

  block(timeoutMs: number): void {
    this.#pause();
    try {
      this.call.future.exception(timeoutMs);
    } finally {
      this.#resume();
    }
  }

  awaited(waiter: Waiter): void {
    this.#pause();
    noteAwait(this.call.id, waiter);
  }

  stop(reason: unknown): boolean {
    this.result.settle(false, reason);
    return this.call.future.cancel();
  }

  #settle(future: Future<Outcome>): void {
    this.#resume();
    try {
      const outcome = future.result();
      if ("value" in outcome) this.result.settle(true, outcome.value);
      else {
        this.partial = outcome.partial;
        this.result.settle(false, outcome.error);
      }
    } catch (error) {
      this.result.settle(false, error);
    }
  }

  /** The thread waits: its executor may start another meanwhile, should this task wait for one. */
  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    post({ kind: "pause", id: this.call.id });
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    post({ kind: "resume", id: this.call.id });
  }
}

/** On the loop: submits for a thread, which cancels by the signal of its call. */
export function submitForThread(
  submitter: { start: Submitter["submit"]; stop: Submitter["stop"] },
  fn: AnyFunction,
  args: unknown[],
  options: SubmitOptions,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const settle = (ok: boolean, value: unknown) =>
      resolve(ok ? { value } : { error: value, partial: task?.partial });
    const result = { settle, waiters: [{ resolve, reject }], isPromise: true };
    let task: Submitted | undefined;
    task = submitter.start(fn, args, options, result);
    task.site = submitSite();
    const signal = taskSignal();
    signal.addEventListener("abort", () => submitter.stop(task, signal.reason), { once: true });
  });
}
