import { DeadlockError } from "./errors";
import type { Job } from "./job";
import type { LoopCall } from "./loop-calls";
import type { Pool } from "./pool";

/**
 * A queued task that was submitted by a loop function for which a worker waits, while every thread of the
 * pool waits for such a function: none of them can ever finish. Looked at again while it is queued,
 * because a worker may begin to wait a little after its call has arrived.
 */
const again = 20;

export function watchForDeadlock(job: Job): void {
  const look = () => {
    if (job.state !== "queued") return;
    if (isDeadlocked(job.pool)) job.pool.stop(job, deadlock(job));
    else job.timers.push(setTimeout(look, again).unref());
  };
  // After the loop function has gone on: it may not wait for the task at all.
  setImmediate(look);
}

function isDeadlocked(pool: Pool): boolean {
  return (
    pool.isFull() && [...pool.threads].every(({ job, waiting }) => job && waiting && waitsFor(job, pool))
  );
}

function waitsFor(job: Job, pool: Pool): boolean {
  return [...job.calls].some((call: LoopCall) =>
    [...call.queued].some((queued) => queued.pool === pool && queued.state === "queued"),
  );
}

function deadlock(job: Job): DeadlockError {
  const { maxWorkers } = job.pool.settings;
  const all = maxWorkers === 1 ? "the only thread" : `all ${maxWorkers} threads`;
  return new DeadlockError(
    `${job.name} would wait for ever: ${all} of its executor wait for functions on the event loop that wait ` +
      "for this executor. Give the inner tasks an executor of their own, or more `maxWorkers`.",
  );
}
