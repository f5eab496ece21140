/** The sockets to one running kernel. Every frame that comes is verified, every frame that goes is signed. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dealer, Subscriber } from "zeromq";
import type { Connection } from "./connection";
import type { Channel, Frames } from "./messages";
import { sign, verify } from "./wire";

type SendingChannel = Exclude<Channel, "iopub">;

/** How soon a socket tries again while the kernel has not bound yet, in ms. ZeroMQ's own 100 delays the first reply. */
const reconnectMs = 10;

/** How often is looked whether the sockets are connected, in ms. */
const lookEveryMs = 5;

export class Channels {
  readonly #key: string;
  readonly #sockets: Record<SendingChannel, Dealer>;
  readonly #iopub: Subscriber;
  readonly #sending = new Map<SendingChannel, Promise<void>>();

  constructor(connection: Connection, receive: (channel: Channel, frames: Buffer[]) => void) {
    // Loaded here and not at the top: reading or exporting a notebook needs no sockets.
    const zmq: typeof import("zeromq") = require("zeromq");
    const routingId = randomUUID();
    // A high water mark of 0 means no limit: a message may wait in memory, but is never dropped.
    const options = { linger: 0, reconnectInterval: reconnectMs, receiveHighWaterMark: 0 };
    const dealer = (port: number) => {
      const socket = new zmq.Dealer({ ...options, sendHighWaterMark: 0, immediate: true, routingId });
      socket.connect(`tcp://${connection.ip}:${port}`);
      return socket;
    };
    this.#key = connection.key;
    this.#iopub = new zmq.Subscriber(options);
    this.#iopub.subscribe();
    this.#iopub.connect(`tcp://${connection.ip}:${connection.iopub_port}`);
    this.#sockets = {
      shell: dealer(connection.shell_port),
      control: dealer(connection.control_port),
      // The same identity as the shell's: the kernel asks for input where the request came from.
      stdin: dealer(connection.stdin_port),
    };
    void this.#listen("iopub", this.#iopub, receive);
    for (const [channel, socket] of Object.entries(this.#sockets)) {
      void this.#listen(channel as Channel, socket, receive);
    }
  }

  async #listen(
    channel: Channel,
    socket: Dealer | Subscriber,
    receive: (channel: Channel, frames: Buffer[]) => void,
  ): Promise<void> {
    for await (const parts of socket) {
      const frames = verify(this.#key, parts as Buffer[]);
      if (frames) receive(channel, frames);
    }
  }

  /** Signs and sends, in order. Resolves when ZeroMQ has taken the message. */
  send(channel: SendingChannel, frames: Frames): Promise<void> {
    // A zeromq.js socket takes one send at a time.
    const before = this.#sending.get(channel) ?? Promise.resolve();
    const parts = sign(this.#key, frames) as Buffer[];
    const sent = before.catch(() => {}).then(() => this.#sockets[channel].send(parts));
    this.#sending.set(channel, sent);
    return sent;
  }

  /**
   * Waits until all sockets are connected, but no longer than `ms`: what a kernel sends to one that is not,
   * ZeroMQ drops. With `immediate` a socket is writable only then.
   */
  async connected(ms: number): Promise<void> {
    const giveUp = Date.now() + ms;
    const isPending = (socket: Dealer) => !socket.closed && !socket.writable;
    while (Object.values(this.#sockets).some(isPending) && Date.now() < giveUp) await sleep(lookEveryMs);
  }

  close(): void {
    this.#iopub.close();
    for (const socket of Object.values(this.#sockets)) socket.close();
  }
}
