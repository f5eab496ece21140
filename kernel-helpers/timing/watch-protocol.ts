import { MessagePort } from "node:worker_threads";
import type { StackFrame } from "../inspector";

/** What the loop and its watcher share: the time of the last heartbeat and the number of blocks seen. */
export class SharedWatch {
  static create(): SharedWatch {
    return new SharedWatch(new SharedArrayBuffer(16));
  }

  readonly #times: Float64Array;
  readonly #counts: Int32Array;

  constructor(readonly shared: SharedArrayBuffer) {
    this.#times = new Float64Array(shared, 0, 1);
    this.#counts = new Int32Array(shared, 8, 2);
  }

  /** When the loop last turned, in ms on the clock of all threads. */
  get beat(): number {
    return this.#times[0]!;
  }

  set beat(time: number) {
    this.#times[0] = time;
  }

  /** Puts the calling thread to sleep, in ms. */
  sleep(ms: number): void {
    Atomics.wait(this.#counts, 1, 0, ms);
  }

  get sightings(): number {
    return Atomics.load(this.#counts, 0);
  }

  countSighting(): void {
    Atomics.add(this.#counts, 0, 1);
  }
}

/** What the watcher is started with; `threshold` in ms. */
export interface WatcherData {
  shared: SharedArrayBuffer;
  threshold: number;
  log: boolean;
  port: MessagePort;
}

/** What the watcher posts: it is attached; please turn; a stack read while the loop was blocked. */
export type WatcherMessage = "ready" | "knock" | Sighting;

export interface Sighting {
  time: number;
  frames: StackFrame[];
}
