import { performance } from "node:perf_hooks";
import { threadId } from "node:worker_threads";
import { msWithin, pauseClock } from "../inspector";
import { checkPositive } from "./checks";
import { DelayHistogram } from "./delay-histogram";
import { LoopProbe, Stretch } from "./loop-probe";
import { now } from "./recorder";

/** A stretch of time in which the event loop served nothing else, in ms; `start` since the measuring began. */
export interface LoopBlock {
  start: number;
  duration: number;
}

/** What was measured; all times in ms, on a clock that stands still while a debugger holds the thread. */
export interface LoopReport {
  /** How long was measured. */
  duration: number;
  /** The longest block, or 0 without any. */
  longest: number;
  /** Every block of at least the threshold, in order; the latest 10,000 of them. */
  blocks: LoopBlock[];
  /** Share of the time in which the loop ran callbacks, 0 to 1. */
  utilisation: number;
  /** The delay of an event that arrives at a random moment: half of all wait less than `p50`. */
  delay: { p50: number; p90: number; p99: number; max: number };
}

export interface LoopMonitorOptions {
  /** The shortest stretch that counts as a block, in ms. @default 2 */
  threshold?: number;
}

const defaultThreshold = 2;
const keptBlocks = 10_000;
// Shorter turns are counted as no delay: they are the work of an idle process.
const leastDelay = 0.1;

/**
 * Watches the event loop of this thread from `new LoopMonitor()` until `stop()`, at no cost while it idles.
 * A monitor that nobody holds any more stops by itself, so a cell may be run again.
 *
 * @throws RangeError if `threshold` is not a finite number above 0.
 */
export class LoopMonitor {
  readonly #began = now();
  readonly #utilisation = performance.eventLoopUtilization();
  readonly #tally: Tally;
  readonly #probe: LoopProbe;
  #final: LoopReport | undefined;

  constructor({ threshold = defaultThreshold }: LoopMonitorOptions = {}) {
    checkPositive("threshold", threshold, "ms");
    this.#tally = new Tally(this.#began, threshold);
    this.#probe = startProbe(new WeakRef(this), this.#tally);
  }

  /** What was measured until now, with the block that goes on, or until `stop()`. */
  report(): LoopReport {
    if (this.#final) return this.#final;
    const time = now();
    const duration = this.#tally.since(time);
    const { active, idle } = performance.eventLoopUtilization(this.#utilisation);
    const busy = active - (time - this.#began - duration);
    const utilisation = busy > 0 ? busy / (busy + idle) : 0;
    return { ...this.#tally.report(duration, this.#probe.current()), utilisation };
  }

  /** Ends the measuring and returns the report; called again, returns the same one. */
  stop(): LoopReport {
    this.#probe.stop();
    this.#final ??= this.report();
    return this.#final;
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

/** What a monitor has counted. */
class Tally {
  readonly #histogram = new DelayHistogram();
  readonly #blocks: LoopBlock[] = [];

  constructor(
    readonly began: number,
    readonly threshold: number,
  ) {}

  note(stretch: Stretch): void {
    this.#histogram.add(stretch.duration);
    this.#blocks.push(...this.#blocksOf([stretch]));
    if (this.#blocks.length > keptBlocks) this.#blocks.shift();
  }

  report(duration: number, goesOn: Stretch[]): Omit<LoopReport, "utilisation"> {
    const max = Math.max(this.#histogram.max, ...goesOn.map((stretch) => stretch.duration));
    const percentile = (p: number) => this.#histogram.percentile(p, duration);
    return {
      duration,
      longest: max >= this.threshold ? max : 0,
      blocks: [...this.#blocks, ...this.#blocksOf(goesOn)],
      delay: { p50: percentile(0.5), p90: percentile(0.9), p99: percentile(0.99), max },
    };
  }

  #blocksOf(stretches: Stretch[]): LoopBlock[] {
    return stretches
      .filter(({ duration }) => duration >= this.threshold)
      .map(({ start, duration }) => ({ start: this.since(start), duration }));
  }

  /** From the beginning to a moment. */
  since(time: number): number {
    const pauses = pauseClock()?.within(this.began, time) ?? [];
    const own = pauses.filter((pause) => pause.threadId === threadId);
    return time - this.began - msWithin({ start: this.began, end: time }, own);
  }
}

/** The probe holds its monitor weakly: the loop's own hook must not keep alive what a cell has let go. */
function startProbe(monitor: WeakRef<LoopMonitor>, tally: Tally): LoopProbe {
  const probe = new LoopProbe(Math.min(leastDelay, tally.threshold), (stretch) => {
    if (monitor.deref()) tally.note(stretch);
    else probe.stop();
  });
  return probe;
}

/**
 * Runs `work` and reports how it blocked the event loop of this thread; `value` is what `work` returned.
 * An error of `work` is thrown on. The report covers the time until the promise of `work` is settled.
 */
export async function timeLoopBlocking<T>(
  work: () => T,
  options: LoopMonitorOptions = {},
): Promise<LoopReport & { value: Awaited<T> }> {
  const monitor = new LoopMonitor(options);
  try {
    const value = await work();
    return { ...monitor.stop(), value };
  } finally {
    monitor.stop();
  }
}
