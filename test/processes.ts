/** Whether processes run, and waiting for what other processes do. */
import { readFileSync } from "node:fs";
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

/** Looks again and again until there is something; the test's own time limit ends what takes too long. */
export async function until<T>(look: () => T): Promise<T> {
  for (;;) {
    const found = look();
    if (found) return found;
    await sleep(10);
  }
}
