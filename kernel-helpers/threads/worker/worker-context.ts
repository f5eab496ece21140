import { AsyncLocalStorage } from "node:async_hooks";
import type { MessagePort } from "node:worker_threads";
import { type EventKind, recordEvent } from "../../timing/recorder";
import { CancelledError, DeadlockError } from "../task/errors";
import { type Setup, type ToLoop, word } from "../task/message";

/** What a pool thread knows of itself: its line to the loop, the task that runs, whether that is to stop. */

export interface WorkerContext {
  name: string;
  port: MessagePort;
  shared: Int32Array;
  loopWaits: boolean;
  /** Messages posted so far. */
  posts: number;
  /** The task that began last. */
  task: TaskRun | undefined;
  /** What the bell of the mail showed when all was read. */
  read: number;
}

/** A task as its thread knows it. */
export interface TaskRun {
  /** The task's number. */
  readonly id: number;
  /** Its number in the timeline. */
  readonly timelineTask: number;
  /** Aborted when the task is to stop; made when somebody asks for it. */
  controller?: AbortController;
  /** Why it is to stop. */
  stopping?: { reason: unknown };
}

let current: WorkerContext | undefined;
/** The task that the code belongs to: that of a timer or an event is the one that started it. */
const runs = new AsyncLocalStorage<TaskRun>();

/** This thread's own, or undefined on the event loop's thread. */
export function workerContext(): WorkerContext | undefined {
  return current;
}

/** The name of the pool thread that this is, or undefined on the event loop's thread. */
export function workerName(): string | undefined {
  return current?.name;
}

/** The name of the thread, where it is one of an executor. A portal's thread is an event loop that may have its own. */
export function poolThreadName(): string | undefined {
  return current?.loopWaits ? undefined : current?.name;
}

export function connect({ name, port, shared, loopWaits = false }: Setup): WorkerContext {
  const words = new Int32Array(shared);
  current = { name, port, shared: words, loopWaits, posts: 0, task: undefined, read: 0 };
  return current;
}

/** The name under which an asynchronous task is awaited. */
export function taskName({ id }: TaskRun): string {
  return `task #${id}`;
}

/** Calls `fn` as the task. */
export function runTask<A, R>(run: TaskRun, fn: (argument: A) => R, argument: A): R {
  current!.task = run;
  Atomics.store(current!.shared, word.started, run.id);
  forgotten.register(run, run.id);
  return runs.run(run, fn, argument);
}

/** The task that the code belongs to; undefined outside of a thread of an executor. */
export function currentTask(): TaskRun | undefined {
  return current && (runs.getStore() ?? current.task);
}

/** Tells the loop when nothing is left of a task that could print or call. */
const forgotten = new FinalizationRegistry<number>((id) => {
  if (unused.push(id) === 1) setImmediate(() => post({ kind: "forget", tasks: unused.splice(0) })).unref();
});
const unused: number[] = [];

export function postCount(): number {
  return current!.posts;
}

export function post(message: ToLoop): void {
  current!.posts++;
  current!.port.postMessage(message);
}

/** The memory whose first word the loop rings when it has mail, a cancelling too. */
export function mailbox(): SharedArrayBuffer | undefined {
  return current?.shared.buffer as SharedArrayBuffer | undefined;
}

/** Records an event of the task that runs here. */
export function recordHere(kind: EventKind): void {
  const run = currentTask();
  if (run) recordEvent(kind, run.timelineTask);
}

/**
 * Throws CancelledError once the task that calls it was cancelled or timed out: call it in long loops, so that a
 * task ends, `finally` included, before its thread is ended. It is cheap. Outside of a task it does nothing.
 */
export function checkCancelled(): void {
  if (isCancelledHere()) throw cancelled();
}

export function isCancelledHere(): boolean {
  const run = currentTask();
  return run !== undefined && Atomics.load(current!.shared, word.cancelled) === run.id;
}

export function cancelled(): CancelledError {
  return new CancelledError("The task was cancelled.");
}

/** The asynchronous tasks that run: one at a time, in a portal's thread many. */
export const awaiting = new Map<number, TaskRun>();

/** The loop says that a task is to stop. */
export function cancelTask(id: number, reason: unknown): void {
  const run = current?.task?.id === id ? current.task : awaiting.get(id);
  if (!run) return;
  run.stopping = { reason };
  run.controller?.abort(reason);
}

export function signalOf(run: TaskRun): AbortSignal {
  run.controller ??= new AbortController();
  if (run.stopping) run.controller.abort(run.stopping.reason);
  return run.controller.signal;
}

/** Throws in a thread for which the loop's own thread waits. */
export function requireFreeLoop(what: string): void {
  if (!current?.loopWaits) return;
  throw new DeadlockError(
    `${what} would wait for ever in the thread of ${current.name}: it needs the loop of the thread that calls, which ` +
      "waits itself. Await what you need here, or leave a note with callSoonThreadsafe, which is read when that loop turns.",
  );
}
