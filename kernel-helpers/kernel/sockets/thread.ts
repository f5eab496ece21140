/** The sockets thread: owns the five sockets and answers what needs no cell. */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { Publisher, Reply, Router } from "zeromq";
import {
  type FromMain,
  type FromSockets,
  type Json,
  Shared,
  type SocketsData,
  sizeOf,
  type UrgentRequest,
} from "../thread-protocol";
import { kernelInfo } from "./kernel-info";
import { whenParentGoes } from "./parent-process";
import { SendQueue } from "./send-queue";
import { decode, encode, type Header, type Message } from "./wire";

interface Connection {
  transport: string;
  ip: string;
  key: string;
  shell_port: number;
  iopub_port: number;
  control_port: number;
  stdin_port: number;
  hb_port: number;
}

/** How long the main thread has to hear of an interrupt before what it computes is stopped. */
const patienceMs = 300;
/** How long the main thread has to end after a shutdown. */
const graceMs = 3000;
/** Messages that may wait at a slow subscriber; each holds at most the send queue's merge limit. */
const highWaterMark = 64;

const { connectionFile, shared: memory } = workerData as SocketsData;
const connection: Connection = JSON.parse(readFileSync(connectionFile, "utf8"));
const shared = new Shared(memory);
const session = randomUUID();
const main = parentPort!;

/** A request that has come in: what it was, and where its reply goes. */
interface Incoming {
  header: Header;
  identities: Uint8Array[];
  queue: SendQueue;
}

function sendQueue(socket: Publisher | Router): SendQueue {
  return new SendQueue(
    socket,
    (message) => encode(message, connection.key, session),
    (bytes) => shared.remove(bytes),
  );
}

const options = { sendTimeout: 0, linger: 1000 };
const sockets = {
  // noDrop makes a full socket refuse instead of losing what it was given.
  iopub: new Publisher({ ...options, noDrop: true, sendHighWaterMark: highWaterMark }),
  shell: new Router({ ...options, sendHighWaterMark: 0, receiveHighWaterMark: 0 }),
  control: new Router({ ...options, sendHighWaterMark: 0 }),
  stdin: new Router({ linger: 0 }),
  heartbeat: new Reply({ linger: 0 }),
};
const iopub = sendQueue(sockets.iopub);
const shell = sendQueue(sockets.shell);
const control = sendQueue(sockets.control);

function publish(
  msg_type: string,
  parent: Header | null,
  content: object | Json,
  bytes = 0,
  metadata?: object,
) {
  iopub.push({ identities: [msg_type], msg_type, parent, content, metadata, bytes });
}

function status(execution_state: "starting" | "busy" | "idle", parent: Header | null) {
  publish("status", parent, { execution_state });
}

function reply({ header, identities, queue }: Incoming, content: object | Json) {
  const msg_type = header.msg_type.replace(/_request$/, "_reply");
  queue.push({ identities, msg_type, parent: header, content, bytes: 0 });
}

/** Replies that need neither a cell nor the compiler. */
const replies: Record<string, (content: { restart?: boolean }) => object> = {
  kernel_info_request: kernelInfo,
  comm_info_request: () => ({ status: "ok", comms: {} }),
  history_request: () => ({ status: "ok", history: [] }),
  connect_request: () => ({ status: "ok" }),
  interrupt_request: () => ({ status: "ok" }),
  shutdown_request: ({ restart = false }) => ({ status: "ok", restart }),
};

/** Requests that the main thread answers. */
const forMain = new Set([
  "execute_request",
  "complete_request",
  "inspect_request",
  "is_complete_request",
  "pending_work_request",
]);

/** All requests that main has seen, by id: a cell's timers may print long after it is idle. */
const requests = new Map<number, Incoming>();
const waiting: (Incoming & { content: Message["content"] })[] = [];
let current: number | undefined;
let lastId = 0;
/** Urgent requests are numbered; main has acknowledged up to this one. */
let acknowledged = 0;
let lastUrgent = 0;
/** The cell that is being interrupted: asking twice is asking once. */
let interrupted: number | undefined;

function tell(message: FromSockets) {
  main.postMessage(message);
}

function answerHere(request: Incoming, content: Message["content"]) {
  const { msg_type } = request.header;
  status("busy", request.header);
  const make = replies[msg_type];
  if (make) reply(request, make(content));
  // No front end side registers targets with this kernel, so every comm is closed again.
  if (msg_type === "comm_open") publish("comm_close", request.header, { comm_id: content.comm_id, data: {} });
  status("idle", request.header);
}

function forward(request: Incoming, content: Message["content"]) {
  const { msg_type } = request.header;
  current = ++lastId;
  requests.set(current, request);
  status("busy", request.header);
  tell({ id: current, msg_type, content });
}

/** Takes requests in their order, one at a time. */
function next() {
  while (current === undefined && waiting.length > 0) {
    const { content, ...request } = waiting.shift()!;
    if (forMain.has(request.header.msg_type)) forward(request, content);
    else answerHere(request, content);
    if (request.header.msg_type === "shutdown_request") shutdown();
  }
}

/** Answers every cell that waits with `aborted`; other requests keep their places. */
function abortWaiting() {
  const isCell = ({ header }: Incoming) => header.msg_type === "execute_request";
  const cells = waiting.filter(isCell);
  waiting.splice(0, waiting.length, ...waiting.filter((request) => !isCell(request)));
  for (const cell of cells) {
    status("busy", cell.header);
    reply(cell, { status: "aborted" });
    status("idle", cell.header);
  }
}

function finish(message: Extract<FromMain, { kind: "reply" }>) {
  const request = requests.get(message.id)!;
  // What waits now was sent before anyone could know of the error; what comes after the reply runs.
  if (message.abortQueue) abortWaiting();
  reply(request, message.content);
  status("idle", request.header);
  current = undefined;
  next();
}

function fromMain(message: FromMain) {
  // Told again, an early one may come after a later one.
  if (message.kind === "ack") acknowledged = Math.max(acknowledged, message.urgent);
  else if (message.kind === "end") void end();
  else if (message.kind === "reply") finish(message);
  else fromCell(message);
}

function fromCell(message: Extract<FromMain, { kind: "stream" | "publish" }>) {
  const parent = requests.get(message.id)?.header ?? null;
  const bytes = sizeOf(message);
  if (message.kind === "publish") publish(message.msg_type, parent, message.content, bytes);
  else publish("stream", parent, { name: message.name, text: message.text }, bytes, message.metadata);
}

/**
 * Tells main something that it must hear even from within an endless loop: after a while, whatever it
 * computes is stopped, and it is told again, until it has acknowledged and the cell `meant` is answered. A stop may
 * hit main when it is about to answer, so that an acknowledgement alone does not count. An
 * answer that main is giving is left alone.
 */
function urgentRequest(command: UrgentRequest["command"], meant?: number) {
  const urgent = ++lastUrgent;
  const isDone = () => acknowledged >= urgent && (meant === undefined || current !== meant);
  const again = () => {
    if (isDone()) return;
    if (!shared.isProtected) stopMain();
    once();
  };
  const once = () => {
    tell({ urgent, command, cell: meant });
    setTimeout(again, patienceMs);
  };
  once();
}

/** Ends what the main thread computes; its event loop goes on. */
function stopMain() {
  // Loaded when it is needed: most kernels never are stopped like this, and every start would wait for it.
  const { Session } = require("node:inspector") as typeof import("node:inspector");
  const session = new Session();
  session.connectToMainThread();
  session.post("Runtime.terminateExecution", () => session.disconnect());
}

/**
 * Ends the cell that runs; without one, whatever an earlier cell has left running. No signal: while Node changes
 * its handlers, before and after the script of each cell, SIGINT ends the process.
 */
function interrupt() {
  const isCell = current !== undefined && requests.get(current)?.header.msg_type === "execute_request";
  if (isCell && current === interrupted) return;
  interrupted = isCell ? current : undefined;
  urgentRequest("interrupt", interrupted);
}

function shutdown() {
  urgentRequest("exit");
  setTimeout(() => process.kill(process.pid, "SIGKILL"), graceMs).unref();
}

/** The addon aborts the process if a socket is open when its thread ends. */
function closeSockets() {
  for (const socket of Object.values(sockets)) socket.close();
}

/** Sends what is left and closes the sockets: main is about to end and waits for it. */
async function end() {
  await started;
  await Promise.all([iopub.empty(), shell.empty(), control.empty()]);
  closeSockets();
  shared.end();
}

function fromControl(request: Incoming, content: Message["content"]) {
  answerHere(request, content);
  if (request.header.msg_type === "interrupt_request") interrupt();
  if (request.header.msg_type === "shutdown_request") shutdown();
}

async function listen(socket: Router, box: SendQueue, handle: (request: Incoming, content: object) => void) {
  for await (const frames of socket) {
    try {
      const { identities, header, content } = decode(frames, connection.key);
      handle({ identities, header, queue: box }, content);
    } catch (error) {
      process.stderr.write(`A message was ignored: ${(error as Error).message}\n`);
    }
  }
}

async function beat() {
  for await (const frames of sockets.heartbeat) await sockets.heartbeat.send(frames);
}

async function bindAll() {
  const address = (port: number) => `${connection.transport}://${connection.ip}:${port}`;
  const bound = await Promise.allSettled([
    sockets.iopub.bind(address(connection.iopub_port)),
    sockets.shell.bind(address(connection.shell_port)),
    sockets.control.bind(address(connection.control_port)),
    sockets.stdin.bind(address(connection.stdin_port)),
    sockets.heartbeat.bind(address(connection.hb_port)),
  ]);
  const failed = bound.find(({ status }) => status === "rejected") as PromiseRejectedResult | undefined;
  if (!failed) return;
  closeSockets();
  throw failed.reason;
}

async function start() {
  // Everything is bound before anything is read: no request can fall into a half-open kernel.
  await bindAll();
  status("starting", null);
  void beat();
  void listen(sockets.control, control, fromControl);
  void listen(sockets.shell, shell, (request, content) => {
    waiting.push({ ...request, content });
    next();
  });
  whenParentGoes(shutdown);
}

main.on("message", fromMain);
const started = start();
