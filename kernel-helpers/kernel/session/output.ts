/** What cells print and show, sent to the cell it came from. */

import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";
import { type StandardStreams, takeFrom } from "../sockets/standard-streams";
import { type FromMain, type Port, type Shared, sizeOf } from "../thread-protocol";
import { NotebookStream } from "./notebook-stream";

/** The cell that some code belongs to; timers and promises of a cell keep it after the cell has ended. */
export interface CellContext {
  id: number;
  label: string;
  source: string;
  /** Timers hold it, and Node shows what they hold. */
  [inspect.custom]?(): string;
}

/** One thing to show, in several formats. */
export interface Bundle {
  data: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  /** Names the display, so that a later one can replace it. */
  displayId?: string;
  /** Replaces the display of that name instead of adding one. */
  update?: boolean;
}

type Stream = "stdout" | "stderr";

/** No process starts, prints and ends within this. */
const burstMs = 0.3;

/** Bytes, such as a PNG, in the base64 that Jupyter wants. */
export function withBase64(data: Record<string, unknown>): Record<string, unknown> {
  const encode = (value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
  return Object.fromEntries(Object.entries(data).map(([mime, value]) => [mime, encode(value)]));
}

export class Output {
  readonly #cell = new AsyncLocalStorage<CellContext>();
  #last: CellContext = { id: 0, label: "no cell", source: "" };

  constructor(
    private readonly port: Port,
    private readonly shared: Shared,
    private readonly pipes: StandardStreams | undefined,
  ) {}

  /** The cell that the running code belongs to, else the one that ran last. */
  get cell(): CellContext {
    return this.#cell.getStore() ?? this.#last;
  }

  /** Whether the running code belongs to a cell. */
  get isWithinCell(): boolean {
    return this.#cell.getStore() !== undefined;
  }

  /** Runs a cell; whatever it starts prints to it, even later. */
  within<T>(cell: CellContext, run: () => T): T {
    this.#last = cell;
    return this.#cell.run(cell, run);
  }

  #lastSent = 0;

  /**
   * Sends first what other processes have written to the pipes until now: it comes before what is said next. Not
   * looked for in a burst of prints, in which nothing else can have been waited for: 100,000 lines would cost a second.
   */
  #takeFromPipes() {
    const now = performance.now();
    const isBurst = now - this.#lastSent < burstMs;
    this.#lastSent = now;
    if (!isBurst) this.#takeAllFromPipes();
  }

  #takeAllFromPipes() {
    if (!this.pipes) return;
    for (const name of ["stdout", "stderr"] as const) {
      const bytes = takeFrom(this.pipes[name]);
      if (bytes) this.port.postMessage({ kind: "raw", name, bytes });
    }
  }

  readonly #rawOwners: CellContext[] = [];

  /**
   * Gives what arrives at the pipes to the cell of the running code, which starts a child that inherits them, until
   * the returned function is called. Of several such children the last one has it: the pipes do not say who writes.
   */
  ownPipes(): () => void {
    const owner = { ...this.cell };
    const owners = this.#rawOwners;
    const tell = () => {
      this.#takeAllFromPipes();
      this.port.postMessage({ kind: "raw-owner", id: owners.at(-1)?.id });
    };
    owners.push(owner);
    tell();
    return () => {
      owners.splice(owners.indexOf(owner), 1);
      tell();
    };
  }

  /** Runs a handler of `cell` that Node calls without knowing whose it is; one that knows its cell keeps it. */
  inCell<T>(cell: CellContext, run: () => T): T {
    return this.isWithinCell ? run() : this.#cell.run(cell, run);
  }

  send(message: FromMain) {
    if (message.kind === "stream" || message.kind === "publish" || message.kind === "reply")
      this.#takeFromPipes();
    // Replies do not wait: they are few, and a full backlog must not delay them.
    if (message.kind === "stream" || message.kind === "publish") this.shared.add(sizeOf(message));
    this.port.postMessage(message);
  }

  /** Throws what `JSON.stringify` throws, before anything is sent. */
  publish(msg_type: string, content: object, extras: { buffers?: Uint8Array[]; metadata?: object } = {}) {
    this.send({ kind: "publish", id: this.cell.id, msg_type, content: JSON.stringify(content), ...extras });
  }

  print(name: Stream, text: string, metadata?: object) {
    if (text !== "") this.send({ kind: "stream", id: this.cell.id, name, text, metadata });
  }

  display({ data, metadata = {}, displayId, update = false }: Bundle) {
    const transient = displayId === undefined ? {} : { display_id: displayId };
    const msg_type = update ? "update_display_data" : "display_data";
    this.publish(msg_type, { data: withBase64(data), metadata, transient });
  }

  clearOutput(wait = false) {
    this.publish("clear_output", { wait });
  }

  /** Makes a stream of this process print to the notebook. */
  capture(name: Stream) {
    const stream = new NotebookStream(name === "stdout" ? 1 : 2, (text) => this.print(name, text));
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  }
}
