/** Comms that are open, wherever they were opened; targets that this thread serves are answered while a cell blocks. */

import type { Channels, Incoming } from "./channels";
import type { Message } from "./wire";

type Content = Message["content"];

/** A comm that this thread serves. */
export interface ServedComm {
  comm_id: string;
  /** Sends `comm_msg` to the front end. */
  send(data: object): void;
}

/** What serves a target in this thread. Throwing closes the comm. */
export interface Target {
  opened(comm: ServedComm, data: unknown): void;
  message?(comm: ServedComm, data: unknown): void;
  closed(comm: ServedComm): void;
}

export class Comms {
  /** Of all comms that are open, by id: their target. */
  readonly #open = new Map<string, string>();
  readonly #served = new Map<string, { target: Target; comm: ServedComm }>();
  readonly #targets = new Map<string, Target>();

  constructor(private readonly channels: Channels) {}

  /** Serves `name` in this thread from now on. */
  register(name: string, target: Target) {
    this.#targets.set(name, target);
  }

  info({ target_name }: Content): object {
    const comms = [...this.#open].filter(([, name]) => target_name === undefined || name === target_name);
    return {
      status: "ok",
      comms: Object.fromEntries(comms.map(([id, name]) => [id, { target_name: name }])),
    };
  }

  isOpen({ comm_id }: Content): boolean {
    return this.#open.has(comm_id);
  }

  /** A comm of a cell was opened, or closed where `target_name` is undefined. */
  note(comm_id: string, target_name: string | undefined) {
    if (target_name === undefined) this.#open.delete(comm_id);
    else this.#open.set(comm_id, target_name);
  }

  /** Handles a message, after busy, if its target is served here; false leaves it to the main thread. */
  handle({ header }: Incoming, content: Content): boolean {
    const { comm_id, target_name, data } = content;
    const target = header.msg_type === "comm_open" ? this.#targets.get(target_name) : undefined;
    const served = target ? this.#create(comm_id, target_name, target) : this.#served.get(comm_id);
    if (!served) return false;
    this.channels.status("busy", header);
    try {
      if (target) target.opened(served.comm, data);
      else if (header.msg_type === "comm_msg") served.target.message?.(served.comm, data);
      else this.#close(comm_id);
    } catch (error) {
      this.#close(comm_id);
      this.channels.publish("comm_close", header, { comm_id, data: { error: String(error) } });
    }
    return true;
  }

  #create(comm_id: string, target_name: string, target: Target) {
    const send = (data: object) => this.channels.publish("comm_msg", null, { comm_id, data });
    const served = { target, comm: { comm_id, send } };
    this.#served.set(comm_id, served);
    this.#open.set(comm_id, target_name);
    return served;
  }

  #close(comm_id: string) {
    const served = this.#served.get(comm_id);
    this.#served.delete(comm_id);
    this.#open.delete(comm_id);
    served?.target.closed(served.comm);
  }
}
