/** Cells around a notebook's own: whatever it starts must have ended when its last cell has run a second time. */

const before = `
import { subscribe } from "node:diagnostics_channel";
const started: any[] = ((globalThis as any).startedThreads = []);
subscribe("worker_threads", ({ worker }: any) => void started.push(worker));`;

// The threads of the default executor and that of runSync live as long as the kernel, and section 08 keeps one server
// open. Piscina names its threads itself; the default executor has four more than there are cores at most.
const after = (tries: number) => `
import { availableParallelism } from "node:os";
import { assertNoLeaks as noExecutorLeft } from "kernel-helpers";
noExecutorLeft();
const alive = () => (globalThis as any).startedThreads
  .filter(({ threadId, threadName }: any) => threadId !== -1 && threadName !== "runSync")
  .map(({ threadName }: any) => threadName);
const threadsLeft = () => {
  const pooled = alive().filter((name: string) => name === "WorkerThread");
  return pooled.length > availableParallelism() + 4 ? alive() : alive().filter((name: string) => name !== "WorkerThread");
};
for (let i = 0; i < ${tries} && threadsLeft().length > 0; i++) await new Promise((next) => setTimeout(next, 50));
const serversLeft = () => process.getActiveResourcesInfo().filter((kind) => kind === "TCPServerWrap").length;
for (let i = 0; i < ${tries} && serversLeft() > 1; i++) await new Promise((next) => setTimeout(next, 50));
if (threadsLeft().length > 0) throw new Error("Expected all threads to have ended, left: " + threadsLeft().join(", "));
if (serversLeft() > 1) throw new Error("Expected one open server at most, got " + serversLeft());`;

/** What is on its way to its end gets `tries` times 50 ms for it. */
export const nothingLeft = (tries = 100) => ({
  before: { name: "before all: watches for threads", source: before },
  after: { name: "after all: nothing is left", source: after(tries) },
});
