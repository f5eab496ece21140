import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";

/**
 * How long a debugger has held threads of this process: time that counts for no timeout, because somebody is reading.
 * All threads that are started after `PauseClock.create` see the same clock.
 */

const key = "kernel-helpers.pauses";

/** How many pauses are kept, the latest ones. */
const kept = 4096;
// Times of the clock itself, and of each pause: thread, start, end, whether a client was told.
const headerWords = 2;
const pauseWords = 4;
/** A pause that nobody saw is one with that which begins within so many ms. */
const sameMs = 1;

/** Milliseconds on one clock that all threads of the process share (`process.hrtime`, monotonic). */
const now = () => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};

/** A stretch of time, in ms. */
export interface Span {
  start: number;
  /** Infinity for one that goes on. */
  end: number;
}

/** A stretch in which a debugger held a thread; ms on the clock of `process.hrtime`. */
export interface ThreadPause extends Span {
  threadId: number;
  /** False for one that no client was told of, as within a step. */
  isSeen: boolean;
}

export class PauseClock {
  /** For the main thread, before it starts others. */
  static create(): PauseClock {
    const times = headerWords + kept * pauseWords;
    const memory = new SharedArrayBuffer(8 + times * Float64Array.BYTES_PER_ELEMENT);
    setEnvironmentData(key, memory);
    return new PauseClock(memory);
  }

  /** How many pauses there were, and how often one began. */
  readonly #counts: Int32Array;
  /** In ms: what is over, and when what goes on has begun, 0 where nothing is paused; then the pauses. */
  readonly #times: Float64Array;
  /** Where the pauses lie that go on, by thread; and the last one that nobody saw. For the debugger alone. */
  readonly #open = new Map<number, number>();
  #unseen: number | undefined;

  constructor(memory: SharedArrayBuffer) {
    this.#counts = new Int32Array(memory, 0, 2);
    this.#times = new Float64Array(memory, 8);
  }

  /** A thread stands still; for the debugger alone. */
  hold(threadId: number): void {
    if (this.#open.has(threadId)) return;
    const [time, number] = [now(), Atomics.load(this.#counts, 0)];
    const goesOn = this.#unseen === number - 1 && this.#isOf(threadId, number - 1, time - sameMs);
    const at = this.#place(goesOn ? number - 1 : number);
    if (!goesOn) this.#times.set([threadId, time], at);
    this.#times[at + 2] = Number.POSITIVE_INFINITY;
    this.#times[at + 3] = 1;
    if (this.#open.size === 0) this.#times[1] = time;
    this.#open.set(threadId, at);
    Atomics.store(this.#counts, 0, goesOn ? number : number + 1);
    Atomics.add(this.#counts, 1, 1);
  }

  /** It goes on; `isSeen` if a client was told that it stood still. */
  release(threadId: number, isSeen = true): void {
    const at = this.#open.get(threadId);
    if (at === undefined) return;
    const time = now();
    this.#times[at + 2] = time;
    this.#times[at + 3] = Number(isSeen);
    this.#open.delete(threadId);
    this.#unseen = isSeen ? undefined : Atomics.load(this.#counts, 0) - 1;
    if (this.#open.size > 0) return;
    this.#times[0]! += time - this.#times[1]!;
    this.#times[1] = 0;
  }

  #isOf(threadId: number, number: number, after: number): boolean {
    const at = this.#place(number);
    return this.#times[at] === threadId && this.#times[at + 2]! >= after;
  }

  #place(number: number): number {
    return headerWords + (number % kept) * pauseWords;
  }

  get isPaused(): boolean {
    return this.#times[1] !== 0;
  }

  /** Milliseconds in which threads were paused, until now. */
  get pausedMs(): number {
    const [over, since] = this.#times as unknown as [number, number];
    return since === 0 ? over : over + now() - since;
  }

  /** How often a pause began: the same number means that there was no other one. */
  get changes(): number {
    return Atomics.load(this.#counts, 1);
  }

  /** For how many ms a thread has been held now; undefined if it is not. */
  heldMs(threadId: number): number | undefined {
    const time = now();
    const pause = this.within(time, Number.POSITIVE_INFINITY).find((each) => each.threadId === threadId);
    return pause && time - pause.start;
  }

  /** The pauses that touch a stretch of time, in order of their beginning. */
  within(from: number, to: number): ThreadPause[] {
    const written = Atomics.load(this.#counts, 0);
    const pauses: ThreadPause[] = [];
    for (let number = Math.max(0, written - kept); number < written; number++) {
      const at = this.#place(number);
      const [threadId, start, end, seen] = this.#times.subarray(at, at + pauseWords);
      if (start! < to && end! > from)
        pauses.push({ threadId: threadId!, start: start!, end: end!, isSeen: seen === 1 });
    }
    return pauses;
  }
}

/** The parts of a stretch that lie outside of pauses, which are in order. */
export function outside({ start, end }: Span, pauses: Span[]): Span[] {
  const parts: Span[] = [];
  let at = start;
  for (const pause of pauses) {
    if (pause.end <= at || pause.start >= end) continue;
    if (pause.start > at) parts.push({ start: at, end: pause.start });
    at = pause.end;
  }
  if (at < end || (at === start && at === end)) parts.push({ start: at, end });
  return parts;
}

/** Where something lies that began then and took so many ms without the pauses, which are in order. */
export function partsAround(start: number, ms: number, pauses: Span[]): Span[] {
  let end = start + ms;
  for (const pause of pauses)
    if (pause.end > start && pause.start < end) end += pause.end - Math.max(start, pause.start);
  return outside({ start, end }, pauses);
}

/** How many ms of a stretch lie within pauses, which are in order. */
export function msWithin(stretch: Span, pauses: Span[]): number {
  const left = outside(stretch, pauses).reduce((sum, { start, end }) => sum + end - start, 0);
  return stretch.end - stretch.start - left;
}

let clock: PauseClock | undefined;

/** The clock of this process; undefined where no debugger can pause anything. */
export function pauseClock(): PauseClock | undefined {
  if (clock) return clock;
  const memory = getEnvironmentData(key) as unknown as SharedArrayBuffer | undefined;
  clock = memory && new PauseClock(memory);
  return clock;
}

/** How often somebody whose time does not run looks whether it does again, in ms. */
const lookMs = 20;

/** A moment so many ms from now, which moves away while a thread is paused: what every timeout goes by. */
export class Deadline {
  readonly #until: number;

  constructor(ms: number) {
    this.#until = unpausedNow() + ms;
  }

  get leftMs(): number {
    return this.#until - unpausedNow();
  }

  /** For how long to wait before another look. */
  get sleepMs(): number {
    const left = Math.max(0, this.leftMs);
    return pauseClock()?.isPaused ? Math.max(left, lookMs) : left;
  }
}

const unpausedNow = (): number => performance.now() - (pauseClock()?.pausedMs ?? 0);

/** Calls back after `ms` in which no thread was paused. Returns what ends the waiting. */
export function afterUnpaused(ms: number, callback: () => void): () => void {
  const deadline = new Deadline(ms);
  let timer = setTimeout(check, ms);
  function check() {
    // A timer may be early by less than this.
    if (deadline.leftMs < 1) callback();
    else timer = setTimeout(check, deadline.sleepMs);
  }
  return () => clearTimeout(timer);
}
