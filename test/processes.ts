/** Whether processes run, and waiting for what other processes do. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Whether a process runs. One that has ended and that nobody has waited for yet does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** What `read` finds of a process that may end at any time; nothing of one that has. */
function found<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch {
    return [];
  }
}

/** A process and all that it has started; Linux only. */
export function familyOf(pid: number): number[] {
  const threads = found(() => readdirSync(`/proc/${pid}/task`));
  const children = threads.flatMap((thread) =>
    found(() => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean)),
  );
  return [pid, ...children.map(Number).flatMap(familyOf)];
}

/** Looks again and again until there is something; the test's own time limit ends what takes too long. */
export async function until<T>(look: () => T): Promise<T> {
  for (;;) {
    const found = look();
    if (found) return found;
    await sleep(10);
  }
}
