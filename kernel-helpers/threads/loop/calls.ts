import { AsyncLocalStorage } from "node:async_hooks";
import { liveFunction } from "../closures/identity";
import { pack } from "../closures/pack";
import { packError } from "../closures/pack-error";
import { isPlain } from "../closures/plain";
import { unpack } from "../closures/unpack";
import { importContext, type WireContext } from "../context/wire-context";
import type { ToLoop, ToWorker } from "../task/message";
import type { Task } from "../task/task";
import { type AnyFunction, isThenable } from "../task/types";

/** On the loop's thread: runs what workers ask for, in the order of their messages. */

/** A call from a worker that the loop is running. */
export interface LoopCall {
  /** The task that made it. */
  task: Task | undefined;
  /** Tasks submitted by it that are not over. */
  tasks: Set<Task>;
}

/** Which call from a worker the code on the loop belongs to. */
export const loopCalls = new AsyncLocalStorage<LoopCall>();

type Call = Extract<ToLoop, { kind: "call" }>;
interface Parts {
  fn?: AnyFunction;
  args: unknown[];
  context: WireContext;
}

export function runLoopCall(message: Call, task: Task | undefined, send: (reply: ToWorker) => void): void {
  if (message.soon) runSoon(message);
  else runReplying(message, task, send);
}

/** An error here is nobody's to catch: it becomes an uncaught exception of the loop, as in a timer. */
function runSoon(message: Call): void {
  const report = (error: unknown) =>
    queueMicrotask(() => {
      throw error;
    });
  try {
    const value = start(message);
    Promise.resolve(value).catch(report);
  } catch (error) {
    report(error);
  }
}

function runReplying(message: Call, task: Task | undefined, send: (reply: ToWorker) => void): void {
  const { id } = message;
  const call: LoopCall = { task, tasks: new Set() };
  const fail = (error: unknown) => {
    task?.calls.delete(call);
    send({ id, error: packError(error) });
  };
  const succeed = (value: unknown) => {
    task?.calls.delete(call);
    try {
      send(isPlain(value) ? { id, value } : packed(id, value, task));
    } catch (error) {
      fail(error);
    }
  };
  task?.calls.add(call);
  try {
    const value = loopCalls.run(call, start, message);
    if (isThenable(value)) value.then(succeed, fail);
    else succeed(value);
  } catch (error) {
    fail(error);
  }
}

function packed(id: number, value: unknown, task: Task | undefined): ToWorker {
  return {
    id,
    packed: pack({ value }, { value: "The value" }, { transfer: [], functions: task?.functions }),
  };
}

function start(message: Call): unknown {
  const parts = message.packed
    ? (unpack(message.packed) as Parts)
    : { args: message.args!, context: message.context as WireContext };
  const fn = parts.fn ?? liveFunction(message.fn);
  if (!fn)
    throw new ReferenceError(
      "The function that the worker calls is gone: keep a reference to it on the loop.",
    );
  return importContext(parts.context, () => fn(...parts.args));
}
