/** A traced recording: what it costs, how fast it becomes a picture, and whether it names the right thread. */
import { pbkdf2 } from "node:crypto";
import { readFile, stat } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import {
  concurrencyChart,
  gather,
  ThreadPoolExecutor,
  type ThreadProfile,
  Timeline,
  type TimelineTask,
  type TimelineTrace,
} from "kernel-helpers";
import { median, medians } from "./measure.ts";
import { type Row, row } from "./row.ts";

export const name = "xray";

const require = createRequire(import.meta.url);
const timing = join(dirname(require.resolve("kernel-helpers")), "timing");
const rounds = 7;

export async function bench(): Promise<Row[]> {
  return [
    ...(await costOfComputing()),
    ...(await costOfItem()),
    ...(await toPicture()),
    ...(await rightThread()),
  ];
}

/** Fixed pieces of work, so that what they take longer is what the recording costs. */
function compute(steps: number): number {
  let sum = 0;
  for (let i = 0; i < steps; i++) sum += Math.sqrt(i);
  return sum;
}
/** Collects garbage thousands of times a second; each collection is three events of Node. */
function litter(steps: number): number {
  let sum = 0;
  for (let i = 0; i < steps; i++) sum += Math.sqrt(i) * [i, sum].length;
  return sum;
}

/** In ms; CPU time is what counts, for wall time is also what else the machine does. */
async function spent(work: () => Promise<unknown>): Promise<{ cpu: number; wall: number }> {
  const [before, from] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1000, wall: performance.now() - from };
}

/** The wall time of candidates whose CPU time is compared. */
class Wall {
  readonly #samples = new Map<string, number[]>();

  beside(name: string, work: () => Promise<unknown>): () => Promise<number[]> {
    return async () => {
      const { cpu, wall } = await spent(work);
      this.#samples.set(name, [...(this.#samples.get(name) ?? []), wall]);
      return [cpu];
    };
  }

  /** In ms, without the first turn. */
  median(name: string): number {
    return median(this.#samples.get(name)!.slice(1));
  }
}

async function costOfComputing(): Promise<Row[]> {
  const pool = new ThreadPoolExecutor({ maxWorkers: 2, threadNamePrefix: "bench" });
  await gather([1, 2].map(() => pool.submit(compute, 2_000_000)));
  const rows: Row[] = [];
  for (const [work, goal] of [
    [compute, "at most 3 %"],
    [litter, "reported"],
  ] as const) {
    const { cpu: ms } = await spent(() => pool.submit(work, 20_000_000));
    const steps = Math.round((20_000_000 / ms) * 1000);
    const cell = () => gather([1, 2].map(() => pool.submit(work, steps)));
    const wall = new Wall();
    const cpu = await medians(5, {
      bare: wall.beside("bare", cell),
      recorded: wall.beside("recorded", () => Timeline.record(cell)),
      traced: wall.beside("traced", () => Timeline.record(cell, { trace: true })),
    });
    const what = work === compute ? "a second of computing on two threads" : "the same, full of garbage";
    for (const [how, aim] of [
      ["recorded", "about 0, as without a trace"],
      ["traced", goal],
    ] as const) {
      const more = (took: number, bare: number) => (100 * (took - bare)) / bare;
      rows.push(row(`${what}, ${how}: more CPU`, more(cpu[how], cpu.bare), null, "%", aim));
      const late = more(wall.median(how), wall.median("bare"));
      rows.push(row(`${what}, ${how}: longer`, late, null, "%", "reported: other work counts as well"));
    }
  }
  await pool.shutdown();
  return rows;
}

/** While the work runs, and what is left for the end: reading the events, on the loop's thread. */
async function costOfItem(): Promise<Row[]> {
  const items = 10_000;
  const work = async () => {
    for (let i = 0; i < items / 50; i++)
      await Promise.all(Array.from({ length: 50 }, () => promisify(stat)(".")));
  };
  const reading: number[] = [];
  const wall = new Wall();
  const cpu = await medians(rounds, {
    recorded: wall.beside("recorded", () => Timeline.record(work)),
    traced: async () => {
      const timeline = Timeline.start({ trace: true });
      const took = await wall.beside("traced", work)();
      reading.push((await spent(async () => timeline.stop())).cpu);
      return took;
    },
  });
  const each = (ms: number) => (ms * 1000) / items;
  const item = "an item of libuv's pool, traced: more CPU";
  return [
    row(item, each(cpu.traced - cpu.recorded), null, "µs", "at most 5 µs"),
    row(
      "the same: longer",
      each(wall.median("traced") - wall.median("recorded")),
      null,
      "µs",
      "reported: other work counts as well",
    ),
    row(`${item} at the end, to be read`, each(median(reading)), null, "µs", "reported"),
  ];
}

async function toPicture(): Promise<Row[]> {
  const { sortEvents } = require(join(timing, "trace", "node-events.js"));
  const { poolWorkOf } = require(join(timing, "trace", "pool-work.js"));
  const events = Array.from({ length: 25_000 }, (_, i) => fourEvents(i)).flat();
  const profiles = [profileOf("bench-0"), profileOf("bench-1")];
  const tasks: TimelineTask[] = ["bench-0", "bench-1"].map((thread, id) => {
    return { id: id + 1, name: "work", thread, queued: 0, started: 1, done: 999, blocked: [] };
  });
  let size = 0;
  const wall = new Wall();
  const samples: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const draw = async () => {
      const sorted = sortEvents(events, (us: number) => us / 1000);
      const { work: pool, threads: poolThreads } = poolWorkOf(sorted);
      const cost = { stretches: [], events: events.length, ofEvents: 0 };
      const trace: TimelineTrace = {
        ...sorted,
        pool,
        poolThreads,
        cpu: new Map(),
        cpuOfLoop: null,
        missing: [],
        clockError: 0,
        cost,
      };
      const timeline = { duration: 1000, events: [], tasks, blocks: [], marks: [], lost: 0, trace, profiles };
      const bundle = concurrencyChart(timeline, { flame: "bench-0", waits: true }).toMimeBundle();
      size = JSON.stringify(bundle).length / 1000;
    };
    samples.push(...(await wall.beside("draw", draw)()));
  }
  return [
    row(
      "100,000 events and two profiles to a picture, CPU",
      median(samples.slice(1)) / 1000,
      null,
      "s",
      "at most 0.8 s",
    ),
    row("the same, wall", wall.median("draw") / 1000, null, "s", "reported"),
    row("its mimebundle, spec and SVG", size, null, "KB", "at most 400 KB"),
  ];
}

/** A hash in a full pool, as Node tells of it. */
function fourEvents(i: number): object[] {
  const tid = 10 + (i % 4);
  const from = (i * 1_000_000) / 25_000;
  const event = (cat: string, ph: string, at: number, thread: number) => {
    return {
      cat: `node,node.threadpoolwork,${cat}`,
      name: "crypto",
      ph,
      ts: from + at,
      tts: from + at,
      tid: thread,
      id: `0x${i}`,
    };
  };
  return [
    event("node.threadpoolwork.async", "b", 0, 1),
    event("node.threadpoolwork.sync", "B", 5, tid),
    event("node.threadpoolwork.sync", "E", 150, tid),
    event("node.threadpoolwork.async", "e", 155, 1),
  ];
}

/** A second of a thread, a sample each ms, 400 functions. */
function profileOf(thread: string): ThreadProfile {
  const nodes = Array.from({ length: 400 }, (_, i) => ({
    id: i + 1,
    callFrame: {
      functionName: i === 0 ? "(root)" : `function${i}`,
      scriptId: "1",
      url: "file:///a.js",
      lineNumber: i,
      columnNumber: 0,
    },
    children: [2 * i + 2, 2 * i + 3].filter((child) => child <= 400),
  }));
  const samples = Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 399) + 2);
  return { thread, start: 0, nodes, samples, timeDeltas: samples.map(() => 1000) };
}

/** Whoever opens `/proc/thread-self` finds itself described in it. */
async function rightThread(): Promise<Row[]> {
  if (process.platform !== "linux") return [];
  const runs = 20;
  let [right, wrong] = [0, 0];
  for (let run = 0; run < runs; run++) {
    let opener = 0;
    const timeline = await Timeline.record(
      async () => {
        const hash = () => promisify(pbkdf2)("password", "salt", 60_000, 32, "sha256");
        const hashes = gather(Array.from({ length: 8 }, hash));
        opener = Number.parseInt((await promisify(readFile)("/proc/thread-self/stat", "utf8")) as string, 10);
        await hashes;
      },
      { trace: true },
    );
    const { pool, poolThreads } = timeline.trace!;
    const longest = pool
      .filter(({ kind }) => kind === "fs")
      .reduce((most, work) => (work.started - work.submitted > most.started - most.submitted ? work : most));
    const named = poolThreads.find((thread) => thread.name === longest.thread);
    if (named?.id === opener) right++;
    else if (named) wrong++;
  }
  return [
    row("readFile behind eight hashes, 20 runs: the right thread named", right, null, "runs", "20", true),
    row("the same: a wrong thread named", wrong, null, "runs", "0"),
  ];
}
