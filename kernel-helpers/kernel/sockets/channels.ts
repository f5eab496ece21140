/** The five sockets of a kernel, and what is sent on them. */

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import type * as ZeroMQ from "zeromq";
import type { Json } from "../thread-protocol";
import { type Entry, SendQueue } from "./send-queue";
import { encode, type Header } from "./wire";

/** tslab's own, of the version it was made for: a project may have another one, and some installers hide this. */
const { Publisher, Reply, Router } = createRequire(require.resolve("tslab/package.json"))(
  "zeromq",
) as typeof ZeroMQ;

/** The content of the connection file. */
export interface Connection {
  transport: string;
  ip: string;
  key: string;
  shell_port: number;
  iopub_port: number;
  control_port: number;
  stdin_port: number;
  hb_port: number;
}

/** A request that has come in: what it was, and where its reply goes. */
export interface Incoming {
  header: Header;
  identities: Uint8Array[];
  queue: SendQueue;
}

/** What may come with a published message. */
type Extras = Partial<Pick<Entry, "bytes" | "raw" | "metadata" | "buffers">>;

/** Messages that may wait at a slow subscriber; each holds at most the send queue's merge limit. */
const highWaterMark = 64;
const options = { sendTimeout: 0, linger: 1000 };
// A client that comes back with its old identity takes the place of its dead connection.
const router = { ...options, sendHighWaterMark: 0, handover: true };

export class Channels {
  readonly #sockets = {
    // noDrop makes a full socket refuse instead of losing what it was given.
    iopub: new Publisher({ ...options, noDrop: true, sendHighWaterMark: highWaterMark }),
    shell: new Router({ ...router, receiveHighWaterMark: 0 }),
    control: new Router(router),
    stdin: new Router(router),
    heartbeat: new Reply({ linger: 0 }),
  };
  readonly #session = randomUUID();
  readonly #iopub: SendQueue;
  readonly shell: SendQueue;
  readonly control: SendQueue;
  readonly stdin: SendQueue;

  /** `sent` is called with each message that a socket has taken. */
  constructor(
    private readonly connection: Connection,
    private readonly sent: (entry: Entry) => void,
  ) {
    this.#iopub = this.#queue(this.#sockets.iopub);
    this.shell = this.#queue(this.#sockets.shell);
    this.control = this.#queue(this.#sockets.control);
    this.stdin = this.#queue(this.#sockets.stdin);
  }

  #queue(socket: ZeroMQ.Publisher | ZeroMQ.Router): SendQueue {
    return new SendQueue(
      socket,
      (message) => encode(message, this.connection.key, this.#session),
      (entry) => this.sent(entry),
    );
  }

  publish(msg_type: string, parent: Header | null, content: object | Json, extras: Extras = {}) {
    this.#iopub.push({ identities: [msg_type], msg_type, parent, content, ...extras });
  }

  status(execution_state: "starting" | "busy" | "idle", parent: Header | null) {
    this.publish("status", parent, { execution_state });
  }

  reply({ header, identities, queue }: Incoming, content: object | Json) {
    const msg_type = header.msg_type.replace(/_request$/, "_reply");
    queue.push({ identities, msg_type, parent: header, content });
  }

  /** Binds all sockets, or none and throws: no request can fall into a half-open kernel. */
  async bind() {
    const { transport, ip, ...ports } = this.connection;
    const { iopub, shell, control, stdin, heartbeat } = this.#sockets;
    const address = (port: number) => `${transport}://${ip}:${port}`;
    const bound = await Promise.allSettled([
      iopub.bind(address(ports.iopub_port)),
      shell.bind(address(ports.shell_port)),
      control.bind(address(ports.control_port)),
      stdin.bind(address(ports.stdin_port)),
      heartbeat.bind(address(ports.hb_port)),
    ]);
    const failed = bound.find(({ status }) => status === "rejected") as PromiseRejectedResult | undefined;
    if (!failed) return;
    this.close();
    throw failed.reason;
  }

  /** The frames that arrive at one socket. */
  incoming(name: "shell" | "control" | "stdin"): AsyncIterable<Uint8Array[]> {
    return this.#sockets[name];
  }

  async beat() {
    const { heartbeat } = this.#sockets;
    for await (const frames of heartbeat) await heartbeat.send(frames);
  }

  /** Resolves once everything has been taken by the sockets. */
  async empty() {
    await Promise.all([this.#iopub.empty(), this.shell.empty(), this.control.empty(), this.stdin.empty()]);
  }

  /** The addon aborts the process if a socket is open when its thread ends. */
  close() {
    for (const socket of Object.values(this.#sockets)) socket.close();
  }
}
