/**
 * The comm target `kernel-helpers:loop`: whether the event loop of the cells is free, told by the thread of the
 * sockets while a cell blocks it. Costs nothing while nobody watches. After `comm_open`, and whenever it changes, and
 * every `tickMs` while it is blocked or a debugger holds it, the kernel sends a `LoopState`. The front end ends it by `comm_close`.
 */

import { pauseClock } from "../../inspector";
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
  /** "paused": a debugger holds it. */
  state: "free" | "blocked" | "paused";
  /** For how long it has been blocked or paused. */
  ms: number;
  /** The threads of all pools; while the loop is blocked, as it was last told. */
  threads: ThreadCount;
  /** What blocks it, or where it is paused, once that is known; a wait that is no JavaScript has none. */
  at?: BlockingPlace;
}

export class LoopTarget implements Target {
  readonly #watchers = new Set<ServedComm>();
  #timer: NodeJS.Timeout | undefined;
  /** When the loop was asked what it has not answered. */
  #askedAt: number | undefined;
  #wasBlocked = false;
  #wasPaused = false;
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
    this.#wasBlocked = this.#wasPaused = false;
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
    const heldMs = pauseClock()?.heldMs(0);
    const isBlocked = this.#wasBlocked;
    return {
      state: heldMs !== undefined ? "paused" : isBlocked ? "blocked" : "free",
      ms: heldMs !== undefined ? Math.round(heldMs) : isBlocked ? this.#blockedMs() : 0,
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
    const isPaused = pauseClock()?.heldMs(0) !== undefined;
    // Once it goes on, what is of before is another block.
    if (isPaused || this.#wasPaused) this.#askedAt = performance.now();
    if (isPaused !== this.#wasPaused) this.#forgetPlace();
    this.#wasPaused = isPaused;
    this.#wasBlocked = true;
    if (isPaused || this.#blockedMs() >= placeMs)
      this.#endSearch ??= findBlockingPlace((place) => (this.#at = place));
    this.#send();
  }

  #send() {
    for (const comm of this.#watchers) comm.send(this.#state());
  }
}
