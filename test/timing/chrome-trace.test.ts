import {
  type ChromeTraceEvent,
  gather,
  runCoroutineThreadsafe,
  Timeline,
  type TimelineData,
  toChromeTrace,
  toThread,
} from "kernel-helpers";
import { describe, expect, it } from "vitest";
import { paused, profile, task, timeline, trace, traced, typical } from "../plots/samples";

const events = (data: TimelineData) => toChromeTrace(data).traceEvents;

/** In order of time, and on each track one within another or apart. */
function expectNested(data: ChromeTraceEvent[]): void {
  const around = new Map<number, number[]>();
  let last = 0;
  for (const { ph, tid, ts = 0, dur = 0 } of data) {
    expect(ts).toBeGreaterThanOrEqual(last);
    last = ts;
    if (ph !== "X") continue;
    const ends = (around.get(tid) ?? []).filter((end) => end > ts);
    for (const end of ends) expect(end).toBeGreaterThanOrEqual(ts + dur);
    around.set(tid, [...ends, ts + dur]);
  }
}

describe("toChromeTrace", () => {
  it("names a track for the loop and one for each thread, in order", () => {
    const names = events(typical).filter(({ name }) => name === "thread_name");
    expect(names.map(({ tid, args }) => [tid, args!.name])).toEqual([
      [0, "event loop"],
      [1, "pool-1"],
      [2, "pool-2"],
      [3, "pool-10"],
    ]);
  });

  it("has each task as a stretch on its thread, in µs, with where it stood blocked within", () => {
    const stretches = events(typical).filter(({ ph, tid, cat }) => ph === "X" && tid === 1 && cat === "task");
    expect(stretches).toMatchObject([
      { name: "parse", ts: 32_000, dur: 108_000 },
      { name: "blocked", ts: 70_000, dur: 30_000 },
    ]);
  });

  it("says of a stretch that its task failed, or was stopped", () => {
    const tasks = [
      task(1, "bad", { failed: true }),
      task(2, "late", { started: 20, done: 30, stopped: true }),
      task(3, "good", { started: 30, done: 40 }),
    ];
    const stretches = events(timeline({ tasks })).filter(({ ph, cat }) => ph === "X" && cat === "task");
    expect(stretches.map(({ args }) => args)).toEqual([{ failed: true }, { stopped: true }, undefined]);
  });

  it("has waiting in the queue as async stretches, which may overlap", () => {
    const waits = events(typical).filter(({ cat }) => cat === "queue");
    expect(waits.filter(({ ph }) => ph === "b")).toHaveLength(4);
    expect(waits.filter(({ ph }) => ph === "e")).toHaveLength(4);
  });

  it("has the blocks of the loop and the reader's marks", () => {
    expect(events(typical)).toContainEqual(
      expect.objectContaining({ name: "loop blocked", tid: 0, ts: 80_000, dur: 20_000 }),
    );
    expect(events(typical)).toContainEqual(
      expect.objectContaining({ name: "all sent", ph: "i", ts: 60_000 }),
    );
  });

  it("has what a debugger held as stretches of their own, which no block counts", () => {
    const held = events(paused).filter(({ cat }) => cat === "debugger" || cat === "loop");
    expect(held.map(({ name, tid, ts, dur }) => [name, tid, ts, dur])).toEqual([
      ["loop blocked", 0, 20_000, 20_000],
      ["paused in the debugger", 0, 40_000, 130_000],
      ["paused in the debugger", 2, 60_000, 90_000],
      ["paused in the debugger", 1, 100_000, 10_000],
      ["loop blocked", 0, 170_000, 10_000],
    ]);
  });

  it("ends what is unfinished with the recording, and has no negative times", () => {
    const data = timeline({
      tasks: [task(1, "endless", { done: null }), task(2, "back", { started: 50, done: 20, queued: 60 })],
    });
    for (const { ts = 0, dur = 0 } of events(data)) expect(Math.min(ts, dur)).toBeGreaterThanOrEqual(0);
    expect(events(data).find(({ name, ph }) => name === "endless" && ph === "X")).toMatchObject({
      dur: 195_000,
    });
  });

  it("is JSON for Perfetto even of an empty timeline", () => {
    expect(JSON.parse(JSON.stringify(toChromeTrace(timeline())))).toMatchObject({ displayTimeUnit: "ms" });
  });

  it("has an arrow from the loop to a task's start, from a call to the loop, and back with its answer", () => {
    const tasks = [
      task(1, "report", { queued: 1, started: 5, done: 90, blocked: [{ start: 20, end: 50 }] }),
      task(2, "price", { thread: "event loop", caller: 1, queued: 21, started: 30, awaiting: 31, done: 49 }),
    ];
    const items = [{ id: 3, from: "pool-1", put: 60, to: "event loop", taken: 70 }];
    const data = events(timeline({ tasks, items }));
    const ends = (phase: string) => data.filter(({ ph }) => ph === phase);
    expect(ends("s").map(({ name, tid, ts }) => [name, tid, ts])).toEqual([
      ["submit report", 0, 1000],
      ["call price", 1, 21_000],
      ["answer price", 0, 49_000],
      ["item 1", 1, 60_000],
    ]);
    expect(ends("f").map(({ tid, ts, bp }) => [tid, ts, bp])).toEqual([
      [1, 5000, "e"],
      [0, 30_000, "e"],
      [1, 50_000, "e"],
      [0, 70_000, "e"],
    ]);
    // Chrome's DevTools bind an end to a stretch of its track, time and category.
    for (const { ts, tid, cat } of [...ends("s"), ...ends("f")])
      expect(data).toContainEqual(expect.objectContaining({ ph: "X", ts, tid, cat }));
    expect(new Set(ends("s").map(({ id }) => id)).size).toBe(4);
    expect(data).toContainEqual(
      expect.objectContaining({ name: "price", ph: "X", cat: "turn", ts: 30_000, dur: 1000 }),
    );
  });

  it("has libuv's work on tracks of its threads, collections, CPU times, and what the recording itself took", () => {
    const data = events(traced);
    const names = data.filter(({ name }) => name === "thread_name").map(({ args }) => args!.name);
    expect(names).toEqual(["event loop", "pool-1", "pool-2", "pool-10", "libuv-1", "libuv-2"]);
    expect(data).toContainEqual(
      expect.objectContaining({ name: "crypto", tid: 4, ts: 10_000, dur: 50_000, tdur: 20_000 }),
    );
    expect(data).toContainEqual(
      expect.objectContaining({ name: "open page.html", tid: 5, args: { kind: "fs", inferred: true } }),
    );
    // Whose thread nobody can tell is on none of their tracks.
    expect(data.filter(({ name }) => name === "fstat").every(({ ph }) => "be".includes(ph))).toBe(true);
    expect(data).toContainEqual(expect.objectContaining({ name: "MinorGC", tid: 1, ts: 50_000, dur: 2000 }));
    expect(data).toContainEqual(expect.objectContaining({ name: "recording", tid: 0, ts: 0, dur: 4000 }));
    expect(data.find(({ name, cat }) => name === "sum" && cat === "task")).toMatchObject({ tdur: 80_000 });
  });

  it("has CPU profiles as V8 writes them: on their thread, callers first, no time below 0", () => {
    const early = {
      ...profile,
      start: -15,
      nodes: [...profile.nodes.slice(0, 1), ...profile.nodes.slice(1).reverse()],
    };
    const [begin, chunk] = events({ ...traced, profiles: [early] }).filter(({ ph }) => ph === "P");
    expect(begin).toMatchObject({ name: "Profile", tid: 1, id: "0x1", args: { data: { startTime: 0 } } });
    expect(chunk).toMatchObject({ name: "ProfileChunk", tid: 1, id: "0x1" });
    const { cpuProfile, timeDeltas } = (
      chunk!.args as {
        data: {
          cpuProfile: { nodes: { id: number; parent?: number }[]; samples: number[] };
          timeDeltas: number[];
        };
      }
    ).data;
    const seen = new Set<number>();
    for (const { id, parent } of cpuProfile.nodes) {
      expect(parent === undefined ? seen.size === 0 : seen.has(parent)).toBe(true);
      seen.add(id);
    }
    // The first of its samples, at -5 ms, was before the recording.
    expect(cpuProfile.samples).toEqual([3, 4, 4, 6, 7, 2]);
    expect(timeDeltas).toEqual([5000, 10_000, 10_000, 10_000, 10_000, 10_000]);
  });

  it("nests the stretches of each track, as the format demands", async () => {
    const recorded = await Timeline.record(
      async (recording) => {
        await gather([1, 2].map(() => toThread(() => runCoroutineThreadsafe(() => 1).result(5000))));
        await recording.task("on the loop", () => 1);
      },
      { trace: true, cpuProfile: true },
    );
    const data = events(recorded);
    expect(JSON.parse(JSON.stringify(data))).toHaveLength(data.length);
    expect(data.every(({ ts = 0, dur = 0 }) => ts >= 0 && dur >= 0)).toBe(true);
    expectNested(data);
    expect(data.filter(({ ph }) => ph === "P").length).toBeGreaterThanOrEqual(4);
  });

  it("has a stretch that overlaps another of its track as an async one: Perfetto would drop it", () => {
    const tasks = [
      task(1, "first", { started: 10, done: 30 }),
      task(2, "second", { started: 20, done: 40 }),
      task(3, "within", { started: 12, done: 15 }),
      task(4, "before all", { queued: -9, started: -5, done: 5 }),
    ];
    const data = events(timeline({ tasks, blocks: [{ start: 1, duration: 5 }], trace }));
    expectNested(data);
    expect(data.every(({ ts = 0 }) => ts >= 0)).toBe(true);
    expect(data.filter(({ ph, cat }) => ph === "X" && cat === "task").map(({ name }) => name)).toEqual([
      "before all",
      "first",
      "within",
    ]);
    expect(data.filter(({ name, cat }) => name === "second" && cat === "task")).toMatchObject([
      { ph: "b", ts: 20_000 },
      { ph: "e", ts: 40_000 },
    ]);
  });
});
