/**
 * What the front thread (sockets) and the main thread (cells) say to each other.
 *
 * Sockets live in a thread of their own so that the kernel hears while a cell computes: heartbeats,
 * interrupts and shutdowns are answered, and printed lines leave, while the main thread is busy.
 */

/** A request for the main thread; the front thread sends the next one after the reply. */
export interface Request {
  id: number;
  msg_type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each request type has its own content
  content: any;
}

/** What the main thread tells the front thread. */
export type FromMain =
  | { kind: "stream"; id: number; name: "stdout" | "stderr"; text: string; metadata?: object }
  | { kind: "publish"; id: number; msg_type: string; content: object; metadata?: object }
  | { kind: "reply"; id: number; content: object; abortQueue?: boolean }
  | { kind: "children"; pids: number[] };

/** What the front thread tells the main thread. */
export type FromFront = Request | { msg_type: "exit" } | { msg_type: "interrupt" };

/** What the front thread is started with. */
export interface FrontData {
  connectionFile: string;
  kernelInfo: object;
  /** One Int32: bytes that main has published and the sockets have not yet taken. */
  backlog: SharedArrayBuffer;
}

/** Main waits before it publishes more than this many bytes that no socket has taken. */
export const backlogLimit = 16 * 1024 * 1024;

/** Counts published bytes on both sides, so that a printing loop cannot outrun a slow reader. */
export class Backlog {
  readonly #count: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#count = new Int32Array(memory);
  }

  /** Called by main before a message of `bytes`: blocks while the backlog is full. */
  add(bytes: number) {
    for (;;) {
      const now = Atomics.load(this.#count, 0);
      if (now < backlogLimit) break;
      Atomics.wait(this.#count, 0, now);
    }
    Atomics.add(this.#count, 0, bytes);
  }

  /** Called by the front thread once sockets have taken `bytes`. */
  remove(bytes: number) {
    Atomics.sub(this.#count, 0, bytes);
    Atomics.notify(this.#count, 0);
  }

  /** Called by main before it ends: blocks until everything is sent, or for `ms`. */
  drain(ms: number) {
    const end = Date.now() + ms;
    for (;;) {
      const now = Atomics.load(this.#count, 0);
      const left = end - Date.now();
      if (now === 0 || left <= 0) return;
      Atomics.wait(this.#count, 0, now, left);
    }
  }
}

/** An estimate of what a message takes: its text, or a constant. */
export function sizeOf(message: FromMain): number {
  return message.kind === "stream" ? message.text.length + 64 : 256;
}

/** The main thread's end of the bridge. */
export interface Port {
  postMessage(message: FromMain): void;
}
