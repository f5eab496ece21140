/**
 * The compiler's process: `node host.js`, started by the kernel with a channel to it. It ends when the
 * kernel does.
 */

import { rmSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { createServer } from "node:net";
import { getHeapStatistics } from "node:v8";
import { useCompileCache } from "../compile-cache";
import { eachLine } from "./lines";
import type { AnswerRequest, FromCompiler, ToCompiler } from "./protocol";
import { takeLoaded } from "./snapshot/take-loaded";

function tell(message: FromCompiler) {
  process.send!(message);
}

// Ctrl-C in a terminal reaches every process of the kernel; what it means is for the kernel to say.
process.on("SIGINT", () => undefined);
const kernel = process.ppid;
process.on("disconnect", () => {
  // The kernel has ended without its tidy end: what its cells have started shall not outlive it, this process neither.
  // Where it led a group of its own, as under Jupyter and in a terminal, they are in that group.
  try {
    if (process.platform !== "win32") process.kill(-kernel, "SIGKILL");
  } catch {
    // It led none.
  }
  process.exit();
});

takeLoaded();
useCompileCache();
const { Compiler } = require("./compiler") as typeof import("./compiler");
const compiler = new Compiler();

function answerTo(request: ToCompiler): object {
  if (request.kind === "compile") return compiler.compile(request);
  if (request.kind === "answer") return compiler.answer(request);
  compiler.restore(request.archived);
  return {};
}

const collect = globalThis.gc as ((options: { type: "minor" | "major" }) => void) | undefined;
const heapUsed = () => getHeapStatistics().used_heap_size;
/** The heap is collected whole once it has grown by this part, if nothing is asked for so long. */
const growth = 0.2;
const quietMs = 150;
let collected: number | undefined;
let quiet: NodeJS.Timeout | undefined;

/** Collects garbage while nobody waits: V8 would do it while somebody does. */
function collectLater() {
  setImmediate(() => collect?.({ type: "minor" }));
  clearTimeout(quiet);
  quiet = setTimeout(() => {
    collected ??= heapUsed();
    if (heapUsed() < collected * (1 + growth)) return;
    collect?.({ type: "major" });
    collected = heapUsed();
  }, quietMs).unref();
}

function answer(request: ToCompiler): FromCompiler {
  const { id } = request;
  collectLater();
  try {
    return { id, value: answerTo(request) };
  } catch (error) {
    const { name, message, stack } = error as Error;
    return { id, error: { name, message, stack } };
  }
}

/** Answers what the sockets thread asks: a line of JSON each way. */
function serveQuestions(address: string) {
  const server = createServer((socket) => {
    // One connection is all there will be; what lies on the disk is of no more use.
    rmSync(address, { force: true });
    eachLine(socket, (line) => {
      const request = JSON.parse(line) as Omit<AnswerRequest, "kind"> & { id: number };
      socket.write(`${JSON.stringify(answer({ ...request, kind: "answer" }))}\n`);
    });
    socket.unref();
  });
  // Then questions wait for the cell, as they would without this.
  server.on("error", () => undefined);
  server.listen(address).unref();
}

const { KERNEL_HELPERS_QUESTIONS: address } = process.env;
if (address) serveQuestions(address);

let wasAsked = false;
process.on("message", (request: ToCompiler) => {
  wasAsked = true;
  tell(answer(request));
});
// A first cell that waits already is the better first program.
setImmediate(() => {
  if (!wasAsked) compiler.warmUp();
});
tell({ ready: true });

/** When to write the compile cache: Node does so at exit only, and a kernel may be killed. */
const flushMs = 2000;
setTimeout(() => flushCompileCache?.(), flushMs).unref();
