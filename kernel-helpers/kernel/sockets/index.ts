/** Starts the thread of the sockets. It boots while the main thread loads the rest. */

import { writeSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { Shared, type SocketsData } from "../thread-protocol";

export interface SocketsThread {
  worker: Worker;
  shared: Shared;
}

/** Binds the sockets of `connectionFile` in a thread of their own; the process ends if they cannot be bound. */
export function startSockets(connectionFile: string): SocketsThread {
  const shared = new Shared();
  const workerData: SocketsData = { connectionFile, shared: shared.memory };
  const worker = new Worker(join(__dirname, "thread.js"), {
    workerData,
    name: "kernel sockets",
    // Printed text is short-lived: a small nursery keeps it from piling up behind a slow reader.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  worker.on("error", (error) => {
    // Without sockets nobody can be told but whoever reads this process's own stderr.
    writeSync(process.stderr.fd, `The kernel's sockets failed: ${error.stack}\n`);
    shared.end();
    process.exit(1);
  });
  return { worker, shared };
}
