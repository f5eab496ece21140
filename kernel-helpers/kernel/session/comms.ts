/**
 * Comms of cells: two-way messages with the front end, as widgets use them.
 * Source: https://jupyter-client.readthedocs.io/en/stable/messaging.html#custom-messages
 */

import { AsyncResource } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { CommMessage, Comm as CommOfCells, CommOptions } from "../cell-globals";
import type { Request } from "../thread-protocol";
import type { Output } from "./output";

type Handler = (message: CommMessage) => unknown;
type Opened = (comm: Comm, message: CommMessage) => unknown;

/** One end of a comm. */
export class Comm implements CommOfCells {
  readonly #comms: Comms;
  #isClosed = false;
  #onMessage: Handler | undefined;
  #onClose: Handler | undefined;

  constructor(
    comms: Comms,
    readonly targetName: string,
    readonly id: string,
  ) {
    this.#comms = comms;
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** Called with each message of the front end; what it prints goes to the cell that has set it. */
  set onMessage(handler: Handler | undefined) {
    this.#onMessage = handler && AsyncResource.bind(handler);
  }

  /** Called once the front end has closed it. */
  set onClose(handler: Handler | undefined) {
    this.#onClose = handler && AsyncResource.bind(handler);
  }

  /** Sends data that JSON can hold. Throws `Error` once the comm is closed. */
  send(data: unknown = {}, options: CommOptions = {}) {
    if (this.#isClosed)
      throw new Error(`the comm ${this.targetName} is closed: open another with Jupyter.openComm`);
    this.#comms.send(this, "comm_msg", data, options);
  }

  /** Closes it on both sides; closing again does nothing. */
  close(data: unknown = {}) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#comms.send(this, "comm_close", data);
  }

  /** For `Comms`: a message of the front end. */
  async receive(kind: "comm_msg" | "comm_close", message: CommMessage) {
    if (kind === "comm_close") this.#isClosed = true;
    await (kind === "comm_close" ? this.#onClose : this.#onMessage)?.(message);
  }
}

function checkTarget(name: unknown) {
  if (typeof name === "string" && name !== "") return;
  throw new TypeError(
    `the target of a comm must be a name, got ${name === "" ? "an empty one" : typeof name}`,
  );
}

export class Comms {
  readonly #targets = new Map<string, Opened>();
  readonly #open = new Map<string, Comm>();

  constructor(private readonly output: Output) {}

  /** Opens a comm to what the front end has registered as `targetName`; the front end closes what it does not know. */
  open(targetName: string, data: unknown = {}, options: CommOptions = {}): Comm {
    checkTarget(targetName);
    const comm = new Comm(this, targetName, randomUUID());
    this.send(comm, "comm_open", data, options);
    return comm;
  }

  /** `opened` is called for each comm that the front end opens to `targetName`. Returns how to take it back. */
  registerTarget(targetName: string, opened: Opened): () => void {
    checkTarget(targetName);
    if (typeof opened !== "function")
      throw new TypeError(`expected a function (comm, message), got ${typeof opened}`);
    const bound = AsyncResource.bind(opened);
    this.#targets.set(targetName, bound);
    return () => {
      if (this.#targets.get(targetName) === bound) this.#targets.delete(targetName);
    };
  }

  /** For `Comm`: to the front end. */
  send(comm: Comm, msg_type: string, data: unknown, { metadata = {}, buffers }: CommOptions = {}) {
    const { id: comm_id, targetName: target_name } = comm;
    const content = msg_type === "comm_open" ? { comm_id, target_name, data } : { comm_id, data };
    if (msg_type === "comm_open") this.#open.set(comm_id, comm);
    if (msg_type === "comm_close") this.#open.delete(comm_id);
    if (msg_type !== "comm_msg") this.#note(comm_id, msg_type === "comm_open" ? target_name : undefined);
    this.output.publish(msg_type, content, { buffers, metadata });
  }

  #note(comm_id: string, target_name: string | undefined) {
    this.output.send({ kind: "comm", comm_id, target_name });
  }

  /** A message of the front end. Rejects with what a handler throws. */
  async handle({ id, msg_type, content, buffers }: Request) {
    const { comm_id, target_name, data = {} } = content;
    const message = { data, buffers };
    if (msg_type === "comm_open") {
      const opened = this.#targets.get(target_name);
      if (opened) return this.#opened(String(comm_id), target_name, opened, message);
      // So it is specified: whoever does not know a target closes the comm.
      const closed = JSON.stringify({ comm_id, data: {} });
      return this.output.send({ kind: "publish", id, msg_type: "comm_close", content: closed });
    }
    const comm = this.#open.get(comm_id);
    if (!comm) return;
    if (msg_type === "comm_close") {
      this.#open.delete(comm_id);
      this.#note(comm_id, undefined);
    }
    await comm.receive(msg_type as "comm_msg" | "comm_close", message);
  }

  async #opened(comm_id: string, target_name: string, opened: Opened, message: CommMessage) {
    const comm = new Comm(this, target_name, comm_id);
    this.#open.set(comm_id, comm);
    this.#note(comm_id, target_name);
    try {
      await opened(comm, message);
    } catch (error) {
      comm.close();
      throw error;
    }
  }
}

/** The global `Jupyter`: see `cell-globals.ts`. */
export function publishComms(comms: Comms) {
  const value = Object.freeze({
    openComm: (target: string, data?: unknown, options?: CommOptions) => comms.open(target, data, options),
    registerCommTarget: (target: string, opened: Opened) => comms.registerTarget(target, opened),
  });
  Object.defineProperty(globalThis, "Jupyter", { value, writable: true, configurable: true });
}
