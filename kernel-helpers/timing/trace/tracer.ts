import { OwnThreadSession } from "../../inspector";
import { now, threadName } from "../recorder";
import { categories, clockOffset, markPrefix, type NodeEvent, type Pair, sortEvents } from "./node-events";
import { type PoolThread, type PoolWork, poolWorkOf } from "./pool-work";
import { ThreadCpu } from "./thread-cpu";
import { endMark, newSilentConsole, startMark } from "./thread-marks";

/** A garbage collection, which stops its thread; times in ms since the recording began. */
export interface Collection {
  thread: string;
  /** "minor": of the young objects; "major": of all. */
  kind: "minor" | "major";
  start: number;
  end: number;
}

/** What a recording has cost, in ms on the event loop's thread. */
export interface TraceCost {
  /** When it was busy with itself: starting, reading, stopping. */
  stretches: { start: number; duration: number }[];
  /** The events of Node, and what they and the readings of CPU time took at most, by what one of them takes. */
  events: number;
  ofEvents: number;
}

/** What Node's own tracing adds to a timeline; times in ms since the recording began. */
export interface TimelineTrace {
  /** Work on the threads of libuv's pool, by submission. */
  pool: PoolWork[];
  poolThreads: PoolThread[];
  collections: Collection[];
  /** CPU time of tasks, in ms, by their ids; of tasks that share their thread, of all of them together. */
  cpu: Map<number, number>;
  /** CPU time of the event loop's thread, in ms. */
  cpuOfLoop: number | null;
  /** What this Node does not tell, or failed to; a sentence each. */
  missing: string[];
  /** Events that Node's tracing dropped, as far as their other halves show it. */
  lost: number;
  /** The most by which Node's clock and that of the timeline may differ, in ms. */
  clockError: number;
  cost: TraceCost;
}

let recordings = 0;

/** Records with Node's own tracing from its construction on; on the main thread alone. */
export class Tracer {
  readonly #events: NodeEvent[] = [];
  readonly #missing: string[] = [];
  readonly #cost: TraceCost = { stretches: [], events: 0, ofEvents: 0 };
  readonly #number = ++recordings;
  /** When this thread left its mark, by the timeline's clock. */
  #marked = { from: 0, to: 0 };
  #session: OwnThreadSession | undefined;
  readonly #cpu: ThreadCpu;
  #eventMs = 0;

  constructor(private readonly began: number) {
    const from = now();
    this.#cpu = new ThreadCpu(began);
    try {
      this.#session = this.#start();
    } catch (error) {
      this.#missing.push(`Node's tracing: ${(error as Error).message}`);
    }
    if (this.#session) {
      this.#eventMs = measureEvent();
      const before = now();
      startMark(0, -this.#number);
      this.#marked = { from: before, to: now() };
    }
    this.#note(from);
  }

  /** To be called at each turn of the loop, when it has taken what had arrived. */
  turn(): void {
    this.#cpu.read();
  }

  stop(): TimelineTrace {
    const from = now();
    this.turn();
    if (this.#session) {
      endMark(0, -this.#number);
      this.#session.ask("NodeTracing.stop");
      this.#session.close();
      this.#session = undefined;
    }
    const trace = this.#read();
    this.#note(from);
    return trace;
  }

  #start(): OwnThreadSession {
    const session = new OwnThreadSession();
    session.on("NodeTracing.dataCollected", ({ value }: { value: NodeEvent[] }) => {
      const from = now();
      // As arguments of one call, 65,000 events would fill the stack.
      for (const event of value) this.#events.push(event);
      this.#note(from);
    });
    try {
      session.ask("NodeTracing.start", { traceConfig: { includedCategories: categories } });
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  #note(from: number): void {
    this.#cost.stretches.push({ start: from - this.began, duration: now() - from });
  }

  #read(): TimelineTrace {
    const mark = `time::${markPrefix}0 -${this.#number}`;
    const { offset, error } = clockOffset(this.#events.find(({ name }) => name === mark)?.ts, this.#marked);
    const toMs = (us: number) => Math.max(0, us / 1000 + offset - this.began);
    const sorted = sortEvents(this.#events, toMs);
    const named = this.#threadNames(sorted.marks);
    const readings = this.#cpu.stop();
    const { work, threads } = poolWorkOf(sorted, { cpu: offset === 0 ? readings : undefined });
    this.#cost.events = this.#events.length;
    this.#cost.ofEvents = this.#events.length * this.#eventMs + this.#cpu.cost;
    const ended = sorted.marks.filter(({ end }) => Number.isFinite(end));
    const own = ended.find(({ name }) => name === mark);
    return {
      pool: work,
      poolThreads: threads,
      collections: collectionsOf(sorted.collections, named),
      cpu: new Map(ended.map(({ name, cpu }) => [taskOf(name), cpu] as const).filter(([task]) => task > 0)),
      cpuOfLoop: own?.cpu ?? null,
      missing: [...this.#missing],
      lost: sorted.lost,
      clockError: error,
      cost: this.#cost,
    };
  }

  /** By the marks of tasks, and by the name that Node gives a thread which starts meanwhile. */
  #threadNames(marks: Pair[]): Map<number, string> {
    const names = new Map<number, string>();
    for (const { ph, name, tid, args } of this.#events) {
      const id = ph === "M" && name === "thread_name" && /^\[worker (\d+)\]/.exec(args?.name ?? "")?.[1];
      if (id) names.set(tid, threadName(Number(id)));
    }
    for (const { name, tid } of marks)
      names.set(tid, threadName(Number(name.slice("time::".length + markPrefix.length).split(" ")[0])));
    return names;
  }
}

/** Of a mark; below 0 for one of a recording itself. */
function taskOf(mark: string): number {
  return Number(mark.split(" ").at(-1));
}

function collectionsOf(pairs: Pair[], named: Map<number, string>): Collection[] {
  return pairs
    .filter(({ tid, end }) => named.has(tid) && Number.isFinite(end))
    .map(({ tid, name, start, end }) => ({
      thread: named.get(tid)!,
      kind: name === "MajorGC" ? ("major" as const) : ("minor" as const),
      start,
      end,
    }))
    .sort((a, b) => a.start - b.start);
}

/** What an event costs on this machine at most, in ms: a mark takes more than an event of Node's own. */
function measureEvent(): number {
  const times = 32;
  const silent = newSilentConsole();
  const from = now();
  for (let i = 0; i < times; i++) silent.time(`kernel-helpers: what an event costs ${i}`);
  return (now() - from) / times;
}
