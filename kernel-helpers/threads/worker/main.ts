import { AsyncLocalStorage } from "node:async_hooks";
import { recordEvent, useRing } from "../../timing/recorder";
import { pack } from "../closures/pack";
import { packError } from "../closures/pack-error";
import type { Packed } from "../closures/packed";
import { isPlain } from "../closures/plain";
import { functionOf, unpack } from "../closures/unpack";
import { importContext, type WireContext } from "../context/wire-context";
import { type Reply, type Setup, type TaskMessage, transferable } from "../task/message";
import { type AnyFunction, isThenable } from "../task/types";
import { openLoopProxy } from "./loop-proxy";
import { callEach, StoppedAt } from "./map-items";
import { moduleFunction } from "./module-function";
import { takeMoving } from "./move";
import { sendOutput } from "./output";
import { beginTask, currentTask, post, postCount, workerName } from "./worker-context";

/**
 * What every worker thread loads: runs one message after another and always gives a reply, so that an
 * error or a result that cannot be cloned costs no thread.
 */
export default function run(message: TaskMessage): Reply | Promise<Reply> {
  if (message.setup) setUp(message.setup);
  const timelineTask = message.task ?? 0;
  beginTask(message.id, timelineTask);
  if (timelineTask !== 0) useRing(message.ring);
  recordEvent("started", timelineTask);
  const reply = owner.run(message.id, attempt, message);
  if (!(reply instanceof Promise)) return finish(reply, timelineTask);
  return reply.then((settled) => finish(settled, timelineTask));
}

function finish(reply: Reply, timelineTask: number): Reply {
  reply.posts = postCount();
  recordEvent("error" in reply ? "failed" : "done", timelineTask);
  return reply;
}

const movedValue = Symbol.for("Piscina.valueOf");

/** Tells Piscina what to move; structured clone passes over symbols. Piscina is loaded when it is needed. */
function moveWith(reply: Reply, transfer: object[]): Reply {
  if (transfer.length === 0) return reply;
  const { Piscina } = require("piscina") as typeof import("piscina");
  Piscina.move(
    Object.assign(reply, { [transferable]: [...new Set(transfer)], [movedValue]: reply }) as never,
  );
  return reply;
}

function setUp(setup: Setup): void {
  openLoopProxy(setup);
  sendOutput();
  post({ kind: "up" });
  process.on("uncaughtException", uncaught);
}

/** The task that a timer or an event belongs to. */
const owner = new AsyncLocalStorage<number>();
/** Settles the asynchronous task that runs now, with an error of one of its timers or events. */
let failNow: ((error: unknown) => void) | undefined;

function uncaught(error: unknown): void {
  const task = owner.getStore() ?? currentTask();
  if (failNow && task === currentTask()) failNow(error);
  else tellOfLateError(error);
}

/** Nobody waits for what an earlier task left behind; its error must not go unseen. */
function tellOfLateError(error: unknown): void {
  console.error(`Uncaught in ${workerName()}, left behind by a task that was over:`, error);
  // Perhaps it was the reply that could not be posted: the end of the thread settles its task.
  if (error instanceof DOMException && error.name === "DataCloneError") process.exit(1);
}

function attempt(message: TaskMessage): Reply | Promise<Reply> {
  try {
    const call = prepare(message);
    if (call instanceof Promise) return settle(call.then((ready) => ready()));
    const value = call();
    return isThenable(value) ? settle(value) : success(value);
  } catch (error) {
    return failure(error);
  }
}

function settle(value: PromiseLike<unknown>): Promise<Reply> {
  return new Promise<Reply>((resolve) => {
    failNow = (error) => resolve({ ...failure(error), fatal: true });
    Promise.resolve(value).then(
      (result) => resolve(success(result)),
      (error) => resolve(failure(error)),
    );
  }).finally(() => {
    failNow = undefined;
  });
}

type Call = () => unknown;

/** Makes the function and its arguments; a promise only when a module has to be imported first. */
function prepare({ target, args, packed, context, each }: TaskMessage): Call | Promise<Call> {
  const parts = packed ? (unpack(packed) as Parts) : { args: args!, context: context as WireContext };
  const inContext = (fn: AnyFunction) => () =>
    importContext(parts.context, () => (each ? callEach(fn, parts.args) : fn(...parts.args)));
  if (!target) return inContext(parts.fn!);
  if ("code" in target) return inContext(functionOf(target));
  const fn = moduleFunction(target.module, target.name);
  return fn instanceof Promise ? fn.then(inContext) : inContext(fn);
}

interface Parts {
  fn?: AnyFunction;
  args: unknown[];
  context: WireContext;
}

function success(value: unknown): Reply {
  const transfer = takeMoving();
  if (isPlain(value)) return moveWith({ value, posts: 0 }, transfer);
  try {
    const packed: Packed = pack({ value }, { value: "The result" }, { transfer, inWorker: true });
    return moveWith({ packed, posts: 0 }, transfer);
  } catch (error) {
    return failure(error);
  }
}

function failure(thrown: unknown): Reply {
  takeMoving();
  if (thrown instanceof StoppedAt) return { ...failure(thrown.error), ...partial(thrown.results) };
  return { error: packError(thrown), posts: 0 };
}

function partial(results: unknown[]): Partial<Reply> {
  if (isPlain(results)) return { results };
  const reply = success(results);
  return reply.packed ? { packed: reply.packed } : {};
}
