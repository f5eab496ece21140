/** Whether processes run, and waiting for what other processes do. */
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** One that has ended counts as such, even where nobody has waited for it yet. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, "utf8"));
}

/** Looks again and again until there is something; the test's own time limit ends what takes too long. */
export async function until<T>(look: () => T): Promise<T> {
  for (;;) {
    const found = look();
    if (found) return found;
    await sleep(10);
  }
}
