/**
 * The comm target `kernel-helpers:loop`: whether the event loop of the cells is free, told by the thread of the
 * sockets while a cell blocks it. Costs nothing while nobody watches.
 *
 * After `comm_open`, and whenever it changes, and every `tickMs` while blocked, the kernel sends
 * `{ state: "free" | "blocked", ms: number }`: for how many ms it has been blocked. The front end ends it by `comm_close`.
 */

import type { FromSockets } from "../thread-protocol";
import type { ServedComm, Target } from "./comms";

/** How often the loop is asked. */
const tickMs = 100;

export class LoopTarget implements Target {
  readonly #watchers = new Set<ServedComm>();
  #timer: NodeJS.Timeout | undefined;
  /** When the loop was asked what it has not answered. */
  #askedAt: number | undefined;
  #wasBlocked = false;

  constructor(private readonly tell: (message: FromSockets) => void) {}

  opened(comm: ServedComm) {
    this.#watchers.add(comm);
    comm.send({ state: this.#wasBlocked ? "blocked" : "free", ms: this.#blockedMs() });
    this.#timer ??= setInterval(() => this.#tick(), tickMs);
  }

  closed(comm: ServedComm) {
    this.#watchers.delete(comm);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The loop has answered: it is free. */
  heard() {
    this.#askedAt = undefined;
    if (this.#wasBlocked) this.#send("free", 0);
    this.#wasBlocked = false;
  }

  #blockedMs(): number {
    return this.#askedAt === undefined ? 0 : Math.round(performance.now() - this.#askedAt);
  }

  #tick() {
    if (this.#askedAt === undefined) {
      this.#askedAt = performance.now();
      return this.tell({ ping: true });
    }
    this.#wasBlocked = true;
    this.#send("blocked", this.#blockedMs());
  }

  #send(state: "free" | "blocked", ms: number) {
    for (const comm of this.#watchers) comm.send({ state, ms });
  }
}
