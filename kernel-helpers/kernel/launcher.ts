/** Starts the kernel: `node launcher.js CONNECTION_FILE`. */

import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { Backlog, type FromFront, type FrontData } from "./bridge";
import { cellScripts } from "./cell-scripts";
import { followChildren } from "./children";
import { kernelInfo } from "./kernel-info";
import { reportLateFailures } from "./late-failures";
import { Output } from "./output";
import { mapStack } from "./stacks";

/** How long the last messages may take to leave when the process ends. */
const drainMs = 1000;

const world = { cells: cellScripts(), cwd: process.cwd() };

/** Every `error.stack` speaks of the cell's own lines, also where a cell prints it. */
function mapStacks() {
  Error.stackTraceLimit = 30;
  Error.prepareStackTrace = (error, sites) =>
    mapStack([String(error), ...sites.map((site) => `    at ${site}`)].join("\n"), world);
}

/** Compiled code of the compiler, shared by all kernels of this project; Node ignores it where it cannot be used. */
function useCompileCache() {
  const project = join(require.resolve("tslab/package.json"), "..", "..");
  enableCompileCache?.(join(project, ".cache", "kernel-helpers", "compile"));
}

function startFront(connectionFile: string) {
  const memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const workerData: FrontData = { connectionFile, kernelInfo: kernelInfo(), backlog: memory };
  const front = new Worker(join(__dirname, "front.js"), {
    workerData,
    name: "kernel sockets",
    env: process.env,
  });
  return { front, backlog: new Backlog(memory) };
}

function main(connectionFile: string) {
  useCompileCache();
  const { front, backlog } = startFront(connectionFile);
  const output = new Output(front, backlog);
  const children = followChildren((pids) => output.send({ kind: "children", pids }));
  process.on("exit", () => {
    children.kill();
    backlog.drain(drainMs);
  });
  output.capture("stdout");
  output.capture("stderr");
  reportLateFailures(output, world);
  mapStacks();
  Object.assign(globalThis, {
    [Symbol.for("kernel-helpers.publish")]: {
      display: output.display.bind(output),
      clearOutput: output.clearOutput.bind(output),
    },
  });
  const { Session } = require("./session") as typeof import("./session");
  const session = new Session(output);
  front.on("message", (message: FromFront) => {
    if (message.msg_type === "exit") process.exit();
    else if (message.msg_type === "interrupt") session.interrupt();
    else void session.handle(message as never);
  });
  process.on("SIGINT", () => session.interrupt());
  session.warm();
  // Node writes the cache at exit only, and a kernel may be killed.
  flushCompileCache?.();
}

main(process.argv[2] ?? "");
