import {
  type Chart,
  callTree,
  concurrencyChart,
  Queue,
  sequenceChart,
  startBlockingPortal,
  Timeline,
  toThread,
  waitsOf,
} from "kernel-helpers";
import { afterEach, describe, expect, it } from "vitest";
import { idleWithin } from "../../kernel-helpers/timing/trace/profiler";
import { hash, profile, task, timeline, trace, traced, typical } from "./samples";
import { expectValidSpec, expectWellFormed } from "./schema";

const data = (chart: Chart) => chart.spec.datasets as { [name: string]: { [field: string]: unknown }[] };
const subtitle = (chart: Chart) => (chart.spec.title as { subtitle: string[] }).subtitle.join(" ");

afterEach(() => {
  delete process.env.KERNEL_HELPERS_LANGUAGE;
});

describe("the concurrency chart of a traced recording", () => {
  it("adds lanes for libuv's queue and its threads, with what Node does not tell left out where it is short", () => {
    const chart = concurrencyChart(traced);
    expectValidSpec(chart);
    expectWellFormed(chart.toSvg());
    expect(chart.toSvg()).toContain(">crypto</text>");
    const lanes = data(chart).lanes!.map(({ lane }) => lane);
    expect(lanes.slice(-3)).toEqual(["libuv queue", "libuv-1", "libuv-2"]);
    // Whether they are seen depends on the run: what two runs are compared by does not.
    expect((chart.spec.usermeta as { lanes: string[] }).lanes.join()).not.toContain("libuv");
    const onPool = data(chart).bars!.filter(({ lane }) => String(lane).startsWith("libuv-"));
    expect(onPool.map(({ lane, task: name, group, state }) => [lane, name, group, state])).toEqual([
      ["libuv-1", "crypto", "crypto", "running"],
      ["libuv-2", "crypto", "crypto", "running"],
      ["libuv-1", "crypto", "crypto", "running"],
      ["libuv-2", "open page.html", "fs", "within"],
    ]);
    expect(subtitle(chart)).toContain("1 short calls of files and names are not drawn");
  });

  it("marks collections on their thread's lane, and draws and prints what the recording itself took", () => {
    const chart = concurrencyChart(traced);
    expect(data(chart).collections).toMatchObject([{ lane: "pool-1", start: 50, end: 52, times: 1 }]);
    expect(data(chart).costs).toEqual([{ start: 0, end: 4, ms: 4 }]);
    for (const said of [
      "took 4 ms of the loop",
      "40 events at most 0.2 ms",
      "clocks agree to 0.02 ms",
      "3 events lost",
    ])
      expect(subtitle(chart)).toContain(said);
  });

  it("says in its alt text who waited longest for libuv", () => {
    expect(concurrencyChart(traced).description).toContain(
      "libuv: 5 items on 2 threads, the longest wait 58 ms: open page.html for libuv-2.",
    );
  });

  it("shows which part of its time on a thread a task had a core, in the bar, the legend, the alt text", () => {
    const cpu = new Map([
      [1, 82],
      [2, 100],
    ]);
    const chart = concurrencyChart({ ...traced, trace: { ...trace, cpu } });
    expectValidSpec(chart);
    expectWellFormed(chart.toSvg());
    const shares = data(chart).bars!.map(({ task: name, state, share }) => `${name} ${state} ${share}`);
    expect(shares.filter((line) => line.includes("running"))).toEqual([
      "sum running 0.5",
      "parse running 1",
      "parse running 1",
      ...["hash", "parse", "crypto", "crypto", "crypto"].map((name) => `${name} running undefined`),
    ]);
    expect(shares.filter((line) => !/running|undefined/.test(line))).toEqual([]);
    expect(subtitle(chart)).toContain("height of the solid part: share of the time on a core");
    expect(chart.description).toContain(
      "While they ran on their threads, tasks had a core for 66 % of the time, sum for 50 %.",
    );
    const without = concurrencyChart({ ...traced, trace: { ...trace, cpu: new Map() } });
    expect(subtitle(without)).not.toContain("share of the time");
    expect(without.description).not.toContain("had a core");
  });

  it("does not share out among tasks of one thread what they have had together", () => {
    const tasks = [task(1, "a", { started: 10, done: 100 }), task(2, "b", { started: 50, done: 60 })];
    const cpu = new Map([
      [1, 90],
      [2, 90],
    ]);
    const chart = concurrencyChart({ ...traced, tasks, trace: { ...trace, cpu } });
    expect(data(chart).bars!.filter(({ share }) => share !== undefined)).toEqual([]);
  });

  it("says what was asked for and not recorded, and draws the rest", () => {
    const chart = concurrencyChart({ ...typical, missing: ["the CPU profile of pool-1, which has ended"] });
    expectValidSpec(chart);
    expect(subtitle(chart)).toContain("not recorded: the CPU profile of pool-1, which has ended");
  });

  it("is in Russian in the Russian edition", () => {
    process.env.KERNEL_HELPERS_LANGUAGE = "ru";
    const chart = concurrencyChart(traced, { waits: true, flame: "pool-1" });
    expectValidSpec(chart);
    expect(subtitle(chart)).toContain("сборка мусора");
    expect(chart.description).toContain("самое долгое ожидание — 58 мс");
    expect(JSON.stringify(chart.spec.vconcat)).toContain("Кто кого ждал");
  });

  it("has a thousand workers and ten thousand items in one picture of bounded size", () => {
    const tasks = Array.from({ length: 1000 }, (_, id) => task(id + 1, `job ${id}`, { thread: `w-${id}` }));
    const pool = Array.from({ length: 10_000 }, (_, i) =>
      hash(`libuv-${(i % 2) + 1}`, i / 100, i / 100, i / 100 + 0.01),
    );
    const chart = concurrencyChart({ ...traced, tasks, trace: { ...trace, pool } });
    expectValidSpec(chart);
    expect(JSON.stringify(chart.toMimeBundle()).length).toBeLessThan(400_000);
    const lanes = data(chart).lanes!.map(({ lane }) => lane);
    expect(lanes).toHaveLength(2 + 40 + 2);
    expect(lanes).toContain("961 more threads");
    expect(chart.description).toContain("1,000 tasks on 1,000 threads");
    expect(data(chart).bars!.filter(({ lane }) => lane === "961 more threads")).toMatchObject([
      { task: "several tasks", state: "running", start: 10, end: 20 },
    ]);
  });

  it("has one lane for all but the busiest of libuv's threads where they are very many", () => {
    const threads = Array.from({ length: 128 }, (_, i) => ({ name: `libuv-${i + 1}`, id: i }));
    const pool = threads.map(({ name }, i) => hash(name, 0, 10 + i / 10, 200 - i));
    const collections = [{ thread: "w-999", kind: "minor" as const, start: 12, end: 13 }];
    const tasks = Array.from({ length: 1000 }, (_, id) => task(id + 1, "job", { thread: `w-${id}` }));
    const chart = concurrencyChart({
      ...traced,
      tasks,
      trace: { ...trace, pool, poolThreads: threads, collections },
    });
    expectValidSpec(chart);
    expectWellFormed(chart.toSvg());
    const lanes = data(chart).lanes!.map(({ lane }) => String(lane));
    expect(lanes.filter((lane) => lane.includes("libuv"))).toEqual([
      "libuv queue",
      ...threads.slice(0, 15).map(({ name }) => name),
      "113 more of libuv",
    ]);
    expect(data(chart).bars!.filter(({ lane }) => lane === "113 more of libuv")).toMatchObject([
      { task: "crypto", group: "crypto", start: 11.5, end: 185 },
    ]);
    expect(chart.description).toContain("libuv: 128 items on 128 threads");
    expect(data(chart).collections).toMatchObject([{ lane: "961 more threads" }]);
  });
});

describe("a flame graph below the lanes", () => {
  it("has the functions over the chosen stretch, the longest first, Node's own folded into their caller", () => {
    const tree = callTree(profile, 0, 100);
    expect(tree.calls.map(({ name, total, self }) => [name, total, self])).toEqual([["report", 40, 10]]);
    expect(tree.calls[0]!.calls.map(({ name, total }) => [name, total])).toEqual([
      ["parse", 20],
      ["sort", 10],
    ]);
    expect(tree.self).toBe(10);
    expect(callTree(profile, 30, 35).calls[0]!.calls.map(({ name, total }) => [name, total])).toEqual([
      ["parse", 5],
    ]);
  });

  it("is drawn as bars within its caller's, with the alt text's longest function", () => {
    const chart = concurrencyChart(traced, { flame: { thread: "pool-1", from: 0, to: 100 } });
    expectValidSpec(chart);
    expectWellFormed(chart.toSvg());
    expect(data(chart).functions!.map(({ name, from, to, depth }) => [name, from, to, depth])).toEqual([
      ["report", 0, 40, 0],
      ["parse", 0, 20, 1],
      ["sort", 20, 30, 1],
      ["(Node and packages)", 40, 50, 0],
    ]);
    expect(chart.description).toContain(
      "What pool-1 computed from 0 to 100 ms: 50 ms in all: most of it in parse 20 ms.",
    );
  });

  it("does not count what a debugger held the thread for", () => {
    const held = idleWithin(profile, [{ start: 25, end: 1000 }]);
    const tree = callTree(held, 0, 2000);
    expect(tree.calls.map(({ name, total }) => [name, total])).toEqual([["report", 5]]);
    // What was computed when the pause began goes on after it, until the next sample.
    const [cut] = callTree(idleWithin(profile, [{ start: 32, end: 38 }]), 0, 100).calls;
    expect(cut!.total).toBeCloseTo(34);
    expect(cut!.calls[0]).toMatchObject({ name: "parse", total: expect.closeTo(14) });
  });

  it("of an idle thread is empty, and says so", () => {
    const idle = { ...profile, samples: [2, 2], timeDeltas: [1000, 90_000] };
    const chart = concurrencyChart({ ...traced, profiles: [idle] }, { flame: "pool-1" });
    expectValidSpec(chart);
    expectWellFormed(chart.toSvg());
    expect(chart.description).toContain("0 ms in all.");
  });

  it("survives a profile whose clock jumps and whose nodes are missing", () => {
    const broken = { ...profile, samples: [99, 3, 4], timeDeltas: [1000, -50_000, 10_000] };
    expect(callTree(broken, 0, 100).total).toBeGreaterThanOrEqual(0);
  });

  it("names the threads that have a profile where the one asked for has none", () => {
    expect(() => concurrencyChart(traced, { flame: "pool-9" })).toThrow(
      'no CPU profile of "pool-9". It has those of "pool-1".',
    );
    expect(() => concurrencyChart(typical, { flame: "pool-1" })).toThrow("Record with { cpuProfile: true }");
    expect(() => concurrencyChart(traced, { flame: { thread: "pool-1", from: 90, to: 10 } })).toThrow(
      RangeError,
    );
  });
});

describe("who waited for whom", () => {
  const calls = timeline({
    tasks: [
      task(1, "report", {
        queued: 0,
        started: 5,
        done: 90,
        blocked: [
          { start: 20, end: 50 },
          { start: 60, end: 70 },
        ],
      }),
      task(2, "price", { thread: "event loop", caller: 1, queued: 21, started: 30, done: 49 }),
      task(3, "next", { queued: 10, started: 90, done: 95 }),
    ],
    trace,
  });

  it("names the task that held the thread, the call that was answered, the work before on libuv's thread", () => {
    const waits = waitsOf(calls).map(({ who, where, reason, for: name, on, start, end }) => {
      return `${who} in ${where}: ${reason} ${name} ${on} ${end - start}`;
    });
    expect(waits).toEqual([
      "next in queue: thread report pool-1 80",
      "open page.html in libuv queue: thread crypto libuv-2 58",
      "crypto in libuv queue: thread crypto libuv-1 50",
      "report in pool-1: answer price event loop 30",
      "report in pool-1: unknown   10",
      "price in queue: loop  event loop 9",
      "report in queue: thread  pool-1 5",
      "crypto in libuv queue: thread  libuv-2 1",
    ]);
    expect(waitsOf(calls, 40)).toHaveLength(3);
  });

  it("is a table at the foot of the chart, and in its text", () => {
    const chart = concurrencyChart(calls, { waits: true });
    expectValidSpec(chart);
    expectWellFormed(chart.toSvg());
    expect(data(chart).waits![0]).toMatchObject({ who: "next (queue)", for: "report (pool-1)", ms: "80 ms" });
    expect(String(chart)).toContain("next (queue) ← report (pool-1)");
    expect(data(concurrencyChart(timeline(), { waits: true })).waits).toMatchObject([
      { who: "Nobody waited for 1 ms or longer." },
    ]);
  });

  it("does not count what a debugger held whoever waited or was waited for, and says so", () => {
    const held = { ...calls, pauses: [{ thread: "event loop", start: 25, end: 45 }] };
    expect(waitsOf(held).find(({ who }) => who === "report")).toMatchObject({ reason: "answer", paused: 20 });
    const chart = concurrencyChart(held, { waits: true });
    expectValidSpec(chart);
    expect(data(chart).waits!.find(({ for: of }) => String(of).includes("price"))).toMatchObject({
      ms: "10 ms",
    });
    expect(String(chart)).toMatch(/Who waited for whom \(without \d+ ms in the debugger\)/);
  });

  it("goes on to the end where the wait does", () => {
    const waiting = timeline({
      tasks: [task(1, "stuck", { queued: 5, started: null, thread: null, done: null })],
    });
    expect(waitsOf(waiting)).toMatchObject([{ who: "stuck", start: 5, end: 205 }]);
  });
});

it("draws an arrow from the loop to each task's start, where asked to", () => {
  const kinds = (options: object) => data(concurrencyChart(typical, options)).arrows!.map(({ kind }) => kind);
  expect(kinds({ messages: true })).toEqual(["start", "start", "start", "start"]);
  expect(kinds({})).toEqual([]);
});

describe("the sequence diagram of a recording", () => {
  const said = (chart: Chart) =>
    data(chart).messages!.map(({ from, to, label, kind }) => `${from} → ${to} ${label} (${kind})`);

  it("has the items of queues from who put them to who took them, in both directions", async () => {
    const down = new Queue<number>();
    const up = new Queue<number>();
    const recorded = await Timeline.record(
      async () => {
        const doubled = toThread(() => {
          for (const item of down.syncQ) up.syncQ.put(item * 2);
          up.close();
        });
        for (const item of [1, 2]) await down.asyncQ.put(item);
        down.close();
        const got: number[] = [];
        for await (const item of up.asyncQ) got.push(item);
        expect(got).toEqual([2, 4]);
        await doubled;
      },
      { trace: true },
    );
    expect(recorded.items).toHaveLength(4);
    for (const { put, taken } of recorded.items) expect(taken!).toBeGreaterThanOrEqual(put);
    const chart = sequenceChart(recorded);
    expectValidSpec(chart);
    expectWellFormed(chart.toSvg());
    expect(said(chart).filter((line) => line.startsWith("0 → 1"))).toHaveLength(2);
    expect(said(chart).filter((line) => line.startsWith("1 → 0"))).toHaveLength(2);
    expect(chart.description).toContain("4 items between threads");
    const arrows = data(concurrencyChart(recorded, { messages: true })).arrows!;
    expect(arrows.filter(({ kind }) => kind === "item")).toHaveLength(4);
  });

  it("does not number items that nobody traces, nor leaves a number on one that outlives its recording", async () => {
    const queue = new Queue<object>();
    await Timeline.record(async () => queue.asyncQ.put({ traced: true }), { trace: true });
    const plain = await Timeline.record(async () => {
      await queue.asyncQ.put({ traced: false });
      expect(await queue.asyncQ.get()).toEqual({ traced: true });
    });
    expect(await queue.asyncQ.get()).toEqual({ traced: false });
    expect(plain.items.filter(({ put }) => put !== null)).toEqual([]);
  });

  it("leaves an item of the reader's alone that looks as if it had a number", async () => {
    const item = { "kernel-helpers.item": 7, value: "mine" };
    const queue = new Queue<object>();
    await queue.asyncQ.put(item);
    await Timeline.record(() => queue.asyncQ.put(item), { trace: true });
    await toThread(() => queue.syncQ.put({ "kernel-helpers.item": 8, value: "worker's" }));
    const got = [await queue.asyncQ.get(), queue.asyncQ.getNowait(), await queue.asyncQ.get()];
    expect(got).toEqual([item, item, { "kernel-helpers.item": 8, value: "worker's" }]);
  });

  it("has a portal's calls and their results, where tasks are asked for", async () => {
    const portal = startBlockingPortal();
    const recorded = await Timeline.record(() => {
      expect(portal.call((x: number) => x + 1, 1)).toBe(2);
    });
    portal.stop();
    const chart = sequenceChart(recorded, { tasks: true });
    expectValidSpec(chart);
    const [call, answer] = said(chart);
    expect(call).toMatch(/^0 → 1 .*\(call\)$/);
    expect(answer).toMatch(/^1 → 0 .*\(answer\)$/);
    expect(said(sequenceChart(recorded))).toEqual([]);
  });

  it("draws the first 40 of very many", () => {
    const items = Array.from({ length: 100 }, (_, id) => ({
      id,
      from: "event loop",
      put: id,
      to: "pool-1",
      taken: id,
    }));
    const chart = sequenceChart({ ...typical, items });
    expect(said(chart)).toHaveLength(40);
    expect(chart.spec.title).toMatchObject({ subtitle: "the first 40 of 100" });
  });
});
