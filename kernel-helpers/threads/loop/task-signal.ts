import { takeMail } from "../worker/loop-proxy";
import { currentTask, isCancelledHere, signalOf } from "../worker/worker-context";
import { loopCalls } from "./calls";

const never = new AbortController().signal;

/**
 * The signal of the task that calls it: aborted when the task is cancelled or timed out, with the reason. Give it
 * to what the task awaits, so that this ends and the task's `finally` runs, within the executor's grace period,
 * and the thread stays. In a function on the loop that a thread has called by `runCoroutineThreadsafe` it is the
 * signal of that call: aborted when the thread cancels the future, when its task is to stop, and when the thread
 * ends. Elsewhere it is a signal that is never aborted.
 *
 * A synchronous task cannot see it change while it computes: call `checkCancelled` there.
 *
 * @example
 * await toThread.with({ timeout: 1000 })(async (url: string) => {
 *   const response = await fetch(url, { signal: taskSignal() });
 *   return response.text();
 * }, url);
 */
export function taskSignal(): AbortSignal {
  const run = currentTask();
  // That it is cancelled shows at once; why is in the mail.
  if (run && !run.stopping && isCancelledHere()) takeMail();
  return run ? signalOf(run) : (loopCalls.getStore()?.signal ?? never);
}
