import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";

/**
 * How long a debugger has held threads of this process: time that counts for no timeout, because somebody is reading.
 * All threads that are started after `PauseClock.create` see the same clock.
 */

const key = "kernel-helpers.pauses";

const now = () => performance.timeOrigin + performance.now();

export class PauseClock {
  /** For the main thread, before it starts others. */
  static create(): PauseClock {
    const memory = new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT);
    setEnvironmentData(key, memory);
    return new PauseClock(memory);
  }

  /** In ms: what is over, and when what goes on has begun; 0 where nothing is paused. */
  readonly #times: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#times = new Float64Array(memory);
  }

  /** Says whether any thread is paused; for the debugger alone. */
  set isPaused(is: boolean) {
    if (is === this.isPaused) return;
    if (!is) this.#times[0]! += now() - this.#times[1]!;
    this.#times[1] = is ? now() : 0;
  }

  get isPaused(): boolean {
    return this.#times[1] !== 0;
  }

  /** Milliseconds in which threads were paused, until now. */
  get pausedMs(): number {
    const [over, since] = this.#times as unknown as [number, number];
    return since === 0 ? over : over + now() - since;
  }
}

let clock: PauseClock | undefined;

/** The clock of this process; undefined where no debugger can pause anything. */
export function pauseClock(): PauseClock | undefined {
  if (clock) return clock;
  const memory = getEnvironmentData(key) as unknown as SharedArrayBuffer | undefined;
  clock = memory && new PauseClock(memory);
  return clock;
}

/** Milliseconds on the clock of `performance.now`, which stands still while a thread is paused. */
export const unpausedNow = (): number => performance.now() - (pauseClock()?.pausedMs ?? 0);

/** Calls back after `ms` in which no thread was paused. Returns what ends the waiting. */
export function afterUnpaused(ms: number, callback: () => void): () => void {
  const begun = unpausedNow();
  let timer = setTimeout(check, ms);
  function check() {
    const left = ms - (unpausedNow() - begun);
    // A timer may be early by less than this.
    if (left < 1) callback();
    else timer = setTimeout(check, left);
  }
  return () => clearTimeout(timer);
}
