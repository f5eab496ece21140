import { workerData } from "node:worker_threads";
import { runMessage } from "../worker/run-task";
import type { SyncThreadData } from "./run-sync";

/** The thread of `runSync`: runs one message and rings, whatever happens. */

const { message, answer, bell } = workerData as SyncThreadData;

function ring(): void {
  Atomics.store(bell, 0, 1);
  Atomics.notify(bell, 0);
}

async function main(): Promise<void> {
  const { reply, transfer } = await runMessage(message);
  answer.postMessage(reply, [...new Set(transfer)] as ArrayBuffer[]);
  ring();
}

process.on("exit", ring);
void main();
