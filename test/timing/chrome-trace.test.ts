import { type TimelineData, toChromeTrace } from "kernel-helpers";
import { describe, expect, it } from "vitest";
import { task, timeline, typical } from "../plots/samples";

const events = (data: TimelineData) => toChromeTrace(data).traceEvents;

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
    const stretches = events(typical).filter(({ ph, tid }) => ph === "X" && tid === 1);
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
    const stretches = events(timeline({ tasks })).filter(({ ph }) => ph === "X");
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
});
