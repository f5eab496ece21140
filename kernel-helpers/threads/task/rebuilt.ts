import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";

/** `threads/`. */
const room = dirname(__dirname);

/** When a file of it was last written, in ms since 1970. */
function lastWritten(): number {
  try {
    const names = readdirSync(room, { recursive: true }) as string[];
    const scripts = names.filter((name) => name.endsWith(".js"));
    return Math.max(...scripts.map((name) => statSync(join(room, name)).mtimeMs));
  } catch {
    // A bundle, or an archive: nothing is rebuilt there.
    return 0;
  }
}

/**
 * An error in this package's own code in a thread, after another build of it came in place of the one with which
 * the program started: new threads load the new one, and the two do not understand one another.
 */
export function explainRebuilt(error: Error): void {
  const [frame = ""] = /^\s+at .*$/m.exec(error.stack ?? "") ?? [];
  if (!frame.replaceAll("\\", "/").includes(`${room.replaceAll("\\", "/")}/`)) return;
  if (lastWritten() < performance.timeOrigin) return;
  const advice =
    "kernel-helpers was rebuilt while this program runs: restart it (in a notebook, the kernel).";
  const { message } = error;
  error.message = `${message}\n${advice}`;
  error.stack = error.stack?.replace(message, () => error.message);
}
