import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { threadId } from "node:worker_threads";
import { msWithin, pauseClock, type Span } from "../inspector";
import { now } from "./recorder";

/**
 * A stretch of time in which the loop ran callbacks without asking for new events.
 * `start` in ms on the clock of `now`, `duration` in ms, without what a debugger held the thread for.
 */
export interface Stretch {
  start: number;
  duration: number;
}

/**
 * Watches every turn of this thread's event loop, without waking it.
 *
 * An unref'd immediate runs in the check phase of each turn and never keeps the loop turning, so an idle
 * loop costs nothing. Between two checks the loop ran callbacks and waited in poll; libuv counts the
 * waiting (`performance.nodeTiming.idleTime`), and the rest was busy. `onBusy` hears of stretches of at
 * least `least` ms.
 */
export class LoopProbe {
  #last = now();
  #lastIdle = performance.nodeTiming.idleTime;
  #lastEvents = polledEvents();
  #running = true;
  readonly #clock = pauseClock();
  #pausesBegun = this.#clock?.changes ?? 0;
  readonly #beforePoll = sampleBeforePoll();
  readonly #check = (): void => {
    if (!this.#running) return;
    this.#sample();
    setImmediate(this.#check).unref();
  };

  constructor(
    readonly least: number,
    readonly onBusy: (stretch: Stretch) => void,
    /** Hears of every turn, with its time. */
    readonly onTurn: (time: number) => void = () => {},
  ) {
    setImmediate(this.#check).unref();
  }

  /** The stretch that goes on, if it is long enough to count by now; its end is not yet known. */
  current(): Stretch[] {
    if (!this.#running) return [];
    return this.#since(now(), performance.nodeTiming.idleTime);
  }

  stop(): void {
    if (!this.#running) return;
    // First of all: `onBusy` may be what stops it.
    this.#running = false;
    this.#sample();
    this.#beforePoll.disable();
  }

  /** Counts what was busy since the last check. */
  #sample(): void {
    const time = now();
    const idle = performance.nodeTiming.idleTime;
    this.onTurn(time);
    for (const stretch of this.#since(time, idle)) this.onBusy(stretch);
    if (time - this.#last - (idle - this.#lastIdle) >= this.least / 8) this.#beforePoll.reset();
    this.#last = time;
    this.#lastIdle = idle;
    this.#lastEvents = polledEvents();
    this.#pausesBegun = this.#clock?.changes ?? 0;
  }

  /** What a debugger held this thread for since the last check. */
  #pauses(time: number): Span[] {
    if (!this.#clock || this.#clock.changes === this.#pausesBegun) return [];
    return this.#clock.within(this.#last, time).filter((pause) => pause.threadId === threadId);
  }

  /** A turn that waited in poll was busy before it (timers, immediates), after it (input, output), or both. */
  #since(time: number, idle: number): Stretch[] {
    const waited = idle - this.#lastIdle;
    const busy = time - this.#last - waited;
    if (busy < this.least) return [];
    const before = waited < 0.05 ? busy : this.#busyBeforePoll(busy);
    const after = busy - before;
    const pauses = this.#pauses(time);
    return [
      { start: this.#last, end: this.#last + before },
      { start: time - after, end: time },
    ]
      .map((span) => ({ start: span.start, duration: span.end - span.start - msWithin(span, pauses) }))
      .filter(({ duration }) => duration >= this.least);
  }

  /**
   * Where Node samples each iteration, its sample is the time from check to poll; it alone would miss
   * what runs after poll. An older Node tells only whether poll brought events: none, and all was before.
   */
  #busyBeforePoll(busy: number): number {
    if (polledEvents() === this.#lastEvents) return busy;
    if (this.#beforePoll.count === 0) return 0;
    return Math.min(busy, this.#beforePoll.max / 1e6);
  }
}

function polledEvents(): number {
  return performance.nodeTiming.uvMetricsInfo?.events ?? Number.NaN;
}

/** An older Node does not know `samplePerIteration` and would wake the loop: hence a resolution of 12 days. */
function sampleBeforePoll(): ReturnType<typeof monitorEventLoopDelay> {
  const histogram = monitorEventLoopDelay({ samplePerIteration: true, resolution: 1 << 30 });
  histogram.enable();
  return histogram;
}
