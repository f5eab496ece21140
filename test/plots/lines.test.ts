import { concurrencyChart, lineChart, type Point, scheduleChart } from "kernel-helpers";
import { describe, expect, it } from "vitest";

const ticks = (xs: number[]): number[] => {
  const points: Point[] = xs.map((x) => ({ x, y: 1 }));
  // biome-ignore lint/suspicious/noExplicitAny: a spec is JSON
  const spec = lineChart({ one: points }, { title: "t", x: "x", y: "y", log: "x" }).spec as any;
  return spec.encoding.x.axis.values;
};

describe("a logarithmic axis of lines", () => {
  it("has powers of ten where there are many of them, and none beyond the points", () => {
    expect(ticks([3, 20_000])).toEqual([10, 100, 1000, 10_000]);
  });

  it("has steps between them where there are few", () => {
    expect(ticks([1, 2, 4, 8, 16])).toEqual([1, 2, 5, 10]);
  });
});

it("the stripes of a blocked bar run along it, so that one wait does not look like many", () => {
  const blocked = {
    id: 1,
    name: "a",
    thread: "T",
    queued: 0,
    started: 0,
    done: 9,
    blocked: [{ start: 0, end: 9 }],
  };
  const run = { duration: 10, events: [], blocks: [], marks: [], lost: 0, tasks: [blocked] };
  const svg = String(concurrencyChart(run).toMimeBundle()["image/svg+xml"]);
  expect(svg).not.toContain('stroke-dasharray="2,5"');
});

const drawn = (chart: ReturnType<typeof lineChart>) => String(chart.toMimeBundle()["image/svg+xml"]);

it("a schedule has the stripes of a blocked thread where a task needs no core, and says only what is drawn", () => {
  const waits = drawn(scheduleChart([100, 100]));
  const computes = drawn(scheduleChart([{ computes: 100 }]));
  expect(waits).toContain("striped: blocked");
  expect(waits).not.toContain("solid: computing");
  expect(computes).not.toContain("striped");
  const stripes = (svg: string) => svg.split(/<line[^>]* stroke="#2761d3"/i).length - 1;
  expect(stripes(waits)).toBe(2 * 3);
  expect(stripes(computes)).toBe(0);
});

it("the slider of lines reads all of them in one line, however close they lie", () => {
  const same = { a: [{ x: 1, y: 3 }], b: [{ x: 1, y: 3.001 }], c: [{ x: 1, y: 2.999 }] };
  const svg = drawn(lineChart(same, { title: "t", x: "x", y: "y", slider: "size" }));
  expect(svg).toContain(">1: a 3 · b 3 · c 3<");
});
