/** Messages on their way to one socket: in order, merged, awaited, and never dropped. */

import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { Publisher, Router } from "zeromq";
import type { Outgoing } from "./wire";

/** Streams are merged up to this many characters. */
const mergeLimit = 65_536;
/** How long to wait for a slow reader before the next try. */
const retryMs = 2;
/** Text that follows other text this closely waits to be merged; anything else takes it along at once. */
const gatherMs = 20;

export interface Entry extends Outgoing {
  /** What this message counts in the main thread's backlog. */
  bytes?: number;
  /** What it counts in the backlog of the pipes: see `RawOutput`. */
  raw?: number;
}

interface StreamContent {
  name: string;
  text: string;
}

/** Appends `next` to the text of `last` if both are parts of one stream of one cell. */
function merge(last: Entry | undefined, next: Entry): boolean {
  if (last?.msg_type !== "stream" || next.msg_type !== "stream") return false;
  if (last.parent !== next.parent || last.metadata || next.metadata) return false;
  const [before, after] = [last.content as StreamContent, next.content as StreamContent];
  if (before.name !== after.name || before.text.length + after.text.length > mergeLimit) return false;
  before.text += after.text;
  last.bytes = (last.bytes ?? 0) + (next.bytes ?? 0);
  last.raw = (last.raw ?? 0) + (next.raw ?? 0);
  return true;
}

/**
 * A queue before a socket. The socket must have `sendTimeout: 0`: a full socket then refuses at once
 * (EAGAIN), and the queue tries again, while more text is merged into what waits.
 */
export class SendQueue {
  #queue: Entry[] = [];
  #drained: Promise<void> | undefined;
  #hurry: () => void = () => undefined;
  #lastSent = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly socket: Publisher | Router,
    private readonly frames: (message: Outgoing) => (Uint8Array | string)[],
    private readonly sent: (entry: Entry) => void,
  ) {}

  push(entry: Entry) {
    if (!merge(this.#queue.at(-1), entry)) this.#queue.push(entry);
    if (entry.msg_type !== "stream") this.#hurry();
    this.#drained ??= this.#drain();
  }

  /** Resolves when everything pushed so far has been taken by the socket. */
  async empty() {
    this.#hurry();
    await this.#drained;
  }

  async #drain() {
    while (this.#queue.length > 0) {
      await this.#gather();
      const burst = this.#queue;
      this.#queue = [];
      for (const entry of burst) await this.#deliver(entry);
      this.#lastSent = performance.now();
    }
    this.#drained = undefined;
  }

  /** Lets what arrives together be merged before it is sent. */
  async #gather() {
    await turn();
    const left = this.#lastSent + gatherMs - performance.now();
    if (left <= 0 || this.#queue.some(({ msg_type }) => msg_type !== "stream")) return;
    await new Promise<void>((go) => {
      const timer = setTimeout(go, left);
      this.#hurry = () => {
        clearTimeout(timer);
        go();
      };
    });
  }

  async #deliver(entry: Entry) {
    const frames = this.frames(entry);
    while (!(await this.#accepts(frames))) await delay(retryMs);
    this.sent(entry);
  }

  async #accepts(frames: (Uint8Array | string)[]): Promise<boolean> {
    try {
      await this.socket.send(frames);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return false;
      // A client that has gone, or a closed socket: nobody is left to tell.
      return true;
    }
  }
}
