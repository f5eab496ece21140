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
  /** The task that runs now, and its number in the timeline. */
  task: number;
  timelineTask: number;
  /** What the bell of the mail showed when all was read. */
  read: number;
}

let current: WorkerContext | undefined;

/** This thread's own, or undefined on the event loop's thread. */
export function workerContext(): WorkerContext | undefined {
  return current;
}

/** The name of the pool thread that this is, or undefined on the event loop's thread. */
export function workerName(): string | undefined {
  return current?.name;
}

export function connect({ name, port, shared, loopWaits = false }: Setup): WorkerContext {
  const words = new Int32Array(shared);
  current = { name, port, shared: words, loopWaits, posts: 0, task: 0, timelineTask: 0, read: 0 };
  return current;
}

export function beginTask(task: number, timelineTask: number): void {
  current!.task = task;
  current!.timelineTask = timelineTask;
}

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
  if (current) recordEvent(kind, current.timelineTask);
}

export function currentTask(): number {
  return current?.task ?? 0;
}

/**
 * Throws CancelledError once the task that calls it was cancelled or timed out: call it in long loops, so that a
 * task ends, `finally` included, before its thread is ended. It is cheap. Outside of a task it does nothing.
 */
export function checkCancelled(): void {
  if (isCancelledHere()) throw cancelled();
}

export function isCancelledHere(): boolean {
  return current !== undefined && isCancelled(current);
}

export function cancelled(): CancelledError {
  return new CancelledError("The task was cancelled.");
}

export function isCancelled({ shared, task }: WorkerContext): boolean {
  return task !== 0 && Atomics.load(shared, word.cancelled) === task;
}

/** Throws in a thread for which the loop's own thread waits. */
export function requireFreeLoop(what: string): void {
  if (!current?.loopWaits) return;
  throw new DeadlockError(
    `${what} would wait for ever: the event loop's thread waits in runSync for this function. Await what you need ` +
      "here, or leave a note with callSoonThreadsafe, which is read when runSync returns.",
  );
}
