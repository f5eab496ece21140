import { AsyncResource } from "node:async_hooks";
import { receiveMessageOnPort } from "node:worker_threads";
import { Deadline } from "../../inspector";
import { recordCall } from "../../timing/recorder";
import { knownId } from "../closures/identity";
import { packCall } from "../closures/pack";
import { unpackValue } from "../closures/unpack";
import { exportContext } from "../context/wire-context";
import { wouldBlockLoop } from "../task/errors";
import { Future } from "../task/future";
import { type Setup, type ToLoop, type ToWorker, word } from "../task/message";
import type { AnyFunction } from "../task/types";
import { type Waiter, whoAwaits } from "../task/waiting";
import { refusePrompts } from "./no-prompts";
import {
  cancelled,
  cancelTask,
  connect,
  currentTask,
  isCancelledHere,
  post,
  recordHere,
  requireFreeLoop,
  taskName,
  type WorkerContext,
  workerContext,
} from "./worker-context";

/** From a worker thread back to the event loop: calls, and how to wait for their answers. */

const pending = new Map<number, Future<unknown>>();
let lastCall = 0;

/** @internal The first thing in a pool thread: takes its port to the loop. */
export function openLoopProxy(setup: Setup): void {
  const { port } = connect(setup);
  if (setup.inNotebook) refusePrompts();
  port.on("message", receive);
  port.unref();
}

/**
 * From a worker: asks the event loop to call `fn(...args)` soon, and returns at once, after Python's
 * `loop.call_soon_threadsafe`. Calls of one thread keep their order. A function of the notebook runs as
 * itself, with its live variables, in the caller's context. An error in it is reported as an uncaught error of
 * the loop, and what it returns is dropped. On the event loop's thread it is called in a later turn.
 *
 * Throws TypeError for what is no function and DataCloneError for arguments that cannot cross. Cancelling the
 * task does not take the call back.
 *
 * @example
 * await toThread(() => {
 *   for (const part of parts) callSoonThreadsafe(showProgress, work(part));
 * });
 */
export function callSoonThreadsafe<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): void {
  requireFunction(fn, "callSoonThreadsafe");
  const context = workerContext();
  if (!context) setImmediate(AsyncResource.bind(() => fn(...args)));
  else
    post({
      kind: "call",
      id: 0,
      soon: true,
      task: currentTask()?.id ?? 0,
      recorded: recordCall(true),
      ...messageOf(fn, args),
    });
}

/**
 * From a worker: runs `fn(...args)` on the event loop and gives a future of what it returns or resolves
 * to, after Python's `asyncio.run_coroutine_threadsafe`. `future.result(timeoutMs)` blocks this worker
 * alone; `await future` does not block. What the function throws comes out there, with its class. Cancelling
 * the future, or the task, drops the result (CancelledError); the function itself is not stopped.
 *
 * Throws TypeError for what is no function, DataCloneError for arguments that cannot cross, and DeadlockError in
 * `runSync`, whose loop waits. On the event loop's thread the function is called in a later turn, and the future
 * can only be awaited.
 *
 * @example
 * await toThread(() => {
 *   const user = runCoroutineThreadsafe(loadUser, 42).result(1000); // TimeoutError after a second
 * });
 */
export function runCoroutineThreadsafe<A extends unknown[], R>(
  fn: (...args: A) => R,
  ...args: A
): Future<Awaited<R>> {
  requireFunction(fn, "runCoroutineThreadsafe");
  const context = workerContext();
  return context ? callLoop(fn, args).future : callHere(fn, args);
}

function requireFunction(fn: unknown, name: string): void {
  if (typeof fn === "function") return;
  throw new TypeError(
    `${name} needs a function to call, got ${fn === null ? "null" : typeof fn}: ${name}(fn, ...args).`,
  );
}

function callHere<A extends unknown[], R>(fn: (...args: A) => R, args: A): Future<Awaited<R>> {
  const cancel = () => {
    future.settle(false, cancelled());
    return true;
  };
  const future: Future<Awaited<R>> = new Future({ block: wouldBlockLoop, cancel });
  new Promise<void>((resolve) => setImmediate(resolve))
    .then(() => fn(...args))
    .then(
      (value) => future.settle(true, value),
      (error) => future.settle(false, error),
    );
  return future;
}

/** A call to the loop and its number. */
export interface CallOfLoop<T> {
  id: number;
  future: Future<T>;
}

/** In a thread: has the loop call `fn`. */
export function callLoop<A extends unknown[], R>(fn: (...args: A) => R, args: A): CallOfLoop<Awaited<R>> {
  requireFreeLoop("runCoroutineThreadsafe");
  const id = ++lastCall;
  const future: Future<Awaited<R>> = new Future<Awaited<R>>({
    block: (timeoutMs) => block(workerContext()!, id, future, timeoutMs),
    cancel: () => cancelCall(id),
    awaited: (waiter) => noteAwait(id, waiter),
  });
  const message: ToLoop = {
    kind: "call",
    id,
    soon: false,
    task: currentTask()?.id ?? 0,
    recorded: recordCall(false),
    ...messageOf(fn, args),
  };
  pending.set(id, future as Future<unknown>);
  post(message);
  return { id, future };
}

/** Milliseconds after which an answer that is still awaited is taken for a late one. */
const lateMs = 20;

/** Tells the loop, which looks for deadlocks, that the task itself awaits a late answer and nothing can wake it. */
export function noteAwait(id: number, waiter: Waiter): void {
  const run = currentTask();
  const look = async () => {
    if (!pending.has(id) || !run) return;
    const names = await whoAwaits(waiter);
    const others = process.getActiveResourcesInfo().some((type) => !/^(MessagePort|Immediate)$/.test(type));
    if (names.includes(taskName(run)) && !others) post({ kind: "await", id });
  };
  setTimeout(look, lateMs).unref();
}

function messageOf(fn: AnyFunction, args: unknown[]) {
  const known = knownId(fn);
  const context = exportContext((value) => value);
  const call = known === undefined ? { fn, args, context } : { args, context };
  return { fn: known ?? 0, ...packCall(call, fn.name || "fn", { transfer: [], inWorker: true }) };
}

function cancelCall(id: number): boolean {
  finish(id, false, cancelled());
  post({ kind: "cancel", id });
  return true;
}

/** Waits in this thread for mail from the loop, until the future is done or the time is over. */
function block(from: WorkerContext, id: number, future: Future<unknown>, timeoutMs: number): void {
  const until = new Deadline(timeoutMs);
  recordHere("blocked");
  const outer = Atomics.load(from.shared, word.waitsFor);
  if (timeoutMs === Number.POSITIVE_INFINITY) Atomics.store(from.shared, word.waitsFor, id);
  try {
    while (waitForMail(from, future, until));
  } finally {
    Atomics.store(from.shared, word.waitsFor, outer);
    recordHere("resumed");
  }
}

function waitForMail(from: WorkerContext, future: Future<unknown>, until: Deadline): boolean {
  const seen = Atomics.load(from.shared, word.mail);
  if (seen !== from.read && readMail(from, future)) from.read = seen;
  if (future.done()) return false;
  if (isCancelledHere()) throw cancelled();
  if (until.leftMs <= 0) return false;
  Atomics.wait(from.shared, word.mail, seen, until.sleepMs);
  return true;
}

/** Takes what has come from the loop, without waiting for this thread's own loop to turn. */
export function takeMail(): void {
  const from = workerContext();
  if (from) readMail(from);
}

/** Until the future is done; true when there is no more mail. */
function readMail(from: WorkerContext, future?: Future<unknown>): boolean {
  for (let mail = receiveMessageOnPort(from.port); mail; mail = receiveMessageOnPort(from.port)) {
    receive(mail.message as ToWorker);
    if (future?.done()) return false;
  }
  return true;
}

/** A reply to a call that nobody waits for any more is dropped. */
function receive(message: ToWorker): void {
  if (message.id === 0) cancelPending(message);
  else if (!pending.has(message.id)) return;
  else if ("error" in message) finish(message.id, false, unpackValue(message.error!));
  else finish(message.id, true, unpackValue(message));
}

function cancelPending({ task, error }: ToWorker): void {
  cancelTask(task!, unpackValue(error!));
  if (isCancelledHere()) for (const id of [...pending.keys()]) finish(id, false, cancelled());
}

function finish(id: number, ok: boolean, value: unknown): void {
  const future = pending.get(id);
  pending.delete(id);
  future?.settle(ok, value);
}
