import { latencyChart } from "kernel-helpers";
import { expect, it } from "vitest";

it("labels a linear axis with plain numbers, never with powers", () => {
  const svg = latencyChart({ calls: [20, 21, 311] }, { scale: "linear" }).toSvg();
  expect(svg).not.toMatch(/>[^<{]*\de\+?\d/);
  expect(svg).toContain(">300<");
});

it("tells of 99 of 100 calls only where there are 100", () => {
  const few = latencyChart({ tick: [1, 2, 3, 4, 443] });
  const many = latencyChart({ tick: Array.from({ length: 100 }, (_, index) => index + 1) });
  expect(JSON.stringify([few.spec.title, few.description])).not.toContain("99");
  // The tick of 99 of 100 is the third line that is drawn upright or level: range, values or quarters, tick.
  const paths = (chart: typeof few) => chart.toSvg().match(/<path/g)!.length;
  expect(paths(latencyChart({ tick: Array(100).fill(5) }))).toBe(
    paths(latencyChart({ tick: Array(99).fill(5) })) + 1,
  );
  expect(few.description).toBe("Half of the calls took at most: tick 3 ms.");
  expect(many.description).toBe("Half of the calls, and 99 of 100, took at most: tick 50.5 ms and 99 ms.");
});

it("draws each of few values, and quarters only of many", () => {
  const chart = latencyChart({ few: [1, 2, 3], many: Array.from({ length: 20 }, () => 5) });
  expect((chart.spec.datasets as { points: unknown[] }).points).toHaveLength(3);
  expect(JSON.stringify(chart.spec.layer)).toContain("datum.count >= 20");
});
