import { recordEvent, useRing } from "../../timing/recorder";
import { functionOf } from "../closures/compile";
import { packThrown, packValue } from "../closures/pack";
import { functionOfBundle, unpackCall } from "../closures/unpack";
import { importContext } from "../context/wire-context";
import type { Reply, Setup, TaskMessage } from "../task/message";
import { type AnyFunction, isThenable } from "../task/types";
import { awaitAs } from "../task/waiting";
import { keepValue } from "./kept";
import { openLoopProxy } from "./loop-proxy";
import { callEach, StoppedAt } from "./map-items";
import { moduleFunction } from "./module-function";
import { takeMoving } from "./move";
import { nameThread } from "./name-thread";
import { sendOutput } from "./output";
import {
  awaiting,
  currentTask,
  post,
  postCount,
  runTask,
  type TaskRun,
  taskName,
  workerContext,
  workerName,
} from "./worker-context";

/** A reply and what of it moves instead of being copied. */
export interface Outgoing {
  reply: Reply;
  transfer: object[];
}

/** Runs a task in this thread. There is always a reply: an error or a result that cannot be cloned costs no thread. */
export function runMessage(message: TaskMessage): Outgoing | Promise<Outgoing> {
  if (message.setup) setUp(message.setup);
  latest = undefined;
  const timelineTask = message.task ?? 0;
  if (timelineTask !== 0) useRing(message.ring);
  recordEvent("started", timelineTask);
  const outgoing = runTask({ id: message.id, timelineTask }, attempt, message);
  if (!(outgoing instanceof Promise)) return finish(outgoing, timelineTask);
  return outgoing.then((settled) => finish(settled, timelineTask));
}

function finish(outgoing: Outgoing, timelineTask: number): Outgoing {
  outgoing.reply.posts = postCount();
  if (outgoing.transfer.length === 0) latest = new WeakRef(outgoing.reply);
  recordEvent("error" in outgoing.reply ? "failed" : "done", timelineTask);
  return outgoing;
}

/** The last reply, unless something of it moved; held weakly, because it may be large. */
let latest: WeakRef<Reply> | undefined;

function repeatReply(): void {
  const reply = latest?.deref();
  if (reply) post({ kind: "reply", task: workerContext()!.task!.id, reply });
}

function setUp(setup: Setup): void {
  openLoopProxy(setup);
  nameThread(setup.name);
  sendOutput();
  post({ kind: "up" });
  process.on("uncaughtException", uncaught);
  process.on("exit", repeatReply);
}

/** Of the asynchronous tasks that run: what settles each with an error of one of its timers or events. */
const failing = new Map<TaskRun, (error: unknown) => void>();

function uncaught(error: unknown): void {
  const fail = failing.get(currentTask()!);
  if (fail) fail(error);
  else tellOfLateError(error);
}

/** Nobody waits for what an earlier task left behind; its error must not go unseen. */
function tellOfLateError(error: unknown): void {
  console.error(`Uncaught in ${workerName()}, left behind by a task that was over:`, error);
  // Perhaps it was the reply that could not be posted: the end of the thread settles its task.
  if (error instanceof DOMException && error.name === "DataCloneError") process.exit(1);
}

function attempt(message: TaskMessage): Outgoing | Promise<Outgoing> {
  try {
    const call = prepare(message);
    if (call instanceof Promise)
      return settle(
        message,
        call.then((ready) => ready()),
      );
    const value = call();
    return isThenable(value) ? settle(message, value) : success(value, message);
  } catch (error) {
    return failure(error);
  }
}

function settle(message: TaskMessage, value: PromiseLike<unknown>): Promise<Outgoing> {
  const task = currentTask()!;
  awaiting.set(task.id, task);
  return new Promise<Outgoing>((resolve) => {
    failing.set(task, (error) => resolve(failure(error, { fatal: true })));
    awaitAs(taskName(task), () => value).then(
      (result) => resolve(success(result, message)),
      (error) => resolve(failure(error)),
    );
  }).finally(() => {
    failing.delete(task);
    awaiting.delete(task.id);
  });
}

type Call = () => unknown;

/** Makes the function and its arguments; a promise only when a module has to be imported first. */
function prepare({ target, args, packed, context, each }: TaskMessage): Call | Promise<Call> {
  const parts = unpackCall({ packed, args, context });
  const inContext = (fn: AnyFunction) => () =>
    importContext(parts.context, () => (each ? callEach(fn, parts.args) : fn(...parts.args)));
  if (!target) return inContext(parts.fn!);
  if ("code" in target) return inContext(functionOf(target));
  if ("bundle" in target) return inContext(functionOfBundle(target));
  const fn = moduleFunction(target.module, target.name);
  return fn instanceof Promise ? fn.then(inContext) : inContext(fn);
}

function success(result: unknown, message?: TaskMessage): Outgoing {
  if (message?.keep) keepValue(message.id, result);
  const value = message?.keep ? message.id : result;
  const transfer = takeMoving();
  try {
    return { reply: { ...packValue(value, "The result", { transfer, inWorker: true }), posts: 0 }, transfer };
  } catch (error) {
    return failure(error);
  }
}

function failure(thrown: unknown, more: Partial<Reply> = {}): Outgoing {
  takeMoving();
  if (thrown instanceof StoppedAt) return failure(thrown.error, partial(thrown.results));
  return { reply: { ...more, error: packThrown(thrown), posts: 0 }, transfer: [] };
}

/** The results before the error; none of them when they cannot go. */
function partial(results: unknown[]): Partial<Reply> {
  const { value, packed } = success(results).reply;
  return { value, packed };
}
