/** Requests in their order, one at a time: what the main thread answers, and who asked for what it prints. */

import type { FromMain, FromSockets } from "../thread-protocol";
import type { Channels, Incoming } from "./channels";
import type { Message } from "./wire";

/** What the main thread answers. */
const forMain = new Set([
  "execute_request",
  "complete_request",
  "inspect_request",
  "is_complete_request",
  "pending_work_request",
  "comm_open",
  "comm_msg",
  "comm_close",
]);

type Content = Pick<Message, "content" | "buffers">;

export class RequestQueue {
  /** What main works on and all cells, by id: a cell's timers may print long after it is idle. */
  readonly #requests = new Map<number, Incoming>();
  readonly #waiting: (Incoming & Content)[] = [];
  #current: number | undefined;
  #lastCell: Incoming | undefined;
  #lastId = 0;

  constructor(
    private readonly channels: Channels,
    private readonly tell: (message: FromSockets) => void,
    /** Answers what needs no main thread. */
    private readonly answerHere: (request: Incoming, content: Message["content"]) => void,
  ) {}

  /** The request that the main thread works on. */
  get current(): Incoming | undefined {
    return this.#current === undefined ? undefined : this.#requests.get(this.#current);
  }

  /** The id of the cell that runs. */
  get runningCell(): number | undefined {
    return this.current?.header.msg_type === "execute_request" ? this.#current : undefined;
  }

  isRunning(id: number): boolean {
    return this.#current === id;
  }

  get(id: number): Incoming | undefined {
    return this.#requests.get(id);
  }

  /** The cell that runs, else the one that ran last. */
  get lastCell(): Incoming | undefined {
    return this.#lastCell;
  }

  push(request: Incoming, content: Content) {
    this.#waiting.push({ ...request, ...content });
    this.#next();
  }

  /** Passes a request to the main thread at once, beside the cell that may run. */
  passBy(request: Incoming, { content, buffers }: Content): number {
    const { msg_type } = request.header;
    const id = ++this.#lastId;
    this.#requests.set(id, request);
    this.channels.status("busy", request.header);
    this.tell({ id, msg_type, content, buffers });
    return id;
  }

  #forward(request: Incoming, content: Content) {
    if (request.header.msg_type === "execute_request") this.#lastCell = request;
    this.#current = this.passBy(request, content);
  }

  /** Says idle for a request; front ends read the last status, so that a cell that runs says busy again. */
  idle(request: Incoming) {
    this.channels.status("idle", request.header);
    if (this.current && this.current !== request) this.channels.status("busy", this.current.header);
  }

  #next() {
    while (this.#current === undefined && this.#waiting.length > 0) {
      const { content, buffers, ...request } = this.#waiting.shift()!;
      if (forMain.has(request.header.msg_type)) this.#forward(request, { content, buffers });
      else this.answerHere(request, content);
    }
  }

  /** Answers every cell that waits with `aborted`; other requests keep their places. */
  #abortWaiting() {
    const isCell = ({ header }: Incoming) => header.msg_type === "execute_request";
    const cells = this.#waiting.filter(isCell);
    this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter((request) => !isCell(request)));
    for (const cell of cells) {
      this.channels.status("busy", cell.header);
      this.channels.reply(cell, { status: "aborted" });
      this.channels.status("idle", cell.header);
    }
  }

  /** The main thread has answered a request. */
  finish({ id, content, abortQueue }: Extract<FromMain, { kind: "reply" }>) {
    const request = this.#requests.get(id)!;
    // What waits now was sent before anyone could know of the error; what comes after the reply runs.
    if (abortQueue) this.#abortWaiting();
    // A message of a comm has no reply.
    if (content !== "") this.channels.reply(request, content);
    this.idle(request);
    // Its timers may print later; other requests say nothing more.
    if (request.header.msg_type !== "execute_request") this.#requests.delete(id);
    if (id !== this.#current) return;
    this.#current = undefined;
    this.#next();
  }
}
