/** The main thread of the kernel. */

import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import type { FromFront, Shared } from "./bridge";
import { cacheFolder } from "./cache-folder";
import { cellScripts } from "./cell-scripts";
import { followChildren } from "./children";
import type { FrontThread } from "./front-thread";
import { reportLateFailures } from "./late-failures";
import { Output } from "./output";
import type { Session } from "./session";
import { mapStack } from "./stacks";

/** How long the last messages may take to leave when the process ends. */
const lastWordsMs = 1000;

/** When to write the compile cache: after the first cells. */
const flushMs = 3000;

const world = { cells: cellScripts(), cwd: process.cwd() };

/** Every `error.stack` speaks of the cell's own lines, also where a cell prints it. */
function mapStacks() {
  Error.stackTraceLimit = 30;
  Error.prepareStackTrace = (error, sites) =>
    mapStack([String(error), ...sites.map((site) => `    at ${site}`)].join("\n"), world);
}

/** Compiled code of the compiler, shared by all kernels of this project; Node ignores it where it cannot be used. */
function useCompileCache() {
  enableCompileCache?.(join(cacheFolder(), "compile"));
}

/** What cells find of the kernel: see `kernel-helpers/plots/show`. */
function publishDisplay(output: Output) {
  const display = output.display.bind(output);
  const clearOutput = output.clearOutput.bind(output);
  Object.assign(globalThis, { [Symbol.for("kernel-helpers.publish")]: { display, clearOutput } });
}

/** Ends the children, sends what was printed, and only then lets the process go. */
function endTidily(output: Output, shared: Shared) {
  const children = followChildren();
  process.on("exit", () => {
    children.kill();
    output.send({ kind: "end" });
    shared.awaitEnd(lastWordsMs);
  });
}

/** Loads the compiler and from then on answers what the front thread passes on. */
function serve(front: Worker, output: Output, shared: Shared) {
  let session: Session | undefined;
  // Node's own answer to the signal would end a kernel that is still loading.
  process.on("SIGINT", () => session?.interrupt(session.running));
  const loaded = require("./session") as typeof import("./session");
  const ready = shared.protect(() => new loaded.Session(output, shared));
  session = ready;
  front.on("message", (message: FromFront) => {
    if ("id" in message) {
      void ready.handle(message);
      return;
    }
    output.send({ kind: "heard", insistence: message.insistence });
    shared.protect(() => {
      if (message.wish === "exit") process.exit();
      ready.interrupt(message.cell);
    });
  });
}

/** Runs a kernel in this process, for good. */
export function start({ worker, shared }: FrontThread) {
  useCompileCache();
  const output = new Output(worker, shared);
  endTidily(output, shared);
  mapStacks();
  publishDisplay(output);
  serve(worker, output, shared);
  // Only now: a kernel that cannot load its compiler shall say so on its own stderr and end.
  output.capture("stdout");
  output.capture("stderr");
  reportLateFailures(output, world);
  // Node writes the cache at exit only, and a kernel may be killed; the first cell shall not wait for it.
  setTimeout(() => flushCompileCache?.(), flushMs).unref();
}
