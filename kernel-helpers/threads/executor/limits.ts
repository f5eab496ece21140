import { TimeoutError } from "../task/errors";
import type { PoolTask } from "./pool-task";
import { watchSignal } from "./signals";
import type { WorkerThread } from "./worker-thread";

/** What ends a task before it is over: its signal and its time-outs. */

/** Signal and queueTimeout count from now on. */
export function limitWaiting(task: PoolTask): void {
  const { signal, queueTimeout } = task.options;
  if (signal?.aborted) task.owner.stop(task, signal.reason);
  else if (signal) {
    task.onAbort = () => task.owner.stop(task, signal.reason);
    watchSignal(signal, task.onAbort);
  }
  if (queueTimeout === undefined) return;
  const late = () => {
    const waited = `${task.name} waited in the queue for more than its \`queueTimeout\` of ${queueTimeout} ms`;
    if (task.state === "queued")
      task.owner.stop(task, new TimeoutError(`${waited}. Use more threads or fewer tasks.`));
  };
  task.after(queueTimeout, late);
}

/** `timeout` counts from when the thread is there: a new one takes a while to load, and that is not the task's time. */
export function limitRun(task: PoolTask, thread: WorkerThread): void {
  const { timeout } = task.options;
  if (timeout === undefined) return;
  const over = `${task.name} ran for more than its \`timeout\` of ${timeout} ms and was stopped.`;
  thread.onceUp(() => {
    if (task.state === "running") task.after(timeout, () => task.owner.stop(task, new TimeoutError(over)));
  });
}
