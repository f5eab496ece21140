/** Cells around a notebook's own: whatever it starts must have ended when its last cell has run a second time. */

const before = `
import { subscribe } from "node:diagnostics_channel";
const started: any[] = ((globalThis as any).startedThreads = []);
subscribe("worker_threads", ({ worker }: any) => void started.push(worker));`;

// The threads of the default executor live as long as the kernel, and section 08 keeps one server open.
const after = `
import { assertNoLeaks as noExecutorLeft } from "kernel-helpers";
noExecutorLeft();
const isLeft = ({ threadId, threadName }: any) => threadId !== -1 && !/^Worker-\\d+$/.test(threadName);
const threadsLeft = () => (globalThis as any).startedThreads.filter(isLeft).map((thread: any) => thread.threadName);
for (let i = 0; i < 100 && threadsLeft().length > 0; i++) await new Promise((next) => setTimeout(next, 50));
const serversLeft = () => process.getActiveResourcesInfo().filter((kind) => kind === "TCPServerWrap").length;
for (let i = 0; i < 100 && serversLeft() > 1; i++) await new Promise((next) => setTimeout(next, 50));
if (threadsLeft().length > 0) throw new Error("Expected all threads to have ended, left: " + threadsLeft().join(", "));
if (serversLeft() > 1) throw new Error("Expected one open server at most, got " + serversLeft());`;

export const nothingLeft = {
  before: { name: "before all: watches for threads", source: before },
  after: { name: "after all: nothing is left", source: after },
};
