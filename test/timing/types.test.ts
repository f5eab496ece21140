/** What types flow through the public functions of timing/ and plots/; the compiler is the judge (`npm run check`). */
import {
  type BlockReport,
  type CallTree,
  type Chart,
  callTree,
  comparisonChart,
  concurrencyChart,
  type LoopReport,
  type LoopWatcher,
  liveChart,
  type ProgressBar,
  progress,
  type ThreadProfile,
  Timeline,
  type TimelineData,
  timeLoopBlocking,
  type Wait,
  waitsOf,
  watchLoop,
} from "kernel-helpers";
import { expect, expectTypeOf, test } from "vitest";

declare const timeline: Timeline;
declare const profile: ThreadProfile;
declare const chart: Chart;
declare const stream: AsyncIterable<string>;

function ofTiming() {
  expectTypeOf(Timeline.record(async () => 1, { cpuProfile: { interval: 1 } })).toEqualTypeOf<
    Promise<Timeline>
  >();
  expectTypeOf(timeline.task("a", async () => 1)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(timeline.task("a", () => "text")).toEqualTypeOf<Promise<string>>();
  expectTypeOf(timeline).toExtend<TimelineData>();
  expectTypeOf(timeLoopBlocking(async () => [1])).toEqualTypeOf<Promise<LoopReport & { value: number[] }>>();
  expectTypeOf(waitsOf(timeline)).toEqualTypeOf<Wait[]>();
  expectTypeOf(callTree(profile, 0, 1)).toEqualTypeOf<CallTree>();
  const onBlock = (report: BlockReport) => void report;
  expectTypeOf(watchLoop({ onBlock })).toEqualTypeOf<Promise<LoopWatcher>>();
  // @ts-expect-error: milliseconds are a number
  Timeline.start({ threshold: "2 ms" });
}

function ofPlots() {
  for (const item of progress([1, 2, 3])) expectTypeOf(item).toEqualTypeOf<number>();
  expectTypeOf(progress(stream)).toEqualTypeOf<ProgressBar & AsyncIterable<string>>();
  expectTypeOf(progress(10)).toEqualTypeOf<ProgressBar>();
  // @ts-expect-error: a count is no list of items
  for (const item of progress(10)) void item;
  expectTypeOf(concurrencyChart(timeline, { flame: "Worker-0", waits: true })).toEqualTypeOf<Chart>();
  // @ts-expect-error: a flame graph is of a thread
  concurrencyChart(timeline, { flame: { from: 1 } });
  // @ts-expect-error: a live chart is given what draws it
  liveChart(chart);
  // @ts-expect-error: durations are numbers
  comparisonChart({ a: "1 s" });
}

test("types that flow through timing/ and plots/ are those that the functions say", () => {
  expect([ofTiming, ofPlots]).toHaveLength(2);
});
