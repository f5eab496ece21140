import { readFile } from "node:fs";
import { type LoopBlock, LoopMonitor, timeLoopBlocking } from "kernel-helpers";
import { describe, expect, it } from "vitest";
import { DelayHistogram } from "../../kernel-helpers/timing/delay-histogram";
import { collectGarbage } from "./compiled";
import { sleep, spin } from "./spin";

function sumOf(blocks: LoopBlock[]): number {
  return blocks.reduce((sum, { duration }) => sum + duration, 0);
}

// A busy machine adds blocks of its own: none of these counts them.
describe("timeLoopBlocking", () => {
  it("reports a block in a timer with its start and length", async () => {
    const { blocks, longest, duration } = await timeLoopBlocking(async () => {
      await sleep(60);
      spin(80);
      await sleep(20);
    });
    const ours = blocks.find((block) => block.duration >= 80)!;
    expect(ours.start).toBeGreaterThan(50);
    expect(longest).toBeGreaterThanOrEqual(80);
    // The waits around it are no part of any block.
    expect(sumOf(blocks)).toBeLessThan(duration - 30);
  });

  it("reports a block in the callback of input and output, which a timer's delay would not show in full", async () => {
    const { longest } = await timeLoopBlocking(
      () =>
        new Promise<void>((resolve) =>
          readFile(import.meta.filename, () => {
            spin(80);
            resolve();
          }),
        ),
    );
    expect(longest).toBeGreaterThanOrEqual(80);
  });

  it("tells blocks apart that end in a wait of the loop", async () => {
    const { blocks, duration } = await timeLoopBlocking(async () => {
      for (let i = 0; i < 3; i++) {
        spin(50);
        await sleep(30);
      }
    });
    expect(blocks.filter((block) => block.duration >= 50).length).toBeGreaterThanOrEqual(3);
    expect(sumOf(blocks)).toBeLessThan(duration - 40);
  });

  it("counts a block that lasts until the work returns, and one before its first await", async () => {
    const report = await timeLoopBlocking(() => spin(60));
    expect(report.longest).toBeGreaterThanOrEqual(60);
  });

  it("reports nothing while the loop idles", async () => {
    const { blocks, longest, utilisation, delay } = await timeLoopBlocking(() => sleep(300), {
      threshold: 25,
    });
    expect(blocks).toEqual([]);
    expect(longest).toBe(0);
    expect(utilisation).toBeLessThan(0.5);
    expect(delay.p50).toBe(0);
  });

  it("hands on the value of the work and its error", async () => {
    expect((await timeLoopBlocking(async () => 42)).value).toBe(42);
    await expect(timeLoopBlocking(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it.each([0, -1, Number.NaN, "5"])(
    "refuses the threshold %j and says what it expects",
    async (threshold) => {
      const options = { threshold: threshold as number };
      await expect(timeLoopBlocking(() => {}, options)).rejects.toThrow(
        `\`threshold\` must be a number of ms above 0, got ${threshold}. Leave it out for the default.`,
      );
    },
  );
});

describe("LoopMonitor", () => {
  it("reports while it runs, and the same report for ever once stopped", async () => {
    const monitor = new LoopMonitor();
    spin(50);
    expect(monitor.report().longest).toBeGreaterThanOrEqual(50);
    const final = monitor.stop();
    spin(50);
    await sleep(10);
    expect(monitor.stop()).toBe(final);
    expect(monitor.report()).toBe(final);
  });

  it("does not cut a block in two where it is asked in its middle", async () => {
    const monitor = new LoopMonitor();
    await new Promise<void>((resolve) =>
      setTimeout(() => {
        spin(40);
        expect(monitor.report().longest).toBeGreaterThanOrEqual(40);
        spin(40);
        resolve();
      }),
    );
    await sleep(5);
    expect(monitor.stop().longest).toBeGreaterThanOrEqual(80);
  });

  it("does not keep the process's loop turning", async () => {
    const monitor = new LoopMonitor();
    await sleep(100);
    expect(process.getActiveResourcesInfo().filter((name) => name === "Immediate")).toEqual([]);
    monitor.stop();
  });

  it("ends by itself when nobody holds it any more: the cell was run again", async () => {
    const held = new WeakRef(new LoopMonitor());
    for (let i = 0; i < 20 && held.deref(); i++) {
      await sleep(5);
      collectGarbage();
    }
    expect(held.deref()).toBeUndefined();
  });
});

describe("the delay of an event that arrives at a random moment", () => {
  function delays(lengths: number[]): DelayHistogram {
    const histogram = new DelayHistogram();
    for (const length of lengths) histogram.add(length);
    return histogram;
  }

  it("counts time, not samples: one block of 500 ms in a second shows", () => {
    const delay = delays([500, ...new Array(1000).fill(0.1)]);
    // Half of all arrivals fall outside the block; one in a hundred waits longer than 490 ms.
    expect(delay.percentile(0.5, 1000)).toBeLessThan(0.2);
    expect(delay.percentile(0.99, 1000)).toBeCloseTo(490, 5);
    expect(delay.max).toBe(500);
  });

  it("adds up blocks of different lengths", () => {
    // Waiting longer than x: (100 - x) + (50 - x) of 1000 ms; one in ten for x = 25.
    expect(delays([100, 50]).percentile(0.9, 1000)).toBeCloseTo(25, 5);
    // Beyond 50 only the longer one counts: 100 - x = 10.
    expect(delays([100, 50]).percentile(0.99, 1000)).toBeCloseTo(90, 5);
  });

  it("is 0 for an idle loop", () => {
    expect(delays([]).percentile(0.99, 1000)).toBe(0);
  });
});
