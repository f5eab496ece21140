import { AsyncLocalStorage } from "node:async_hooks";
import { recordCalled } from "../../timing/recorder";
import { copyOf, liveFunction } from "../closures/identity";
import { packThrown, packValue } from "../closures/pack";
import { unpackCall } from "../closures/unpack";
import { importContext } from "../context/wire-context";
import type { ToLoop, ToWorker } from "../task/message";
import type { Task } from "../task/task";
import { type AnyFunction, isThenable } from "../task/types";
import { awaitAs, awaitName, type Waitable, type Waiter } from "../task/waiting";
import { callSoonThreadsafe, runCoroutineThreadsafe } from "../worker/loop-proxy";
import { OpenResources } from "./open-resources";

/** On the loop's thread: runs what workers ask for, in the order of their messages. */

/** A call from a worker that the loop is running. */
export class LoopCall {
  #controller: AbortController | undefined;
  #aborted: { reason: unknown } | undefined;

  /** The name under which its function is awaited. */
  readonly name = awaitName("call to the loop");
  /** What its function may wait for. */
  readonly waits = new Map<Waiter, Waitable>();
  readonly resources = new OpenResources();
  /** The task awaits the answer, and nothing else. */
  isAwaited = false;
  /** When it was first seen to wait for ever (`performance.now()`). */
  stuckSince: number | undefined;
  isOver = false;

  constructor(
    readonly id: number,
    /** The task that made it; undefined when nothing more is known of it. */
    readonly task: Task | undefined,
  ) {}

  end(): void {
    this.isOver = true;
    this.resources.release();
  }

  /** Aborted when the call, or the task that made it, is cancelled. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort(this.#aborted.reason);
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }
}

/** Which call from a worker the code on the loop belongs to. */
export const loopCalls = new AsyncLocalStorage<LoopCall | undefined>();

type Call = Extract<ToLoop, { kind: "call" }>;
/** Gives the call when its answer is still to come. */
export function runLoopCall(
  message: Call,
  task: Task | undefined,
  send: (reply: ToWorker) => void,
): LoopCall | undefined {
  if (!message.soon) return runReplying(message, task, send);
  runSoon(message);
  return undefined;
}

/** An error here is nobody's to catch: it becomes an uncaught exception of the loop, as in a timer. */
function runSoon(message: Call): void {
  const report = (error: unknown) =>
    queueMicrotask(() => {
      throw error;
    });
  try {
    const value = loopCalls.run(undefined, start, message);
    if (isThenable(value)) value.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

function runReplying(
  message: Call,
  task: Task | undefined,
  send: (reply: ToWorker) => void,
): LoopCall | undefined {
  const { id } = message;
  const call = new LoopCall(id, task);
  const fail = (error: unknown) => send({ id, error: packThrown(error) });
  const succeed = (value: unknown) => {
    try {
      send({ id, ...packValue(value, "The value", { transfer: [], functions: task?.functions }) });
    } catch (error) {
      fail(error);
    }
  };
  const begin = () => {
    const value = start(message);
    return isThenable(value) ? awaitAs(call.name, () => value) : value;
  };
  try {
    const value = loopCalls.run(call, () => call.resources.watch(message.fn, begin));
    if (value instanceof Promise) {
      value.then(succeed, fail).finally(() => call.end());
      return call;
    }
    succeed(value);
  } catch (error) {
    call.end();
    fail(error);
  }
  return undefined;
}

function start(message: Call): unknown {
  const parts = unpackCall(message);
  const fn = parts.fn ?? liveFunction(message.fn) ?? passedOn(message);
  if (!fn)
    throw new ReferenceError(
      "The function that the worker calls is gone: keep a reference to it on the loop.",
    );
  return importContext(parts.context, () =>
    recordCalled(message.recorded, fn.name || "call", () => fn(...parts.args)),
  );
}

/**
 * In a portal's thread, which is the loop of its own pools: a function of the loop that the portal serves is called
 * there, as a call made here would be, or refused like one.
 */
function passedOn({ fn: id, soon }: Call): AnyFunction | undefined {
  const fn = copyOf(id);
  return fn && ((...args) => (soon ? callSoonThreadsafe(fn, ...args) : runCoroutineThreadsafe(fn, ...args)));
}
