/** The thread of the sockets: hears everything first, and answers what needs no cell. */

import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Debugger } from "../debugger/debugger";
import { type FromMain, type FromSockets, Shared, type SocketsData, sizeOf } from "../thread-protocol";
import { Channels, type Connection, type Incoming } from "./channels";
import { Comms } from "./comms";
import { CompilerQuestions } from "./compiler-questions";
import { History } from "./history";
import { Input } from "./input";
import { LoopTarget } from "./loop-target";
import { whenParentGoes } from "./parent-process";
import { RawOutput } from "./raw-output";
import { createReplies } from "./replies";
import { RequestQueue } from "./requests";
import type { SendQueue } from "./send-queue";
import { tell as tellTerminal } from "./standard-streams";
import { UrgentRequests } from "./urgent";
import { decode, type Message } from "./wire";

/** How long the main thread has to end after a shutdown. */
const graceMs = 3000;
/** How long the last messages may wait for a slow client. */
const lastWordsMs = 1000;

const {
  connectionFile,
  shared: memory,
  streams,
  answers,
  ownProcesses,
  compiler,
} = workerData as SocketsData;
const connection: Connection = JSON.parse(readFileSync(connectionFile, "utf8"));
const shared = new Shared(memory);
const main = parentPort!;
const tell = (message: FromSockets) => main.postMessage(message);

const channels = new Channels(connection, ({ bytes, raw }) => {
  if (bytes) shared.remove(bytes);
  if (raw) rawOutput?.sent(raw);
});
const requests = new RequestQueue(channels, tell, answerHere);
const history = new History();
const comms = new Comms(channels);
const input = new Input(channels);
const loopTarget = new LoopTarget(tell);
comms.register("kernel-helpers:loop", loopTarget);
const urgent = new UrgentRequests(tell, shared, ownProcesses);
const replies = createReplies(connection, history, comms);
const questions = new CompilerQuestions(compiler);
const rawOutput = streams && new RawOutput(streams, takeFromMain, printRaw);

function answerHere(request: Incoming, content: Message["content"]) {
  const { header } = request;
  channels.status("busy", header);
  // A type comes from outside, and may be called `toString`.
  if (Object.hasOwn(replies, header.msg_type)) channels.reply(request, replies[header.msg_type]!(content));
  requests.idle(request);
  if (header.msg_type === "shutdown_request") shutdown();
}

/** The cell that has started the child which prints. */
let rawOwner: number | undefined;

/** What nobody knows the cell of belongs to the one that runs, else to the last one. */
function printRaw(name: "stdout" | "stderr", text: string) {
  const cell = rawOwner === undefined ? requests.lastCell : requests.get(rawOwner);
  channels.publish("stream", cell?.header ?? null, { name, text }, { raw: text.length });
}

/**
 * Handles what the main thread has sent and this loop has not come to yet, before and after `print` shows what has come
 * from a pipe. What is still in the pipe at the end of a child the main thread takes out itself: bytes that are here by
 * then are the child's, so that its end comes after them.
 */
function takeFromMain(print: () => void) {
  let isPrinted = false;
  for (;;) {
    const message = receiveMessageOnPort(main as never)?.message as FromMain | undefined;
    const isEnd = message?.kind === "raw-owner" && rawOwner !== undefined && message.id !== rawOwner;
    if (!isPrinted && (!message || isEnd)) {
      print();
      isPrinted = true;
    }
    if (!message) return;
    fromMain(message);
  }
}

function fromMain(message: FromMain) {
  switch (message.kind) {
    case "stream": {
      const { name, text, metadata } = message;
      const parent = requests.get(message.id)?.header ?? null;
      return channels.publish("stream", parent, { name, text }, { bytes: sizeOf(message), metadata });
    }
    case "publish": {
      const { msg_type, content, buffers, metadata } = message;
      const parent = requests.get(message.id)?.header ?? null;
      return channels.publish(msg_type, parent, content, { bytes: sizeOf(message), buffers, metadata });
    }
    case "raw":
      return rawOutput?.heard(message.name, message.bytes);
    case "raw-owner":
      rawOwner = message.id;
      return;
    case "reply":
      return finish(message);
    case "ask":
      return ask(message);
    case "comm":
      return comms.note(message.comm_id, message.target_name);
    case "child":
      return urgent.noteChild(message.pid, message.running);
    case "pong":
      return loopTarget.heard(message.threads);
    case "scripts":
      return void prepareScripts(message);
    case "ack":
      return urgent.acknowledge(message.urgent);
    case "end":
      return void end();
  }
}

/** What cells have declared before the one that runs. */
let declarations = "";

function finish(message: Extract<FromMain, { kind: "reply" }>) {
  declarations = message.declarations ?? declarations;
  if (message.history) history.add(message.history);
  const request = requests.get(message.id);
  if (request) input.cancel(request);
  requests.finish(message);
}

function ask({ id, ask, prompt, password, sync }: Extract<FromMain, { kind: "ask" }>) {
  const request = requests.get(id);
  if (!request || !requests.isRunning(id)) return;
  const answer = (value: string) => {
    if (!sync) return tell({ ask, value });
    answers.postMessage({ ask, value });
    shared.answer();
  };
  input.ask({ request, prompt, password, answer });
}

/** The cell that is being interrupted: asking twice is asking once. */
let interrupted: number | undefined;

/**
 * Ends the cell that runs; without one, whatever an earlier cell has left running. No signal: while Node changes
 * its handlers, before and after the script of each cell, SIGINT ends the process.
 */
function interrupt() {
  const cell = requests.runningCell;
  if (cell !== undefined && cell === interrupted) return;
  interrupted = cell;
  void debug?.interrupt();
  urgent.send("interrupt", cell, () => cell === undefined || !requests.isRunning(cell));
}

/** Main waits for the answer, whatever becomes of the debugger. */
async function prepareScripts({ ready, scripts }: Extract<FromMain, { kind: "scripts" }>) {
  try {
    await debug?.prepare(scripts);
  } catch (error) {
    tellTerminal(streams, `The debugger failed: ${(error as Error).stack}\n`);
  }
  tell({ ready });
}

let isEnding = false;
function shutdown() {
  if (isEnding) return;
  isEnding = true;
  debug?.stop();
  urgent.send("exit");
  setTimeout(() => process.kill(process.pid, "SIGKILL"), graceMs).unref();
}

/** Sends what is left and closes the sockets: main is about to end and waits for it. */
async function end() {
  await started;
  rawOutput?.drain();
  await Promise.race([channels.empty(), delay(lastWordsMs)]);
  rawOutput?.close();
  channels.close();
  shared.end();
}

async function listen(name: "shell" | "control" | "stdin", handle: (message: Message) => void) {
  for await (const frames of channels.incoming(name)) {
    try {
      handle(decode(frames, connection.key));
    } catch (error) {
      tellTerminal(streams, `A message was ignored: ${(error as Error).message}\n`);
    }
  }
}

const from = ({ identities, header }: Message, queue: SendQueue): Incoming => ({ identities, header, queue });

/** How long a breakpoint may wait for the compiler to say where it can be. */
const compilerMs = 5000;

/** Loaded with the first request: most kernels are never debugged. */
let debug: Debugger | undefined;

function debuggerOf(): Debugger {
  const { Debugger } = require("../debugger/debugger") as typeof import("../debugger/debugger");
  debug ??= new Debugger({
    event: (event, body) => {
      channels.publish("debug_event", null, { type: "event", seq: ++lastEvent, event, body });
    },
    breakpointLines: async (code) => {
      if (!(await questions.connected(compilerMs))) return undefined;
      return ((await questions.ask("breakpoint_lines", { code })) as { lines?: number[] } | undefined)?.lines;
    },
    setDebugged: (is) => {
      shared.isDebugged = is;
    },
  });
  return debug;
}

let lastEvent = 0;

async function answerDebugger(request: Incoming, content: Message["content"]) {
  channels.status("busy", request.header);
  channels.reply(request, await debuggerOf().answer(content));
  requests.idle(request);
}

function onControl(message: Message) {
  if (message.header.msg_type === "debug_request") {
    return void answerDebugger(from(message, channels.control), message.content);
  }
  answerHere(from(message, channels.control), message.content);
  if (message.header.msg_type === "interrupt_request") interrupt();
}

function onShell(message: Message) {
  const request = from(message, channels.shell);
  const isComm = /^comm_(open|msg|close)$/.test(message.header.msg_type);
  if (isComm && comms.handle(request, message.content)) requests.idle(request);
  // A cell may be waiting for it.
  else if (isComm && comms.isOpen(message.content)) requests.passBy(request, message);
  else if (questions.takes(message.header.msg_type)) void answerBeside(request, message);
  else requests.push(request, message);
}

/** Answers a question about code without the main thread, which a cell may keep. */
async function answerBeside(request: Incoming, message: Message) {
  channels.status("busy", request.header);
  const known = requests.runningCell === undefined ? declarations : undefined;
  const content = await questions.ask(request.header.msg_type, message.content, known);
  // The compiler has ended meanwhile; the next one is asked by the main thread.
  if (!content) return requests.push(request, message);
  channels.reply(request, content);
  requests.idle(request);
}

async function start() {
  await channels.bind();
  channels.status("starting", null);
  void channels.beat();
  void listen("control", onControl);
  void listen("shell", onShell);
  void listen("stdin", (message) => input.heard(message));
  whenParentGoes(shutdown);
}

main.on("message", fromMain);
const started = start();
