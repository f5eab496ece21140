import { dirname } from "node:path";
import { DeadlockError } from "../task/errors";
import { explainRebuilt } from "../task/rebuilt";
import type { Task } from "../task/task";
import type { AnyFunction } from "../task/types";
import { workerName } from "../worker/worker-context";
import type { WorkerThread } from "./worker-thread";

/** What the loop's thread says of tasks that failed. */

/** A pool inside a worker would start threads under threads, and could wait for the one it runs in. */
export function refuseInWorker(fn: AnyFunction): void {
  const thread = workerName();
  if (thread === undefined) return;
  const name = fn.name || "fn";
  throw new DeadlockError(
    `${name} was submitted from inside ${thread}: executors belong to the event loop's thread. Call ${name}() ` +
      `directly, or let the loop submit it: runCoroutineThreadsafe(start).result(), where \`start\` is a function ` +
      `of the loop that calls toThread(${name}).`,
  );
}

/** An error for a task whose thread ended under it. */
export function threadDied(error: unknown, task: Task, thread: WorkerThread): unknown {
  const code = (error as { code?: string } | null)?.code;
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return withSubmitSite(outOfMemory(task, thread), task, thread);
  const exit = /^worker exited with code: (-?\d+)$/.exec(String((error as Error | null)?.message));
  return withSubmitSite(exit ? exited(Number(exit[1]), task, thread) : error, task, thread);
}

function outOfMemory(task: Task, thread: WorkerThread): Error {
  const limit = task.pool.settings.resourceLimits?.maxOldGenerationSizeMb;
  const message =
    `${task.name} ran out of memory in ${thread.name}${limit ? ` (maxOldGenerationSizeMb: ${limit})` : ""}; the thread ` +
    "was replaced. Work on smaller pieces, or raise `resourceLimits`.";
  return Object.assign(new Error(message), { code: "ERR_WORKER_OUT_OF_MEMORY" });
}

function exited(exitCode: number, task: Task, thread: WorkerThread): Error {
  const message =
    `${thread.name} exited with code ${exitCode} while it ran ${task.name}; the thread was replaced. In a worker ` +
    "process.exit() ends the thread: return or throw instead.";
  return Object.assign(new Error(message), { code: "ERR_WORKER_EXITED", exitCode });
}

/** Adds where the task was submitted below the worker's own frames. */
export function withSubmitSite(
  error: unknown,
  task: Pick<Task, "site">,
  thread: Pick<WorkerThread, "name">,
): unknown {
  if (!(error instanceof Error)) return error;
  explainRebuilt(error);
  const site = own(task.site.stack ?? "").replace(/^.*\n/, "");
  const stack = `${own(error.stack ?? String(error))}\n    --- submitted to ${thread.name} from ---\n${site}`;
  Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
  return error;
}

const internal = [
  "/piscina/dist/",
  "node:internal/async_local_storage",
  "(node:async_hooks",
  "AsyncLocalStorage.run",
];

/** Without the frames of this package and of Piscina, which are the same for every task. */
function own(stack: string): string {
  const isOurs = (line: string) => {
    if (!/^\s+at /.test(line)) return false;
    const path = line.replaceAll("\\", "/");
    return path.includes(here) || internal.some((each) => path.includes(each));
  };
  return stack
    .split("\n")
    .filter((line) => !isOurs(line))
    .join("\n");
}

const here = `${dirname(__dirname).replaceAll("\\", "/")}/`;
