import { recordEvent, useRing } from "../../timing/recorder";
import { pack } from "../closures/pack";
import { packError } from "../closures/pack-error";
import { isPlain } from "../closures/plain";
import { functionOf, unpack } from "../closures/unpack";
import { importContext, type WireContext } from "../context/wire-context";
import { type Packed, type Reply, type Setup, type TaskMessage } from "../task/message";
import { type AnyFunction, isThenable } from "../task/types";
import { awaitAs } from "../task/waiting";
import { openLoopProxy } from "./loop-proxy";
import { callEach, StoppedAt } from "./map-items";
import { moduleFunction } from "./module-function";
import { takeMoving } from "./move";
import { nameThread } from "./name-thread";
import { sendOutput } from "./output";
import { currentTask, post, postCount, runTask, type TaskRun, taskName, workerName } from "./worker-context";

/** A reply and what of it moves instead of being copied. */
export interface Outgoing {
  reply: Reply;
  transfer: object[];
}

/** Runs a task in this thread. There is always a reply: an error or a result that cannot be cloned costs no thread. */
export function runMessage(message: TaskMessage): Outgoing | Promise<Outgoing> {
  if (message.setup) setUp(message.setup);
  const timelineTask = message.task ?? 0;
  if (timelineTask !== 0) useRing(message.ring);
  recordEvent("started", timelineTask);
  const outgoing = runTask({ id: message.id, timelineTask }, attempt, message);
  if (!(outgoing instanceof Promise)) return finish(outgoing, timelineTask);
  return outgoing.then((settled) => finish(settled, timelineTask));
}

function finish(outgoing: Outgoing, timelineTask: number): Outgoing {
  outgoing.reply.posts = postCount();
  recordEvent("error" in outgoing.reply ? "failed" : "done", timelineTask);
  return outgoing;
}

function setUp(setup: Setup): void {
  openLoopProxy(setup);
  nameThread(setup.name);
  sendOutput();
  post({ kind: "up" });
  process.on("uncaughtException", uncaught);
}

/** The asynchronous task that runs now, and what settles it with an error of one of its timers or events. */
let failNow: { task: TaskRun | undefined; fail(error: unknown): void } | undefined;

function uncaught(error: unknown): void {
  if (failNow && failNow.task === currentTask()) failNow.fail(error);
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
    if (call instanceof Promise) return settle(call.then((ready) => ready()));
    const value = call();
    return isThenable(value) ? settle(value) : success(value);
  } catch (error) {
    return failure(error);
  }
}

function settle(value: PromiseLike<unknown>): Promise<Outgoing> {
  const task = currentTask()!;
  return new Promise<Outgoing>((resolve) => {
    failNow = { task, fail: (error) => resolve(failure(error, { fatal: true })) };
    awaitAs(taskName(task), () => value).then(
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

function success(value: unknown): Outgoing {
  const transfer = takeMoving();
  if (isPlain(value)) return { reply: { value, posts: 0 }, transfer };
  try {
    const packed: Packed = pack({ value }, { value: "The result" }, { transfer, inWorker: true });
    return { reply: { packed, posts: 0 }, transfer };
  } catch (error) {
    return failure(error);
  }
}

function failure(thrown: unknown, more: Partial<Reply> = {}): Outgoing {
  takeMoving();
  if (thrown instanceof StoppedAt) return failure(thrown.error, partial(thrown.results));
  return { reply: { ...more, error: packError(thrown), posts: 0 }, transfer: [] };
}

function partial(results: unknown[]): Partial<Reply> {
  if (isPlain(results)) return { results };
  const { packed } = success(results).reply;
  return packed ? { packed } : {};
}
