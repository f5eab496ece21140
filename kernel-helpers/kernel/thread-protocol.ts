/**
 * What the thread of the sockets and the main thread, which runs the cells, say to each other.
 *
 * Sockets live in a thread of their own so that the kernel hears while a cell computes: heartbeats,
 * interrupts and shutdowns are answered, and printed lines leave, while the main thread is busy.
 */

import type { MessagePort } from "node:worker_threads";
import type { ThreadCount } from "../threads/context/all-threads";
import type { CompiledScript } from "./compiler/protocol";
import type { StandardStreams } from "./sockets/standard-streams";

/** A request for the main thread; the sockets thread sends the next one after the reply. */
export interface Request {
  id: number;
  msg_type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each request type has its own content
  content: any;
  /** Bytes beside the content, as those of widgets. */
  buffers: Uint8Array[];
}

/** Content as the wire wants it. Main writes it, because only there do values have their `toJSON`. */
export type Json = string;

/** What the main thread tells the sockets thread. */
export type FromMain =
  | { kind: "stream"; id: number; name: "stdout" | "stderr"; text: string; metadata?: object }
  | { kind: "raw"; name: "stdout" | "stderr"; bytes: Uint8Array }
  /** Whose raw output is from now on; without `id`, that of the cell that runs. */
  | { kind: "raw-owner"; id: number | undefined }
  | {
      kind: "publish";
      id: number;
      msg_type: string;
      content: Json;
      buffers?: Uint8Array[];
      metadata?: object;
    }
  | {
      kind: "reply";
      id: number;
      content: Json;
      abortQueue?: boolean;
      history?: HistoryEntry;
      /** After a cell: what all cells so far have declared. */
      declarations?: string;
    }
  | { kind: "ask"; id: number; ask: number; prompt: string; password: boolean; sync: boolean }
  | { kind: "comm"; comm_id: string; target_name: string | undefined }
  | { kind: "child"; pid: number; running: boolean }
  | { kind: "pong"; threads: ThreadCount }
  | { kind: "ack"; urgent: number }
  | { kind: "scripts"; ready: number; scripts: CompiledScript[] }
  | { kind: "end" };

/** What `history_request` gives of a cell that has run. */
export interface HistoryEntry {
  line: number;
  input: string;
  /** The `text/plain` of its result. */
  output: string | null;
}

/** What the reader has answered to an `ask`. */
export interface InputAnswer {
  ask: number;
  value: string;
}

/** What the main thread must hear even from within an endless loop, and answers with `ack`. */
export interface UrgentRequest {
  urgent: number;
  command: "interrupt" | "exit";
  /** The request of the cell that an interrupt is meant for; none where no cell runs. */
  cell: number | undefined;
}

/** What the sockets thread tells the main thread. */
export type FromSockets = Request | UrgentRequest | InputAnswer | Ping | BreakpointsReady;

/** The breakpoints in scripts that main has told of are set. */
interface BreakpointsReady {
  ready: number;
}

/** Asks whether the event loop turns; answered with `pong`. */
interface Ping {
  ping: true;
}

/** What the sockets thread is started with. */
export interface SocketsData {
  connectionFile: string;
  shared: SharedArrayBuffer;
  streams: StandardStreams | undefined;
  /** Where answers go for which the main thread waits. */
  answers: MessagePort;
  /** Processes of the kernel's own, which are none of a cell. */
  ownProcesses: number[];
  /** Where the compiler listens for questions. */
  compiler: string;
}

/** Main waits before it publishes more than this many bytes that no socket has taken. */
export const backlogLimit = 4 * 1024 * 1024;

/** What both threads can see without a message, because one of them may be busy. */
export class Shared {
  readonly #backlog: Int32Array;
  readonly #ended: Int32Array;
  readonly #protected: Int32Array;
  readonly #answered: Int32Array;
  readonly #debugged: Int32Array;

  constructor(readonly memory = new SharedArrayBuffer(5 * Int32Array.BYTES_PER_ELEMENT)) {
    const slots = [0, 1, 2, 3, 4].map((slot) => new Int32Array(memory, 4 * slot, 1));
    const [backlog, ended, guard, answered, debugged] = slots;
    this.#backlog = backlog!;
    this.#ended = ended!;
    this.#protected = guard!;
    this.#answered = answered!;
    this.#debugged = debugged!;
  }

  /** Called by main before it publishes `bytes`: blocks while a slow reader leaves too much behind. */
  add(bytes: number) {
    for (;;) {
      const now = Atomics.load(this.#backlog, 0);
      if (now < backlogLimit) break;
      Atomics.wait(this.#backlog, 0, now);
    }
    Atomics.add(this.#backlog, 0, bytes);
  }

  /** Called by the sockets thread once a socket has taken `bytes`. */
  remove(bytes: number) {
    Atomics.sub(this.#backlog, 0, bytes);
    Atomics.notify(this.#backlog, 0);
  }

  /** Whether a debugger is attached, to which main tells of scripts before they run. */
  get isDebugged(): boolean {
    return Atomics.load(this.#debugged, 0) === 1;
  }

  set isDebugged(is: boolean) {
    Atomics.store(this.#debugged, 0, is ? 1 : 0);
  }

  /** How many answers of the reader have come so far. */
  get answers(): number {
    return Atomics.load(this.#answered, 0);
  }

  /** Called by main: blocks until more than `before` answers have come. */
  awaitAnswer(before: number) {
    Atomics.wait(this.#answered, 0, before);
  }

  /** Called by the sockets thread once an answer lies in its port. */
  answer() {
    Atomics.add(this.#answered, 0, 1);
    Atomics.notify(this.#answered, 0);
  }

  /** Called by main as its last act: blocks until the sockets are closed; false if they are not after `ms`. */
  awaitEnd(ms: number): boolean {
    return Atomics.wait(this.#ended, 0, 0, ms) !== "timed-out";
  }

  /** Called by the sockets thread once its sockets are closed. */
  end() {
    Atomics.store(this.#ended, 0, 1);
    Atomics.notify(this.#ended, 0);
  }

  /** Runs what must not be stopped halfway: the answer to a cell, an interrupt, and the end. */
  protect<T>(run: () => T): T {
    Atomics.store(this.#protected, 0, 1);
    try {
      return run();
    } finally {
      Atomics.store(this.#protected, 0, 0);
    }
  }

  get isProtected(): boolean {
    return Atomics.load(this.#protected, 0) === 1;
  }
}

/** About what a message takes. */
export function sizeOf(message: FromMain): number {
  if (message.kind === "stream") return message.text.length + 64;
  return "content" in message ? message.content.length + 64 : 64;
}

/** The main thread's end of the bridge. */
export interface Port {
  postMessage(message: FromMain): void;
}
