import { concurrencyChart, sleepSync, Timeline } from "kernel-helpers";
import { expect, it } from "vitest";

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

it("notes ticks of the loop while it is free, and none while it is blocked", async () => {
  const timeline = Timeline.start({ tickEvery: 2 });
  await sleep(50);
  const before = timeline.ticks.length;
  sleepSync(100);
  expect(timeline.ticks.length).toBe(before);
  await sleep(50);
  const { ticks } = timeline.stop();
  expect(before).toBeGreaterThan(0);
  expect(ticks.length).toBeGreaterThan(before);
  await sleep(20);
  expect(timeline.ticks).toEqual(ticks);
});

it("notes no ticks unless asked", async () => {
  const timeline = await Timeline.record(() => sleep(20));
  expect(timeline.ticks).toEqual([]);
});

it("draws a dot for each tick", () => {
  const data = { duration: 30, events: [], tasks: [], blocks: [], marks: [], lost: 0 };
  const { spec } = concurrencyChart({ ...data, ticks: [10.04, 20] });
  expect((spec.datasets as { ticks: unknown }).ticks).toEqual([{ time: 10 }, { time: 20 }]);
});
