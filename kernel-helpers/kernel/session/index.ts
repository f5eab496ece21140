/** The main thread of the kernel. */

import type { Worker } from "node:worker_threads";
import { setNotebook } from "../../threads/context/host";
import type { CompilerProcess } from "../compiler/process";
import type { SocketsThread } from "../sockets";
import type { FromSockets, Shared } from "../thread-protocol";
import { cellScripts, placeOf } from "./cell-scripts";
import { followChildren } from "./child-processes";
import { Output } from "./output";
import { Session } from "./session";
import { mapStack } from "./stacks";
import { reportUnhandledErrors } from "./unhandled-errors";

/** How long the last messages may take to leave when the process ends. */
const lastWordsMs = 1000;

const world = { cells: cellScripts(), cwd: process.cwd() };

/** Every `error.stack` speaks of the cell's own lines, also where a cell prints it. */
function mapStacks() {
  Error.stackTraceLimit = 30;
  Error.prepareStackTrace = (error, sites) =>
    mapStack([String(error), ...sites.map((site) => `    at ${site}`)].join("\n"), world);
}

/** What cells find of the kernel: see `kernel-helpers/plots/show`. */
function publishDisplay(output: Output) {
  const display = output.display.bind(output);
  const clearOutput = output.clearOutput.bind(output);
  Object.assign(globalThis, { [Symbol.for("kernel-helpers.publish")]: { display, clearOutput } });
}

/** Ends the children, sends what was printed, and only then lets the process go. */
function endTidily(output: Output, shared: Shared, compiler: CompilerProcess) {
  const children = followChildren();
  process.on("exit", () => {
    children.kill();
    compiler.kill();
    output.send({ kind: "end" });
    shared.awaitEnd(lastWordsMs);
  });
}

/** Answers what the sockets thread passes on. */
function serve(sockets: Worker, output: Output, shared: Shared, compiler: CompilerProcess) {
  const session = new Session(output, shared, compiler);
  process.on("SIGINT", () => session.interrupt(session.running));
  sockets.on("message", (message: FromSockets) => {
    if ("id" in message) {
      void session.handle(message);
      return;
    }
    output.send({ kind: "ack", urgent: message.urgent });
    shared.protect(() => {
      if (message.command === "exit") process.exit();
      session.interrupt(message.cell);
    });
  });
}

/** Runs a kernel in this process, for good. */
export function startSession({ worker, shared }: SocketsThread, compiler: CompilerProcess) {
  const output = new Output(worker, shared);
  endTidily(output, shared, compiler);
  mapStacks();
  publishDisplay(output);
  setNotebook({ currentRun: () => output.cell, placeOf });
  serve(worker, output, shared, compiler);
  output.capture("stdout");
  output.capture("stderr");
  reportUnhandledErrors(output, world);
}
