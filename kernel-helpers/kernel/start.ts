/** The main thread of the kernel. */

import { writeSync } from "node:fs";
import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type FromFront, type FrontData, Shared } from "./bridge";
import { cacheFolder } from "./cache-folder";
import { cellScripts } from "./cell-scripts";
import { followChildren } from "./children";
import { kernelInfo } from "./kernel-info";
import { reportLateFailures } from "./late-failures";
import { Output } from "./output";
import type { Session } from "./session";
import { mapStack } from "./stacks";

/** How long the last messages may take to leave when the process ends. */
const lastWordsMs = 1000;

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

function startFront(connectionFile: string, shared: Shared): Worker {
  const workerData: FrontData = { connectionFile, kernelInfo: kernelInfo(), shared: shared.memory };
  const front = new Worker(join(__dirname, "front.js"), {
    workerData,
    name: "kernel sockets",
    // Printed text is short-lived: a small nursery keeps it from piling up behind a slow reader.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  front.on("error", (error) => {
    // Without sockets nobody can be told but whoever reads this process's own stderr.
    writeSync(process.stderr.fd, `The kernel's sockets failed: ${error.stack}\n`);
    shared.end();
    process.exit(1);
  });
  return front;
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
export function start(connectionFile: string) {
  // The kernel's flags are its own: workers and child processes of cells start as they would anywhere.
  process.execArgv = [];
  useCompileCache();
  const shared = new Shared();
  const front = startFront(connectionFile, shared);
  const output = new Output(front, shared);
  endTidily(output, shared);
  mapStacks();
  publishDisplay(output);
  serve(front, output, shared);
  // Only now: a kernel that cannot load its compiler shall say so on its own stderr and end.
  output.capture("stdout");
  output.capture("stderr");
  reportLateFailures(output, world);
  // Node writes the cache at exit only, and a kernel may be killed.
  flushCompileCache?.();
}
