/** No kernel outlives its client, not even one whose client was killed without a chance to end it. */
import { spawn } from "node:child_process";

/**
 * Reads a pipe that only this process holds open: a line means that the kernel has ended; its end without one
 * means that this process is gone, and the kernel's process group goes, too.
 */
const script = 'read line || kill -s KILL -- "-$0"';

/**
 * Ends a process group once this process is gone; returns the way to stop watching. Does nothing on Windows, and for kernels that look after
 * themselves (`JPY_PARENT_PID`) is only a second safety.
 */
export function watchOrphan(group: number): () => void {
  if (process.platform === "win32") return () => {};
  const sh = spawn("/bin/sh", ["-c", script, String(group)], {
    stdio: ["pipe", "ignore", "ignore"],
    // A group of its own: Ctrl-C and what ends a whole group must not end the watchdog first.
    detached: true,
  });
  // Without a shell there is no watchdog; the kernel runs all the same.
  sh.on("error", () => {});
  sh.stdin.on("error", () => {});
  sh.unref();
  (sh.stdin as typeof sh.stdin & { unref(): void }).unref();
  return () => sh.stdin.end("ended\n");
}
