/** What the time counts for in which somebody reads: a recording marks it, and no timeout runs. */

import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { debugged } from "./debug-client";

const { client, runTo, finish } = debugged();

const result = (answer: {
  published: { header: { msg_type: string }; content: { data: Record<string, string> } }[];
}) => {
  const found = answer.published.find(({ header }) => header.msg_type === "execute_result");
  return JSON.parse(found!.content.data["text/plain"]!.slice(1, -1));
};

/** Time is the subject: how long each stop is read, in ms. */
const reading = 1200;

const recorded = `import { callTree, concurrencyChart, LoopMonitor, Timeline, toChromeTrace, toThread } from "kernel-helpers";
const monitor = new LoopMonitor();
const recording = await Timeline.record(
  async (timeline) => {
    await toThread.with({ name: "on a thread" })(() => {
      const here = 1;
      return here;
    });
    await timeline.task("on the loop", () => {
      const there = 2;
      return there;
    });
  },
  { cpuProfile: true },
);
const chart = concurrencyChart(recording);
const { duration, pauses, blocks, profiles } = recording;
JSON.stringify({
  duration, pauses, report: monitor.stop(), description: chart.description,
  longest: Math.max(0, ...blocks.map((block) => block.duration)),
  computed: profiles.map((profile) => callTree(profile, 0, duration).total),
  traced: toChromeTrace(recording).traceEvents.filter(({ cat }) => cat === "debugger"),
  drawn: chart.spec.datasets,
})`;

describe("a recording", () => {
  test("has each pause on the lane of its thread, as neither work nor a block", async () => {
    const onThread = await runTo(recorded, 7, 11);
    await delay(reading);
    await client.do("continue", { threadId: onThread.threadId });
    expect((await client.stopped()).threadId).toBe(1);
    await delay(reading);
    const seen = result(await finish({ id: onThread.id, threadId: 1 }));
    const [first, second] = seen.pauses;
    expect(seen.pauses).toHaveLength(2);
    expect(second.thread).toBe("event loop");
    for (const { start, end } of seen.pauses) expect(end - start).toBeGreaterThan(reading / 1.2);
    expect(first.end).toBeLessThan(second.start);
    expect(seen.duration).toBeGreaterThan(2 * reading);
    const { longest, report, computed } = seen;
    const times = { longest, report: report.longest, delay: report.delay.max, computed };
    for (const [what, ms] of Object.entries(times))
      for (const each of [ms].flat()) expect(each, what).toBeLessThan(reading / 1.2);
    expect(seen.description).toMatch(/a debugger held Worker-0 for \d+ ms, event loop for \d+ ms/);
    expect(seen.traced).toMatchObject([{ name: "paused in the debugger", ph: "X" }, { tid: 0 }]);
    expect(seen.drawn.pauses).toHaveLength(2);
    // No bar lies over a pause.
    for (const { lane, start, end } of seen.drawn.pauses)
      for (const bar of seen.drawn.bars)
        if (bar.lane === lane) expect(bar.end <= start + 0.2 || bar.start >= end - 0.2).toBe(true);
    const work = seen.drawn.bars.filter(({ lane }: { lane: string }) => lane !== "queue");
    for (const bar of work) expect(bar.end - bar.start).toBeLessThan(reading / 1.2);
  });
});
