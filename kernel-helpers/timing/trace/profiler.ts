import { attachWorkers, OwnThreadSession, pauseClock, type Span, type WorkerSession } from "../../inspector";
import { isNamed, now, threadName } from "../recorder";
import { clockOffset } from "./node-events";

/** A node of a profile's call tree, as in a `.cpuprofile` file; lines and columns count from 0. */
export interface ProfileNode {
  id: number;
  callFrame: {
    functionName: string;
    scriptId: string;
    url: string;
    lineNumber: number;
    columnNumber: number;
  };
  children?: number[];
}

/** What a thread computed, by samples of its stack. */
export interface ThreadProfile {
  thread: string;
  /** When the first interval begins, in ms since the recording began. */
  start: number;
  nodes: ProfileNode[];
  /** The innermost function of each sample, by the id of its node. */
  samples: number[];
  /** µs from the sample before, of the first one from `start`. */
  timeDeltas: number[];
}

export interface CpuProfileOptions {
  /** ms between two samples. @default 1 */
  interval?: number;
}

interface RawProfile extends Omit<ThreadProfile, "thread" | "start"> {
  startTime: number;
}

/** A thread that waits in the system or in `Atomics.wait` answers when that is over: for no longer is it waited. */
const patience = 1000;

/** Profiles the event loop's thread and every worker of this package, those that start meanwhile as well. */
export class CpuProfiler {
  readonly profiles: ThreadProfile[] = [];
  readonly missing: string[] = [];
  #own: OwnThreadSession | undefined;
  readonly #workers = new Map<WorkerSession, { from: number; to: number }>();
  readonly #interval: number;
  #loop = { from: 0, to: 0 };
  #began = 0;
  /** ms of the loop's thread. */
  cost = 0;

  constructor({ interval = 1 }: CpuProfileOptions) {
    this.#interval = Math.max(1, Math.round(interval * 1000));
  }

  /** Resolves when the loop's thread is profiled and the workers have been asked. */
  async start(): Promise<void> {
    const attached = (worker: WorkerSession) => void this.#startIn(worker);
    const detached = (worker: WorkerSession) => {
      if (this.#workers.delete(worker))
        this.missing.push(`the CPU profile of ${threadName(worker.id)}, which has ended`);
    };
    const own = this.#connect();
    if (!own) return;
    try {
      await attachWorkers(own, { attached, detached });
    } catch (error) {
      this.missing.push(`CPU profiles of workers: ${(error as Error).message}`);
    }
    await this.#try(threadName(0), async () => {
      const from = now();
      for (const [method, params] of this.#commands()) own.ask(method, params);
      this.#loop = { from, to: now() };
      this.cost += now() - from;
    });
  }

  /** `began`: when the recording did; the profiles' times count from there. */
  async stop(began: number): Promise<void> {
    this.#began = began;
    const from = now();
    const { profile } = this.#loop.to > 0 ? this.#own!.ask("Profiler.stop") : {};
    if (profile) this.#keep(0, profile, this.#loop);
    this.cost += now() - from;
    await Promise.all([...this.#workers].map(([worker, window]) => this.#stopIn(worker, window)));
    this.#own?.close();
  }

  /** A Node that was built without the inspector has none. */
  #connect(): OwnThreadSession | undefined {
    try {
      this.#own = new OwnThreadSession();
    } catch (error) {
      this.missing.push(`CPU profiles: ${(error as Error).message}`);
    }
    return this.#own;
  }

  #commands(): [string, object][] {
    return [
      ["Profiler.enable", {}],
      ["Profiler.setSamplingInterval", { interval: this.#interval }],
      ["Profiler.start", {}],
    ];
  }

  async #startIn(worker: WorkerSession): Promise<void> {
    // The kernel's own threads, and those of other packages, are nobody's subject here.
    if (!isNamed(worker.id)) return worker.close();
    const window = { from: now(), to: Number.POSITIVE_INFINITY };
    this.#workers.set(worker, window);
    try {
      await Promise.all(this.#commands().map(([method, params]) => worker.post(method, params)));
      window.to = now();
    } catch {
      // It has ended, which `detached` says.
    }
  }

  async #stopIn(worker: WorkerSession, window: { from: number; to: number }): Promise<void> {
    const name = threadName(worker.id);
    await this.#try(name, async () => {
      const answer = await within(patience, worker.post("Profiler.stop"));
      if (!answer) throw new Error(`it did not answer within ${patience} ms`);
      this.#keep(worker.id, answer.profile, window);
    });
  }

  async #try(thread: string, work: () => Promise<void>): Promise<void> {
    await work().catch((error: Error) => {
      // One that ends while it is asked has said so.
      if (!this.missing.includes(`the CPU profile of ${thread}, which has ended`))
        this.missing.push(`the CPU profile of ${thread}: ${error.message}`);
    });
  }

  #keep(
    threadId: number,
    { startTime, nodes, samples, timeDeltas }: RawProfile,
    window: { from: number; to: number },
  ) {
    const { offset } = clockOffset(startTime, { ...window, to: Math.min(window.to, now()) });
    const start = startTime / 1000 + offset;
    const pauses = pauseClock()?.within(start, now()) ?? [];
    const own = pauses.filter((pause) => pause.threadId === threadId);
    const profile = { thread: threadName(threadId), start, nodes, samples, timeDeltas };
    this.profiles.push({ ...idleWithin(profile, own), start: start - this.#began });
  }
}

/** The profile of a thread that did nothing while a debugger held it; pauses on the clock of its `start`, in order. */
export function idleWithin(profile: ThreadProfile, pauses: Span[]): ThreadProfile {
  if (pauses.length === 0) return profile;
  const [root, ...others] = profile.nodes;
  const idle = Math.max(...profile.nodes.map(({ id }) => id)) + 1;
  const callFrame = { ...root!.callFrame, functionName: "(idle)" };
  let time = profile.start;
  const sampled = profile.timeDeltas.map((delta, index) => {
    time += delta / 1000;
    return { time, id: profile.samples[index]! };
  });
  // What was computed when a pause began goes on after it.
  const before = (time: number) => sampled.findLast((sample) => sample.time <= time)?.id ?? idle;
  const kept = sampled.filter(({ time }) => !pauses.some(({ start, end }) => start <= time && time <= end));
  const ends = pauses.flatMap(({ start, end }) => [
    { time: start, id: idle },
    { time: end, id: before(start) },
  ]);
  const all = [...kept, ...ends].sort((a, b) => a.time - b.time);
  return {
    ...profile,
    nodes: [{ ...root!, children: [...(root!.children ?? []), idle] }, ...others, { id: idle, callFrame }],
    samples: all.map(({ id }) => id),
    timeDeltas: all.map(({ time }, index) => 1000 * (time - (all[index - 1]?.time ?? profile.start))),
  };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
