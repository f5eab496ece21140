import { workerData } from "node:worker_threads";
import type { SyncThreadData } from "./run-sync";
import { transferable } from "./wire";
import run from "./worker";

/** The thread of `runSync`: runs one envelope and rings, whatever happens. */

const { envelope, answer, bell } = workerData as SyncThreadData;

function ring(): void {
  Atomics.store(bell, 0, 1);
  Atomics.notify(bell, 0);
}

async function main(): Promise<void> {
  const reply = await run(envelope);
  const { [transferable]: transfer = [] } = reply as { [transferable]?: ArrayBuffer[] };
  answer.postMessage(reply, transfer);
  ring();
}

process.on("exit", ring);
void main();
