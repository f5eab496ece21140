import { type CellRun, currentRun, warn } from "../context/host";
import type { SubmitSite } from "../task/submit-site";
import type { ExecutorStats } from "./stats";

/** Executors that were made and not shut down. */

/** As much of a ThreadPoolExecutor as is told of it here. */
export interface ShutdownNeeded {
  readonly stats: ExecutorStats;
  shutdown(): Promise<void>;
}

export interface ActiveExecutor {
  executor: ShutdownNeeded;
  /** The line of the program, or of the cell, that made it. */
  madeAt: string;
  threads: number;
  /** Tasks queued or running. */
  tasks: number;
}

interface Made {
  site: SubmitSite;
  /** The run of the cell that made it, in a notebook. */
  run: CellRun | undefined;
}

const active = new Map<ShutdownNeeded, Made>();

export function register(executor: ShutdownNeeded, above: new () => unknown): void {
  const site: SubmitSite = {};
  Error.captureStackTrace(site, above);
  const made = { site, run: currentRun() };
  if (made.run) warnOfRerun(made);
  if (active.size === 0) process.once("exit", warnAtExit);
  active.set(executor, made);
}

/** Does not count as a leak: shut down, or the default executor, which lives as long as the process. */
export function unregister(executor: ShutdownNeeded): void {
  active.delete(executor);
  if (active.size === 0) process.removeListener("exit", warnAtExit);
}

function warnOfRerun(made: Made): void {
  for (const [executor, earlier] of active) {
    if (earlier.run === made.run || earlier.run?.source !== made.run?.source) continue;
    if (place(earlier) !== place(made)) continue;
    warn(
      `The cell that made a ThreadPoolExecutor runs again, and the earlier executor (${count(executor)}) was not ` +
        `shut down: ${line(made)}. Write \`await executor.shutdown()\` at the end of its work.`,
      "ResourceWarning",
    );
    return;
  }
}

function warnAtExit(): void {
  for (const { madeAt, threads } of activeExecutors()) {
    process.stderr.write(
      `ResourceWarning: a ThreadPoolExecutor with ${counted(threads, "thread")} was never shut down, made ${madeAt}. ` +
        "Write `await executor.shutdown()` when its work is over.\n",
    );
  }
}

function line({ site }: Made): string {
  return site.stack?.split("\n")[1]?.trim() ?? "at an unknown place";
}

/** Line and column: a cell has another name in each run. */
function place(made: Made): string | undefined {
  return /:\d+:\d+\)?$/.exec(line(made))?.[0];
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function count(executor: ShutdownNeeded): string {
  const { threads, queued, running } = executor.stats;
  return `${counted(threads, "thread")}, ${counted(queued + running, "task")}`;
}

/** The executors that have not been shut down, in the order they were made; the default one apart. */
export function activeExecutors(): ActiveExecutor[] {
  return Array.from(active, ([executor, made]) => {
    const { threads, queued, running } = executor.stats;
    return { executor, madeAt: line(made), threads, tasks: queued + running };
  });
}

/** Throws when an executor has not been shut down; for the end of a test or a notebook. */
export function assertNoLeaks(): void {
  const found = activeExecutors();
  if (found.length === 0) return;
  const list = found.map(({ madeAt, executor }) => `  ${madeAt} (${count(executor)})`);
  throw new Error(
    `Expected all executors to be shut down, but ${found.length} ${found.length === 1 ? "is" : "are"} active:\n` +
      `${list.join("\n")}\nCall \`await executor.shutdown()\` on each.`,
  );
}
