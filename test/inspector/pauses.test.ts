import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { msWithin, outside, PauseClock, partsAround } from "../../kernel-helpers/inspector";

describe("the clock of pauses", () => {
  test("has each pause of a thread, also one that goes on, and their time together once", async () => {
    const clock = PauseClock.create();
    expect([clock.isPaused, clock.pausedMs, clock.changes]).toEqual([false, 0, 0]);
    clock.hold(0);
    clock.hold(3);
    clock.hold(3);
    await delay(20);
    clock.release(0);
    expect(clock.isPaused).toBe(true);
    const [loop, thread, ...others] = clock.within(0, Number.POSITIVE_INFINITY);
    expect(others).toEqual([]);
    expect(thread).toMatchObject({ threadId: 3, end: Number.POSITIVE_INFINITY, isSeen: true });
    clock.release(3);
    clock.release(3);
    const { start, end } = clock.within(0, Number.POSITIVE_INFINITY)[1]!;
    expect(clock.pausedMs).toBeCloseTo(Math.max(end, loop!.end) - Math.min(start, loop!.start), 3);
    expect(clock.within(end + 1, end + 2)).toEqual([]);
    expect(clock.isPaused).toBe(false);
  });

  test("keeps the latest 4,096, and joins those that nobody saw to what follows at once", () => {
    const clock = PauseClock.create();
    for (let pause = 0; pause < 5000; pause++) {
      clock.hold(pause);
      clock.release(pause);
    }
    const kept = clock.within(0, Number.POSITIVE_INFINITY);
    expect(kept.map(({ threadId }) => threadId)).toEqual(Array.from({ length: 4096 }, (_, i) => 904 + i));
    clock.hold(7);
    clock.release(7, false);
    expect(clock.within(0, Number.POSITIVE_INFINITY).at(-1)).toMatchObject({ threadId: 7, isSeen: false });
    clock.hold(8);
    clock.release(8);
    expect(clock.within(0, Number.POSITIVE_INFINITY).slice(-2)).toMatchObject([
      { threadId: 7 },
      { threadId: 8 },
    ]);
  });
});

describe("a stretch of time", () => {
  const pauses = [
    { start: 10, end: 20 },
    { start: 15, end: 30 },
    { start: 50, end: Number.POSITIVE_INFINITY },
  ];

  test("has parts outside of pauses, which may overlap and go on", () => {
    expect(outside({ start: 0, end: 100 }, pauses)).toEqual([
      { start: 0, end: 10 },
      { start: 30, end: 50 },
    ]);
    expect(outside({ start: 12, end: 18 }, pauses)).toEqual([]);
    expect(outside({ start: 40, end: 40 }, pauses)).toEqual([{ start: 40, end: 40 }]);
    expect(msWithin({ start: 5, end: 60 }, pauses)).toBe(30);
  });

  test("lies around pauses where its length does not count them", () => {
    expect(partsAround(5, 10, [{ start: 10, end: 20 }])).toEqual([
      { start: 5, end: 10 },
      { start: 20, end: 25 },
    ]);
    expect(partsAround(12, 10, [{ start: 10, end: 20 }])).toEqual([{ start: 20, end: 30 }]);
    expect(partsAround(5, 5, [{ start: 10, end: 20 }])).toEqual([{ start: 5, end: 10 }]);
  });
});
