import { pauseClock } from "../inspector";
import { checkPositive } from "./checks";
import { type Listening, listen } from "./listening";
import { LoopBlock } from "./loop-monitor";
import {
  countWritten,
  now,
  readEvents,
  recordRun,
  recordTask,
  startRecording,
  taskName,
  threadName,
} from "./recorder";
import { itemsOf, type TimelineEvent, type TimelineItem, type TimelineTask, tasksOf } from "./tasks";
import { type CpuProfileOptions, CpuProfiler, type ThreadProfile } from "./trace/profiler";
import { type TimelineTrace } from "./trace/tracer";

/** A moment that the reader named. */
export interface TimelineMark {
  time: number;
  name: string;
}

/** A stretch in which a debugger held a thread: neither work nor a block; times in ms since the recording began. */
export interface TimelinePause {
  thread: string;
  start: number;
  /** Of one that goes on: now, or the end of the recording. */
  end: number;
}

/** What the charts and the exports need of a timeline; a plain object of this shape does as well. */
export interface TimelineData {
  /** ms from the beginning to the end, or until now while it records. */
  duration: number;
  events: TimelineEvent[];
  tasks: TimelineTask[];
  /** The items that went through queues while the recording traced. */
  items?: TimelineItem[];
  blocks: LoopBlock[];
  marks: TimelineMark[];
  /** When a debugger held threads, in order. */
  pauses?: TimelinePause[];
  /** When the loop took a tick of `tickEvery`; ms since the recording began. */
  ticks?: number[];
  /** The shortest block of the loop that was noted, in ms. */
  threshold?: number;
  /** How many of the oldest events were overwritten because the ring was full. */
  lost: number;
  /** What Node's own tracing saw, where the recording asked for it. */
  trace?: TimelineTrace | undefined;
  /** What each thread computed, where the recording asked for it. */
  profiles?: ThreadProfile[];
  /** How long the loop's thread took to begin and end the profiles, in ms. */
  profileCost?: number;
  /** What was asked for and could not be recorded; a phrase each. */
  missing?: string[];
}

export interface TimelineOptions {
  /** The shortest block of the event loop that is noted, in ms; above 0. @default 2 */
  threshold?: number;
  /** How many events are kept, the latest ones; 24 bytes each. @default 2^18 */
  capacity?: number;
  /** Sets a timer on the loop that comes round every so many ms, drawn as dots: a blocked loop leaves a gap. @default no timer */
  tickEvery?: number;
  /**
   * Also records with Node's own tracing: what libuv's threads did, garbage collections, the CPU time of tasks, the way of items through queues. It is
   * there once the recording has stopped. Costs some 5 µs for each item of libuv's pool.
   * @default false
   */
  trace?: boolean;
}

export interface RecordOptions extends TimelineOptions {
  /**
   * Also samples, on each thread, which function computes. It is there once `record` has resolved; what a thread could
   * not give, `missing` names. Costs each thread some ten ms at its start, and a few per cent.
   * @default false
   */
  cpuProfile?: boolean | CpuProfileOptions;
}

/**
 * Records who ran where, on one clock over all threads, from `Timeline.start()` until `stop()`.
 * Executors leave the events of their tasks by themselves. Recordings may overlap; they then share the
 * memory of the first one, and its capacity.
 *
 * @throws RangeError if an option is not a finite number above 0.
 */
export class Timeline implements TimelineData {
  readonly #began = now();
  readonly #ring: { shared: SharedArrayBuffer; from: number };
  readonly #listening: Listening;
  readonly #marks: TimelineMark[] = [];
  readonly threshold: number;
  #ended: number | undefined;
  #read: ReadRing | undefined;
  #profiler: CpuProfiler | undefined;
  #pauses: TimelinePause[] | undefined;

  constructor({ threshold = 2, capacity = 1 << 18, tickEvery, trace = false }: TimelineOptions = {}) {
    checkPositive("threshold", threshold, "ms");
    checkPositive("capacity", capacity, "events");
    if (tickEvery !== undefined) checkPositive("tickEvery", tickEvery, "ms");
    this.threshold = threshold;
    this.#ring = startRecording(Math.ceil(capacity));
    this.#listening = listen(this.#began, threshold, tickEvery, trace ? this.#ring.shared : undefined);
    forgotten.register(this, this.#listening.end, this);
  }

  static start(options: TimelineOptions = {}): Timeline {
    return new Timeline(options);
  }

  /** Records while `work(timeline)` runs and returns the timeline; an error of `work` is thrown on. */
  static async record(
    work: (timeline: Timeline) => unknown,
    { cpuProfile = false, ...options }: RecordOptions = {},
  ): Promise<Timeline> {
    const asked = cpuProfile === true ? {} : cpuProfile || undefined;
    if (asked?.interval !== undefined) checkPositive("interval", asked.interval, "ms");
    const profiler = asked && new CpuProfiler(asked);
    // Before the recording begins: it takes each thread some ms.
    await profiler?.start();
    let timeline: Timeline | undefined;
    try {
      timeline = new Timeline(options);
      timeline.#profiler = profiler;
      await work(timeline);
      return timeline.stop();
    } finally {
      timeline?.stop();
      await profiler?.stop(timeline ? timeline.#began : now());
    }
  }

  /** Names this moment: a line across the chart. */
  mark(name: string): void {
    if (this.#ended === undefined) this.#marks.push({ time: now() - this.#began, name });
  }

  /** Runs `work` as a task on the event loop's own lane and returns its value. */
  async task<T>(name: string, work: () => T): Promise<Awaited<T>> {
    return await recordRun(recordTask(name), work);
  }

  /** Ends the recording; called again, changes nothing. */
  stop(): this {
    if (this.#ended !== undefined) return this;
    forgotten.unregister(this);
    this.#readRing();
    this.#ended = now();
    this.#pauses = this.pauses;
    this.#listening.end();
    return this;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  get duration(): number {
    return (this.#ended ?? now()) - this.#began;
  }

  get events(): TimelineEvent[] {
    return this.#readRing().events;
  }

  get tasks(): TimelineTask[] {
    return this.#readRing().tasks;
  }

  get items(): TimelineItem[] {
    return itemsOf(this.events);
  }

  get trace(): TimelineTrace | undefined {
    return this.#listening.trace();
  }

  get profiles(): ThreadProfile[] {
    return this.#profiler?.profiles ?? [];
  }

  get profileCost(): number {
    return this.#profiler?.cost ?? 0;
  }

  get missing(): string[] {
    return [...(this.trace?.missing ?? []), ...(this.#profiler?.missing ?? [])];
  }

  get lost(): number {
    return this.#readRing().lost;
  }

  /** The blocks of the event loop, in order; while it records, with the one that goes on. */
  get blocks(): LoopBlock[] {
    return [...this.#listening.blocks, ...this.#listening.goingOn()];
  }

  get marks(): TimelineMark[] {
    return [...this.#marks];
  }

  get pauses(): TimelinePause[] {
    if (this.#pauses) return this.#pauses;
    const until = this.#ended ?? now();
    const pauses = (pauseClock()?.within(this.#began, until) ?? []).filter(({ isSeen }) => isSeen);
    return pauses.map(({ threadId, start, end }) => ({
      thread: threadName(threadId),
      start: Math.max(0, start - this.#began),
      end: Math.min(until, end) - this.#began,
    }));
  }

  get ticks(): number[] {
    return [...this.#listening.ticks];
  }

  /** Reads the ring anew only when there is more in it. */
  #readRing(): ReadRing {
    if (this.#ended !== undefined && this.#read) return this.#read;
    const written = countWritten(this.#ring.shared);
    if (this.#read?.written !== written) this.#read = { written, ...this.#readNow() };
    return this.#read;
  }

  #readNow(): Omit<ReadRing, "written"> {
    const { events: ringEvents, lost } = readEvents(this.#ring.shared, this.#ring.from);
    const events = ringEvents.map(({ time, kind, task, thread }) => ({
      time: Math.max(0, time - this.#began),
      kind,
      task,
      name: taskName(task),
      thread: threadName(thread),
    }));
    return { events, lost, tasks: tasksOf(events) };
  }
}

/** Ends the recording of a timeline that nobody holds any more, as when its cell was run again. */
const forgotten = new FinalizationRegistry<() => void>((end) => end());

interface ReadRing {
  written: number;
  events: TimelineEvent[];
  lost: number;
  tasks: TimelineTask[];
}
