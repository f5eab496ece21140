import { workerData } from "node:worker_threads";
import { transferable } from "../task/message";
import run from "../worker/main";
import type { SyncThreadData } from "./run-sync";

/** The thread of `runSync`: runs one message and rings, whatever happens. */

const { message, answer, bell } = workerData as SyncThreadData;

function ring(): void {
  Atomics.store(bell, 0, 1);
  Atomics.notify(bell, 0);
}

async function main(): Promise<void> {
  const reply = await run(message);
  const { [transferable]: transfer = [] } = reply as { [transferable]?: ArrayBuffer[] };
  answer.postMessage(reply, transfer);
  ring();
}

process.on("exit", ring);
void main();
