import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import {
  readEvents,
  recordEvent,
  recordTask,
  sharedRing,
  startRecording,
  stopRecording,
  taskName,
} from "../../kernel-helpers/timing/recorder";
import { compiledRecorder } from "./compiled";

/** A thread that writes `count` events of the task it is given into the ring, then ends. */
async function writeFromThread(shared: SharedArrayBuffer, task: number, count: number): Promise<number> {
  const code = `
    const { workerData: [path, shared, task, count], threadId } = require("node:worker_threads");
    const { useRing, recordEvent } = require(path);
    useRing(shared);
    for (let i = 0; i < count; i++) recordEvent(i % 2 ? "resumed" : "blocked", task);`;
  const worker = new Worker(code, { eval: true, workerData: [compiledRecorder, shared, task, count] });
  const id = worker.threadId;
  await once(worker, "exit");
  return id;
}

afterEach(() => {
  while (sharedRing()) stopRecording();
});

describe("the ring", () => {
  it("keeps every event of four threads that write at once, whole and in order of time", async () => {
    const { shared, from } = startRecording(1 << 16);
    const ids = await Promise.all([1, 2, 3, 4].map((task) => writeFromThread(shared, task, 10_000)));
    const { events, lost } = readEvents(shared, from);
    expect(lost).toBe(0);
    expect(events).toHaveLength(40_000);
    expect(events.every(({ time }, i) => i === 0 || time >= events[i - 1]!.time)).toBe(true);
    for (const [index, thread] of ids.entries()) {
      const own = events.filter((event) => event.thread === thread);
      expect(own).toHaveLength(10_000);
      expect(own.every(({ task }) => task === index + 1)).toBe(true);
      expect(own.every(({ kind }, i) => kind === (i % 2 ? "resumed" : "blocked"))).toBe(true);
    }
  });

  it("overwrites the oldest events when it is full, and counts them", () => {
    const { shared, from } = startRecording(8);
    for (let task = 1; task <= 20; task++) recordEvent("started", task);
    const { events, lost } = readEvents(shared, from);
    expect(events.map(({ task }) => task)).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
    expect(lost).toBe(12);
  });

  it("leaves out a record whose writer is not done", () => {
    const { shared, from } = startRecording(8);
    recordEvent("started", 1);
    recordEvent("done", 1);
    new Uint32Array(shared)[4] = 0; // the stamp of the first record, as a writer leaves it meanwhile
    expect(readEvents(shared, from).events.map(({ kind }) => kind)).toEqual(["done"]);
  });

  it("keeps recordings that overlap apart by where they began", () => {
    const outer = startRecording(64);
    recordTask("before");
    const inner = startRecording(64);
    recordTask("within");
    expect(inner.shared).toBe(outer.shared);
    expect(readEvents(inner.shared, inner.from).events.map(({ task }) => taskName(task))).toEqual(["within"]);
    expect(readEvents(outer.shared, outer.from).events.map(({ task }) => taskName(task))).toEqual([
      "before",
      "within",
    ]);
    stopRecording();
    expect(recordTask("after the inner")).toBeGreaterThan(0);
  });

  it("takes nothing while nothing records", () => {
    expect(recordTask("unseen")).toBe(0);
    expect(sharedRing()).toBeUndefined();
    recordEvent("started", 7);
  });
});
