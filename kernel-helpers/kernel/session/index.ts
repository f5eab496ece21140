/** The main thread of the kernel. */

import { countThreads } from "../../threads/context/all-threads";
import { setNotebook } from "../../threads/context/host";
import type { CompilerProcess } from "../compiler/process";
import type { SocketsThread } from "../sockets";
import type { FromSockets, Shared } from "../thread-protocol";
import { cellScripts, placeOf } from "./cell-scripts";
import { followChildren } from "./child-processes";
import { Comms, publishComms } from "./comms";
import { replaceDescriptors } from "./descriptors";
import { keepCellOfIncoming } from "./incoming";
import { Input, publishPrompts } from "./input";
import { Output } from "./output";
import { ScriptAnnouncer } from "./script-announcer";
import { Session } from "./session";
import { mapStack } from "./stacks";
import { NotebookStdin } from "./stdin";
import { reportUnhandledErrors } from "./unhandled-errors";

/** How long the sockets may take to close when the process ends; they give up slow clients long before. */
const endMs = 10_000;

const world = { cells: cellScripts(), cwd: process.cwd() };

/**
 * Every `error.stack` speaks of the cell's own lines, also where a cell prints it. A function of the reader's own
 * in `Error.prepareStackTrace` has its way; without one, or when it is taken away again, this is the default.
 */
function mapStacks() {
  Error.stackTraceLimit = 30;
  const { prepareStackTrace } = Error;
  const standard: StackFormat = typeof prepareStackTrace === "function" ? prepareStackTrace : formatStack;
  const mapped: StackFormat = (error, sites) => mapStack(String(standard(error, sites)), world);
  let current = mapped;
  Object.defineProperty(Error, "prepareStackTrace", {
    configurable: true,
    get: () => current,
    set: (format: unknown) => {
      current = typeof format === "function" ? (format as StackFormat) : mapped;
    },
  });
}

type StackFormat = NonNullable<typeof Error.prepareStackTrace>;

/** As V8 formats; Node before 21 has no default that could be called. Also for what is no Error, as `console.trace` makes. */
const formatStack: StackFormat = (error, sites) =>
  [Error.prototype.toString.call(error), ...sites.map((site) => `    at ${site}`)].join("\n");

/** What cells find of the kernel: see `kernel-helpers/plots/show`. */
function publishDisplay(output: Output) {
  const display = output.display.bind(output);
  const clearOutput = output.clearOutput.bind(output);
  Object.assign(globalThis, { [Symbol.for("kernel-helpers.publish")]: { display, clearOutput } });
}

/** Ends the children, sends what was printed, and only then lets the process go. */
function endTidily(output: Output, shared: Shared, compiler: CompilerProcess) {
  const children = followChildren(
    (pid, running) => output.send({ kind: "child", pid, running }),
    () => output.ownPipes(),
  );
  const end = () => {
    children.kill();
    compiler.kill();
    output.send({ kind: "end" });
    // Node would stop the thread in the midst of zeromq's work, and zeromq would abort the process.
    if (!shared.awaitEnd(endMs)) process.kill(process.pid, "SIGKILL");
  };

  process.on("exit", end);
  // What cells print when the process ends is to be sent, too: this comes after every handler of theirs.
  process.on("newListener", (name, listener) => {
    if (name !== "exit" || listener === end) return;
    process.nextTick(() => process.off("exit", end).on("exit", end));
  });
}

/** Ends as tidily on a signal as on a request; returns how to run code that no handler could interrupt. */
function handleEndSignals(): <T>(run: () => T) => T {
  const end = () => process.exit();
  const signals = ["SIGTERM", "SIGHUP"] as const;
  const handle = () => {
    for (const name of signals) process.on(name, end);
  };
  handle();
  return (run) => {
    for (const name of signals) process.off(name, end);
    try {
      return run();
    } finally {
      handle();
    }
  };
}

/** Answers what the sockets thread passes on. */
function serve({ worker, shared, answers }: SocketsThread, output: Output, compiler: CompilerProcess) {
  const input: Input = new Input(output, shared, answers, () => session.running);
  const comms = new Comms(output);
  const scripts = new ScriptAnnouncer(output, shared);
  const session: Session = new Session(output, shared, compiler, comms, scripts, handleEndSignals(), (id) =>
    input.cancel(id),
  );
  process.on("SIGINT", () => session.interrupt(session.running?.id));
  worker.on("message", (message: FromSockets) => {
    if ("id" in message) {
      void session.handle(message);
    } else if ("ask" in message) {
      input.heard(message);
    } else if ("ready" in message) {
      scripts.heard(message.ready);
    } else if ("ping" in message) {
      output.send({ kind: "pong", threads: countThreads() });
    } else {
      output.send({ kind: "ack", urgent: message.urgent });
      shared.protect(() => {
        if (message.command === "exit") process.exit();
        session.interrupt(message.cell);
      });
    }
  });
  publishPrompts(input);
  publishComms(comms);
  replaceDescriptors(input);
  const failed = (reason: unknown) => {
    if (session.fail(output.cell.id, reason)) return;
    // Of a cell that is over: an error like any other that comes late.
    queueMicrotask(() => {
      throw reason;
    });
  };
  replaceStdin(input, () => session.running?.id, failed);
}

/** `process.stdin` begins anew with each cell: one that was paused or ended by a cell is no affair of the next. */
function replaceStdin(input: Input, running: () => number | undefined, failed: (reason: unknown) => void) {
  let stdin: NotebookStdin | undefined;
  let cell: number | undefined;
  const get = () => {
    if (!stdin || stdin.destroyed || cell !== running()) {
      cell = running();
      stdin = new NotebookStdin(input, failed);
    }
    return stdin;
  };
  Object.defineProperty(process, "stdin", { configurable: true, enumerable: true, get });
}

/** Runs a kernel in this process, for good. */
export function startSession(sockets: SocketsThread, compiler: CompilerProcess) {
  const output = new Output(sockets.worker, sockets.shared, sockets.streams);
  endTidily(output, sockets.shared, compiler);
  mapStacks();
  publishDisplay(output);
  setNotebook({ currentRun: () => output.cell, placeOf });
  keepCellOfIncoming(output);
  output.capture("stdout");
  output.capture("stderr");
  serve(sockets, output, compiler);
  reportUnhandledErrors(output, world);
}
