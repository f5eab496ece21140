import { DeadlockError } from "./errors";
import type { Job } from "./job";

/**
 * A task that was submitted by a loop function for which a worker waits, and that cannot start before that
 * worker goes on: through one executor, a view of it, or several executors in a ring. Looked at again
 * while it is queued, because a worker may begin to wait a little after its call has arrived.
 */
const again = 20;

export function watchForDeadlock(job: Job): void {
  const look = () => {
    if (job.state !== "queued") return;
    if (isDeadlocked(job)) job.pool.stop(job, deadlock(job));
    else job.timers.push(setTimeout(look, again).unref());
  };
  // After the loop function has gone on: it may not wait for the task at all.
  setImmediate(look);
}

/** Of all the tasks that it could wait for, those that can go on drop out, one after the other. */
function isDeadlocked(job: Job): boolean {
  const stuck = new Set([job]);
  for (const each of stuck) for (const next of awaitedBy(each)) stuck.add(next);
  for (let size = 0; size !== stuck.size; ) {
    size = stuck.size;
    for (const each of stuck) if (!isStuck(each, stuck)) stuck.delete(each);
  }
  return stuck.has(job);
}

function awaitedBy(job: Job): Job[] {
  return job.state === "queued" ? (holdersOf(job) ?? []) : tasksOfCalls(job);
}

function isStuck(job: Job, stuck: Set<Job>): boolean {
  if (job.state === "queued") return holdersOf(job)?.every((holder) => stuck.has(holder)) ?? false;
  return job.thread?.waiting === true && tasksOfCalls(job).some((task) => stuck.has(task));
}

/** Those who have the places that a queued task waits for; undefined when one is free, or is about to be. */
function holdersOf({ waitsIn, pool }: Job): Job[] | undefined {
  if (waitsIn) return [...waitsIn.holders];
  if (!pool.isFull()) return undefined;
  const holders = Array.from(pool.threads, (thread) => thread.job);
  return holders.every((holder) => holder?.state === "running") ? (holders as Job[]) : undefined;
}

/** What the functions on the loop for which a running task waits have submitted. */
function tasksOfCalls(job: Job): Job[] {
  return [...job.calls].flatMap((call) => [...call.tasks]);
}

function deadlock(job: Job): DeadlockError {
  return new DeadlockError(
    `${job.name} would wait for ever: ${holdersInWords(job)} for functions on the event loop that wait for it. ` +
      "Give the inner tasks an executor of their own, or more threads.",
  );
}

function holdersInWords({ waitsIn, pool }: Job): string {
  const owner = waitsIn ? "its limitedParallelism view" : "its executor";
  const [place, count] = waitsIn ? ["place", waitsIn.limit] : ["thread", pool.settings.maxWorkers];
  return count === 1 ? `the only ${place} of ${owner} waits` : `all ${count} ${place}s of ${owner} wait`;
}
