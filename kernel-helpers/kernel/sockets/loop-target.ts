/**
 * The comm target `kernel-helpers:loop`: whether the event loop of the cells is free, told by the thread of the
 * sockets while a cell blocks it. Costs nothing while nobody watches. After `comm_open`, and whenever it changes, and
 * every `tickMs` while blocked, the kernel sends a `LoopState`. The front end ends it by `comm_close`.
 */

import type { ThreadCount } from "../../threads/context/all-threads";
import type { FromSockets } from "../thread-protocol";
import { type BlockingPlace, findBlockingPlace } from "./blocking-place";
import type { ServedComm, Target } from "./comms";

/** How often the loop is asked. */
const tickMs = 100;
/** A block that lasts this long is looked into. */
const placeMs = 200;

/** The data of each message. */
export interface LoopState {
  state: "free" | "blocked";
  /** For how long it has been blocked. */
  ms: number;
  /** The threads of all pools; while the loop is blocked, as it was last told. */
  threads: ThreadCount;
  /** What blocks it, once that is known; a wait that is no JavaScript has none. */
  at?: BlockingPlace;
}

export class LoopTarget implements Target {
  readonly #watchers = new Set<ServedComm>();
  #timer: NodeJS.Timeout | undefined;
  /** When the loop was asked what it has not answered. */
  #askedAt: number | undefined;
  #wasBlocked = false;
  #threads: ThreadCount = { busy: 0, all: 0 };
  #at: BlockingPlace | undefined;
  #endSearch: (() => void) | undefined;

  constructor(private readonly tell: (message: FromSockets) => void) {}

  opened(comm: ServedComm) {
    this.#watchers.add(comm);
    comm.send(this.#state());
    this.#timer ??= setInterval(() => this.#tick(), tickMs);
  }

  closed(comm: ServedComm) {
    this.#watchers.delete(comm);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#forgetPlace();
  }

  /** The loop has answered: it is free. */
  heard(threads: ThreadCount) {
    const { busy, all } = this.#threads;
    const isNews = this.#wasBlocked || busy !== threads.busy || all !== threads.all;
    this.#askedAt = undefined;
    this.#wasBlocked = false;
    this.#threads = threads;
    this.#forgetPlace();
    if (isNews) this.#send();
  }

  #forgetPlace() {
    this.#endSearch?.();
    this.#endSearch = undefined;
    this.#at = undefined;
  }

  #state(): LoopState {
    const isBlocked = this.#wasBlocked;
    return {
      state: isBlocked ? "blocked" : "free",
      ms: isBlocked ? this.#blockedMs() : 0,
      threads: this.#threads,
      ...(this.#at && { at: this.#at }),
    };
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
    if (this.#blockedMs() >= placeMs) this.#endSearch ??= findBlockingPlace((place) => (this.#at = place));
    this.#send();
  }

  #send() {
    for (const comm of this.#watchers) comm.send(this.#state());
  }
}
