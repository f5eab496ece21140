/** The event loop's delay and the timeline: how right they are, and what they cost. */
import { readFile } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import {
  concurrencyChart,
  LoopMonitor,
  Timeline,
  type TimelineData,
  timeLoopBlocking,
  watchLoop,
} from "kernel-helpers";
import { median, medians } from "./measure.ts";
import { type Row, row } from "./row.ts";

export const name = "timing";

const require = createRequire(import.meta.url);
const recorderPath = join(dirname(require.resolve("kernel-helpers")), "timing", "recorder.js");
const rounds = 7;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function bench(): Promise<Row[]> {
  return [
    ...(await accuracy()),
    await idleBlocks(),
    await idleCost(),
    await costPerTurn(),
    ...(await watcher()),
    await eventCost(),
    ...specOfManyEvents(),
    showAgain(),
  ];
}

/** Holds the thread with JavaScript and says for how long it did. */
function spin(ms: number): number {
  const start = performance.now();
  while (performance.now() - start < ms);
  return performance.now() - start;
}

const inTimer = (work: () => void) => new Promise<void>((resolve) => setTimeout(() => resolve(work()), 5));
const inCallback = (work: () => void) =>
  new Promise<void>((resolve) => readFile(import.meta.filename, () => resolve(work())));

async function accuracy(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const ms of [5, 50, 500]) rows.push(await blockError(`a ${ms} ms block in a timer`, ms, inTimer));
  rows.push(await blockError("a 50 ms block in an input or output callback", 50, inCallback));
  return rows;
}

/** Ours beside Node's own histogram, sampled in each iteration, where it can: its longest sample is the block. */
async function blockError(
  what: string,
  ms: number,
  place: (work: () => void) => Promise<void>,
): Promise<Row> {
  const error = await medians(rounds, {
    ours: async () => {
      let truth = 0;
      const { longest } = await timeLoopBlocking(async () => {
        await sleep(10);
        await place(() => {
          truth = spin(ms);
        });
        await sleep(10);
      });
      return [Math.abs(longest - truth)];
    },
    peer: async () => {
      const histogram = monitorEventLoopDelay({ samplePerIteration: true });
      histogram.enable();
      await sleep(10);
      histogram.reset();
      let truth = 0;
      await place(() => {
        truth = spin(ms);
      });
      await sleep(10);
      histogram.disable();
      return [Math.abs(histogram.max / 1e6 - truth)];
    },
  });
  const goal = `at most ${Math.max(1.5, ms * 0.05)} ms`;
  return row(
    `${what}: error (peer: monitorEventLoopDelay, per iteration)`,
    error.ours,
    error.peer,
    "ms",
    goal,
  );
}

async function idleBlocks(): Promise<Row> {
  const counts: number[] = [];
  for (let round = 0; round < rounds; round++)
    counts.push((await timeLoopBlocking(() => sleep(300))).blocks.length);
  return row("blocks reported on an idle loop", median(counts), null, "blocks", "0");
}

/** What is used beyond an idle second without any monitor, in turn. */
async function idleCost(): Promise<Row> {
  const idle = async () => [await cpuOf(1000, () => () => {})];
  const cost = await medians(3, {
    idle,
    ours: async () => [
      await cpuOf(1000, () => {
        const monitor = new LoopMonitor();
        return () => monitor.stop();
      }),
    ],
    peer: async () => [
      await cpuOf(1000, () => {
        const histogram = monitorEventLoopDelay();
        histogram.enable();
        return () => histogram.disable();
      }),
    ],
  });
  const above = (ms: number) => Math.max(0, ms - cost.idle);
  return row(
    "LoopMonitor on an idle loop, CPU in a second (peer: monitorEventLoopDelay, 10 ms)",
    above(cost.ours),
    above(cost.peer),
    "ms",
    "at most 0.5 ms",
  );
}

async function cpuOf(ms: number, start: () => () => unknown): Promise<number> {
  const stop = start();
  await sleep(50);
  const before = process.cpuUsage();
  await sleep(ms);
  const { user, system } = process.cpuUsage(before);
  stop();
  return (user + system) / 1000;
}

/** What each turn of a busy loop takes longer while it is watched. */
async function costPerTurn(): Promise<Row> {
  const turns = 20_000;
  const blockedAt = require("blocked-at");
  const run = async () => {
    const start = performance.now();
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    return ((performance.now() - start) * 1000) / turns;
  };
  const time = await medians(rounds, {
    bare: async () => [await run()],
    ours: async () => {
      const monitor = new LoopMonitor();
      const time = await run();
      monitor.stop();
      return [time];
    },
    peer: async () => {
      const peer = blockedAt(() => {}, { threshold: 20 });
      const time = await run();
      peer.stop();
      return [time];
    },
  });
  return row(
    "a watched turn of a busy loop takes longer by (peer: blocked-at)",
    time.ours - time.bare,
    time.peer - time.bare,
    "µs",
    "below the peer",
  );
}

async function watcher(): Promise<Row[]> {
  const threshold = 20;
  const late: number[] = [];
  let named = 0;
  const watch = await watchLoop({
    threshold,
    onBlock({ frames, seenAfter, duration }) {
      if (frames[0]?.name !== "parseLog") return;
      named++;
      if (seenAfter !== null && seenAfter < duration) late.push(seenAfter - threshold);
    },
  });
  for (let round = 0; round < rounds; round++) {
    await sleep(80 + round * 3);
    await inTimer(() => parseLog(50));
  }
  await sleep(50);
  await watch.stop();
  const goal = "at most 15 ms";
  return [
    row("watcher: a 50 ms block is seen after its threshold by", median(late), null, "ms", goal),
    row("watcher: of 7 such blocks, seen with the right name", named, null, "blocks", "7", true),
  ];
}

function parseLog(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) JSON.parse('["a line", 1]');
}

async function eventCost(): Promise<Row> {
  const { recordEvent, recordTask, startRecording, stopRecording } = require(recorderPath);
  const events = 200_000;
  startRecording(1 << 16);
  const task = recordTask("measured");
  const cost = await medians(rounds, {
    ours: async () => [nanosecondsEach(events, () => recordEvent("started", task))],
    peer: async () => {
      const each = nanosecondsEach(events / 20, () => performance.mark("started"));
      performance.clearMarks();
      return [each];
    },
  });
  stopRecording();
  return row(
    "one event of the timeline (peer: performance.mark)",
    cost.ours,
    cost.peer,
    "ns",
    "at most 150 ns",
  );
}

function nanosecondsEach(times: number, call: () => void): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) call();
  return Number(process.hrtime.bigint() - start) / times;
}

/** From the ring to the spec, three events a task: what a live chart does at each update. */
function specOfManyEvents(): Row[] {
  const { recordEvent, recordTask } = require(recorderPath);
  const samples: number[] = [];
  let size = 0;
  for (let round = 0; round < rounds; round++) {
    const timeline = Timeline.start();
    for (let i = 0; i < 33_334; i++) {
      const task = recordTask(`t${i % 5}`);
      recordEvent("started", task);
      recordEvent("done", task);
    }
    const start = performance.now();
    const chart = concurrencyChart(timeline);
    samples.push(performance.now() - start);
    size = JSON.stringify(chart.toMimeBundle()).length / 1000;
    timeline.stop();
  }
  return [
    row("100,000 events of the ring to a spec", median(samples), null, "ms", "at most 300 ms"),
    row("its mimebundle, spec and SVG", size, null, "KB", "below 1000 KB"),
  ];
}

function showAgain(): Row {
  const samples: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const timeline = tasks(200 + round);
    const start = performance.now();
    concurrencyChart(timeline).toMimeBundle();
    samples.push(performance.now() - start);
  }
  return row(
    "200 tasks to a mimebundle, after the first",
    median(samples.slice(1)),
    null,
    "ms",
    "at most 150 ms",
  );
}

function tasks(count: number): TimelineData {
  const all = Array.from({ length: count }, (_, id) => {
    const started = 30 + Math.floor(id / 4) * 5 + (id % 4) / 4;
    const thread = `pool-${(id % 4) + 1}`;
    return { id, name: `t${id % 5}`, thread, queued: 2, started, done: started + 4, blocked: [] };
  });
  return { duration: 50 + (count / 4) * 5, events: [], tasks: all, blocks: [], marks: [], lost: 0 };
}
