import { concurrencyChart, lineChart, type Point } from "kernel-helpers";
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
