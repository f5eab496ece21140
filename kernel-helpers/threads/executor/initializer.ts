import { recordEnd } from "../closures/task-message";
import { unpackValue } from "../closures/unpack";
import { noOptions } from "../task/options";
import { threadDied } from "./failures";
import type { Settings } from "./options";
import { PoolTask, type TaskOwner } from "./pool-task";
import type { WorkerThread } from "./worker-thread";

/** The first task of a thread: the executor's initializer, or nothing. */

const nothing = () => {};

export function initializerTask(
  owner: TaskOwner,
  { initializer = nothing, initargs = [] }: Settings,
): PoolTask {
  return new PoolTask(initializer, [...initargs], owner, noOptions, {
    settle: nothing,
    waiters: [],
    isPromise: false,
  });
}

/** Resolves when the task has run in the thread; rejects with its error, or with why the thread ended. */
export async function initialize(
  thread: WorkerThread,
  task: PoolTask,
  isClosed: () => boolean,
  settings: Settings,
): Promise<void> {
  const reply = await thread.run(task).catch((error) => {
    recordEnd(isClosed() ? "stopped" : "died", task.message);
    throw threadDied(thread.death, error, task, thread, settings);
  });
  thread.catchUp(reply.posts);
  if ("error" in reply) throw unpackValue(reply.error!);
}
