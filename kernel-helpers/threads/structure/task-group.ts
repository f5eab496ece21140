import { copyContext } from "../context/context-var";
import { noteAwait } from "../executor/deadlock";
import { awaitAs, awaitName } from "../task/waiting";
import { cancel } from "./gather";

/**
 * Tasks that end together, as `asyncio.TaskGroup`: when one fails, its siblings are cancelled, all are waited
 * for, and the failures come as one AggregateError.
 *
 * Cancelling asks: tasks get an AbortSignal, and Futures are cancelled through `cancel()`. A task that heeds
 * neither is waited for, so nothing of the group runs on after it.
 *
 * @example
 * const total = await TaskGroup.run(async (group) => {
 *   const a = group.createTask((signal) => toThread.with({ signal })(sum, left));
 *   const b = group.createTask((signal) => toThread.with({ signal })(sum, right));
 *   return (await a) + (await b);
 * });
 */
export class TaskGroup {
  readonly #abort = new AbortController();
  readonly #running = new Map<Promise<unknown>, unknown>();
  readonly #errors = new Set<unknown>();
  readonly #outer: AbortSignal | undefined;
  readonly #onOuterAbort = () => this.cancel(this.#outer?.reason);
  #created = 0;
  #closed = false;

  /** Aborting `signal` cancels the group, which then throws the signal's reason. */
  constructor({ signal }: { signal?: AbortSignal } = {}) {
    this.#outer = signal;
    if (signal?.aborted) this.cancel(signal.reason);
    else signal?.addEventListener("abort", this.#onOuterAbort, { once: true });
  }

  /**
   * Calls `body` with a new group and waits for every task in it. Gives what `body` gives. When a task or
   * `body` fails, the rest is cancelled and waited for, and an AggregateError has all the failures. `body`
   * goes on until it returns: what it awaits apart from its tasks should heed `group.signal`.
   */
  static async run<R>(
    body: (group: TaskGroup) => R,
    options: { signal?: AbortSignal } = {},
  ): Promise<Awaited<R>> {
    const group = new TaskGroup(options);
    const [outcome] = await Promise.allSettled([copyContext().run(async () => await body(group))]);
    if (outcome.status === "rejected") group.#fail(outcome.reason);
    await group[Symbol.asyncDispose]();
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  }

  /** Aborted when a task fails or the group is cancelled. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * Adds a task: a function, called at once in a copied context with the group's signal, or a promise. The
   * promise that comes back may be left alone: the group looks after its rejection. Throws when the group has
   * ended or is being cancelled.
   */
  createTask<R>(work: ((signal: AbortSignal) => R) | PromiseLike<R>): Promise<Awaited<R>> {
    if (this.#closed) throw new Error("This TaskGroup has ended: create its tasks before that.");
    if (this.signal.aborted) throw new Error("This TaskGroup is being cancelled: it takes no more tasks.");
    this.#created++;
    const name = awaitName("task of a TaskGroup");
    const given = new Promise<Awaited<R>>((resolve, reject) => {
      const ended = awaitAs(name, () => this.#start(work)).then(
        (value) => {
          this.#running.delete(ended);
          resolve(value);
        },
        (error) => {
          this.#running.delete(ended);
          // The group looks after it, whether anybody else does or not.
          given.catch(() => {});
          reject(error);
          this.#fail(error);
        },
      );
      this.#running.set(ended, work);
      noteAwait(name, { resolve, reject });
    });
    return given;
  }

  /** Cancels every task. The group still waits for them; their cancellation is not a failure. */
  cancel(reason?: unknown): void {
    this.#abort.abort(reason);
    for (const work of this.#running.values()) cancel(work, this.signal.reason);
  }

  /**
   * Waits for all the tasks, then throws what failed. `await using group = new TaskGroup()` ends here too;
   * a block left by an error does not cancel its tasks (nothing tells the group): `TaskGroup.run` does.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running.keys());
    this.#closed = true;
    this.#outer?.removeEventListener("abort", this.#onOuterAbort);
    if (this.#errors.size > 0) throw this.#failure();
    this.#outer?.throwIfAborted();
  }

  #start<R>(work: ((signal: AbortSignal) => R) | PromiseLike<R>): Promise<Awaited<R>> {
    if (typeof work === "function")
      return copyContext().run(async (): Promise<Awaited<R>> => await work(this.signal));
    return Promise.resolve(work) as Promise<Awaited<R>>;
  }

  #fail(error: unknown): void {
    if (isCancellation(error, this.signal)) return;
    this.#errors.add(error);
    if (!this.signal.aborted) this.cancel(cancellation(error));
  }

  #failure(): AggregateError {
    const errors = [...this.#errors];
    const list = errors.map((error) => (error instanceof Error ? error.message : String(error))).join("; ");
    return new AggregateError(
      errors,
      `TaskGroup: ${errors.length} failed, of ${this.#created} tasks: ${list}`,
    );
  }
}

/** A task that was cancelled by itself has not failed; asyncio.TaskGroup leaves it out too. */
function isCancellation(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted && error === signal.reason) return true;
  const { name } = (error ?? {}) as { name?: unknown };
  return name === "AbortError" || name === "CancelledError";
}

function cancellation(cause: unknown): Error {
  const message = "Cancelled, because another task of the TaskGroup failed";
  return Object.assign(new DOMException(message, "AbortError"), { cause });
}
