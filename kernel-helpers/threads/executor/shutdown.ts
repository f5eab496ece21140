import { afterUnpaused } from "../../inspector";
import { CancelledError, longestTimer } from "../task/errors";
import type { Waiter } from "../task/waiting";
import { noteWait } from "./deadlock";
import type { PoolTask } from "./pool-task";

/** What the end of an executor needs to know of its pool. */
interface Ending {
  readonly tasks: ReadonlySet<PoolTask>;
  stop(task: PoolTask, reason: unknown): boolean;
  onceEmpty(callback: () => void): void;
}

/** Resolves when all tasks are over; after `timeout` ms those that are left are stopped. */
export async function drain(pool: Ending, timeout: number | undefined): Promise<void> {
  if (pool.tasks.size === 0) return;
  const hasLimit = timeout !== undefined && timeout !== Number.POSITIVE_INFINITY;
  const stop = () => stopAll(pool, () => true, `shutdown({ timeout: ${timeout} })`);
  const cancel = hasLimit ? afterUnpaused(Math.min(timeout, longestTimer), stop) : () => {};
  await new Promise<void>((resolve) => pool.onceEmpty(resolve));
  cancel();
}

export function stopAll(pool: Ending, which: (task: PoolTask) => boolean, why: string): void {
  for (const task of [...pool.tasks]) {
    if (which(task)) pool.stop(task, new CancelledError(`${task.name} was cancelled by ${why}.`));
  }
}

/** Awaited by a function for which a task of this executor waits, a shutdown would never end. */
export function noteShutdown({ tasks }: Ending, waiter: Waiter): void {
  noteWait(
    {
      waiters: [waiter],
      get isOver() {
        return tasks.size === 0;
      },
      heldBy: () => ({ need: "one", holders: [...tasks] }),
      refusal: {
        inWords: () =>
          "shutdown() would wait for ever: a task of this executor waits for the function that awaits it. " +
          "Return from that function first, or give shutdown a `timeout`.",
        refuse: (waiter, error) => waiter.reject(error),
      },
    },
    waiter,
  );
}
