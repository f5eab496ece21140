import { DeadlockError } from "../task/errors";
import type { Task } from "../task/task";

/**
 * A task that was submitted by a loop function for which a worker waits, and that cannot start before that
 * worker goes on: through one executor, a view of it, or several executors in a ring. Looked at again
 * while it is queued, because a worker may begin to wait a little after its call has arrived.
 */
const again = 20;

export function watchForDeadlock(task: Task): void {
  const look = () => {
    if (task.state !== "queued") return;
    if (isDeadlocked(task)) task.pool.stop(task, deadlock(task));
    else task.timers.push(setTimeout(look, again).unref());
  };
  // After the loop function has gone on: it may not wait for the task at all.
  setImmediate(look);
}

/** Of all the tasks that it could wait for, those that can go on drop out, one after the other. */
function isDeadlocked(task: Task): boolean {
  const stuck = new Set([task]);
  for (const each of stuck) for (const next of awaitedBy(each)) stuck.add(next);
  for (let size = 0; size !== stuck.size; ) {
    size = stuck.size;
    for (const each of stuck) if (!isStuck(each, stuck)) stuck.delete(each);
  }
  return stuck.has(task);
}

function awaitedBy(task: Task): Task[] {
  return task.state === "queued" ? (holdersOf(task) ?? []) : tasksOfCalls(task);
}

function isStuck(task: Task, stuck: Set<Task>): boolean {
  if (task.state === "queued") return holdersOf(task)?.every((holder) => stuck.has(holder)) ?? false;
  return task.thread?.waiting === true && tasksOfCalls(task).some((each) => stuck.has(each));
}

/** Those who have the places that a queued task waits for; undefined when one is free, or is about to be. */
function holdersOf({ waitsIn, pool }: Task): Task[] | undefined {
  if (waitsIn) return [...waitsIn.holders];
  if (!pool.isFull()) return undefined;
  const holders = Array.from(pool.threads, (thread) => thread.task);
  return holders.every((holder) => holder?.state === "running") ? (holders as Task[]) : undefined;
}

/** What the functions on the loop for which a running task waits have submitted. */
function tasksOfCalls(task: Task): Task[] {
  return [...task.calls].flatMap((call) => [...call.tasks]);
}

function deadlock(task: Task): DeadlockError {
  return new DeadlockError(
    `${task.name} would wait for ever: ${holdersInWords(task)} for functions on the event loop that wait for it. ` +
      "Give the inner tasks an executor of their own, or more threads.",
  );
}

function holdersInWords({ waitsIn, pool }: Task): string {
  const owner = waitsIn ? "its limitedParallelism view" : "its executor";
  const [place, count] = waitsIn ? ["place", waitsIn.places] : ["thread", pool.settings.maxWorkers];
  return count === 1 ? `the only ${place} of ${owner} waits` : `all ${count} ${place}s of ${owner} wait`;
}
