import { QueueFull } from "../sync/queue-errors";
import { BrokenThreadPool, DeadlockError, ExecutorShutDown } from "../task/errors";
import { withSubmitSite } from "../task/submit-site";
import type { AnyFunction } from "../task/types";
import { poolThreadName } from "../worker/worker-context";
import type { Settings } from "./options";
import type { PoolTask } from "./pool-task";
import type { Death, WorkerThread } from "./worker-thread";

/** What the loop's thread says of tasks that failed, or cannot be taken. */

/** A pool inside a pool thread would start threads under threads, and could wait for the one it runs in. */
export function refuseInWorker(fn: AnyFunction): void {
  const thread = poolThreadName();
  if (thread === undefined) return;
  const name = fn.name || "fn";
  throw new DeadlockError(
    `${name} was submitted from inside ${thread}: executors belong to the event loop's thread. Call ${name}() ` +
      `directly, or let the loop submit it: runCoroutineThreadsafe(start).result(), where \`start\` is a function ` +
      `of the loop that calls toThread(${name}).`,
  );
}

export function shutDown(): ExecutorShutDown {
  return new ExecutorShutDown(
    "The executor was shut down and takes no more tasks. Make a new ThreadPoolExecutor.",
  );
}

export function queueFull(queued: number): QueueFull {
  return new QueueFull(
    `The executor has ${queued} tasks waiting, as many as \`maxQueue\` allows. Await some of them ` +
      "before the next, use map with a `buffersize`, or raise `maxQueue`.",
  );
}

/** A thread could not be made ready. */
export function threadBroken(
  { name }: WorkerThread,
  cause: unknown,
  { initializer }: Settings,
): BrokenThreadPool {
  const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, "");
  const what = initializer ? "The initializer of" : "Thread";
  return new BrokenThreadPool(
    `${what} ${name} failed: ${reason}. No task of this executor will run; correct it and make a new one.`,
    { cause },
  );
}

/** An error for a task whose thread ended under it; `error` is what Piscina says of that. */
export function threadDied(
  { error: cause, exitCode }: Death = {},
  error: unknown,
  task: PoolTask,
  { name }: WorkerThread,
  settings: Settings,
): unknown {
  const code = (cause as { code?: string } | undefined)?.code;
  const limit = settings.resourceLimits?.maxOldGenerationSizeMb;
  if (code === "ERR_WORKER_OUT_OF_MEMORY")
    return withSubmitSite(outOfMemory(task, name, limit), task, { name });
  return withSubmitSite(cause ?? (exitCode === undefined ? error : exited(exitCode, task, name)), task, {
    name,
  });
}

function outOfMemory(task: PoolTask, thread: string, limit: number | undefined): Error {
  const message =
    `${task.name} ran out of memory in ${thread}${limit ? ` (maxOldGenerationSizeMb: ${limit})` : ""}. ` +
    "Work on smaller pieces, or raise `resourceLimits`.";
  return Object.assign(new Error(message), { code: "ERR_WORKER_OUT_OF_MEMORY" });
}

function exited(exitCode: number, task: PoolTask, thread: string): Error {
  const message =
    `${thread} exited with code ${exitCode} while it ran ${task.name}. In a worker ` +
    "process.exit() ends the thread: return or throw instead.";
  return Object.assign(new Error(message), { code: "ERR_WORKER_EXITED", exitCode });
}
