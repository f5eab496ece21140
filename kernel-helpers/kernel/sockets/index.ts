/** Starts the thread of the sockets. It boots while the main thread loads the rest. */

import { join } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { PauseClock } from "../../inspector";
import { Shared, type SocketsData } from "../thread-protocol";
import { type StandardStreams, tell } from "./standard-streams";

export { captureStandardStreams } from "./standard-streams";

export interface SocketsThread {
  worker: Worker;
  shared: Shared;
  /** Where answers of the reader arrive for which the main thread waits. */
  answers: MessagePort;
  streams: StandardStreams | undefined;
}

interface SocketsOptions extends Pick<SocketsData, "streams" | "ownProcesses" | "compiler"> {
  connectionFile: string;
}

/** Binds the sockets of `connectionFile` in a thread of their own; the process ends if they cannot be bound. */
export function startSockets({
  connectionFile,
  streams,
  ownProcesses,
  compiler,
}: SocketsOptions): SocketsThread {
  // Before any other thread: all of them see it.
  PauseClock.create();
  const shared = new Shared();
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  const data: SocketsData = {
    connectionFile,
    shared: shared.memory,
    streams,
    answers: port2,
    ownProcesses,
    compiler,
  };
  const worker = new Worker(join(__dirname, "thread.js"), {
    workerData: data,
    transferList: [port2],
    name: "kernel sockets",
    // Printed text is short-lived: a small nursery keeps it from piling up behind a slow reader.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  worker.on("error", (error) => {
    // Without sockets nobody can be told but whoever reads this process's own stderr.
    tell(streams, `The kernel's sockets failed: ${error.stack}\n`);
    shared.end();
    process.exit(1);
  });
  return { worker, shared, answers: port1, streams };
}
