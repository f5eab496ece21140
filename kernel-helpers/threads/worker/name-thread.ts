import { writeFileSync } from "node:fs";

import workerThreads = require("node:worker_threads");

/** The system shows so many letters of a thread's name. */
const shownLetters = 15;

/**
 * Names this thread for its own code (`threadName`) and, on Linux, for the system (`top -H`, `/proc`). Piscina has
 * no option for the name that Node gives a thread when it starts.
 */
export function nameThread(name: string): void {
  (workerThreads as { threadName?: string }).threadName = name;
  if (process.platform !== "linux") return;
  try {
    writeFileSync("/proc/thread-self/comm", name.slice(0, shownLetters));
  } catch {
    // Where /proc cannot be written, the thread keeps Node's name.
  }
}
