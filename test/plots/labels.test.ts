import { type Chart, comparisonChart, costChart, loopDelayChart, throughputChart } from "kernel-helpers";
import { describe, expect, it } from "vitest";

/** Where the lines of the grid are that can be seen; px from the top of the plot, or from its left edge. */
function gridOf(chart: Chart, along: "x" | "y"): number[] {
  const lines = chart.toSvg().match(/<line [^>]*stroke-opacity="0\.18"[^>]*>/g) ?? [];
  const seen = lines.filter((line) => !/ opacity="0"/.test(line));
  return seen.flatMap((line) => {
    const [, x, y] = /translate\(([-\d.]+),([-\d.]+)\)/.exec(line)!;
    const isLevel = / y2="0"/.test(line);
    return isLevel === (along === "y") ? [Number(along === "y" ? y : x)] : [];
  });
}

/** The upper and lower edge of the text, with a px to spare. */
function edgesOf(chart: Chart, text: string): [number, number] {
  const [, y] = new RegExp(`<text [^>]*translate\\([-\\d.]+,([-\\d.]+)\\)[^>]*>${text}<`).exec(
    chart.toSvg(),
  )!;
  return [Number(y) - 12, Number(y) + 2];
}

function struck(chart: Chart, text: string): number[] {
  const [top, bottom] = edgesOf(chart, text);
  return gridOf(chart, "y").filter((y) => y >= top && y <= bottom);
}

describe("no line of the grid runs through a label", () => {
  it.each([3, 9.9, 46, 95, 100, 100.9, 200.5, 201.6, 215, 449, 900.9])("the longest block: %d ms", (ms) => {
    const chart = loopDelayChart({ duration: 1000, blocks: [{ start: 40, duration: ms }] });
    expect(gridOf(chart, "y").length).toBeGreaterThan(0);
    expect(struck(chart, `${ms} ms`)).toEqual([]);
  });

  it.each([1, 2, 6, 8])("the cores: %d", (cores) => {
    for (const perSecond of [9.9, 19.7, 75, 77, 100]) {
      const points = [1, 2, 4, 8].map((threads) => ({
        threads,
        perSecond: perSecond * Math.min(cores, threads),
      }));
      const chart = throughputChart(points, { cores });
      expect(gridOf(chart, "y").length).toBeGreaterThan(2);
      expect(struck(chart, cores === 1 ? "1 core" : `${cores} cores`)).toEqual([]);
    }
  });

  it("the numbers at the ends of bars: there is no grid", () => {
    const charts = [
      comparisonChart({ one: 922, other: 313 }),
      costChart({ direct: 0.14, "new Worker": 36_900 }),
    ];
    for (const chart of charts) expect([...gridOf(chart, "x"), ...gridOf(chart, "y")]).toEqual([]);
  });
});

it("says in the throughput chart's subtitle what its dashed line is", () => {
  const chart = throughputChart([1, 2].map((threads) => ({ threads, perSecond: 10 })));
  expect((chart.spec.title as { subtitle: string[] }).subtitle).toContain(
    "dashed: if each thread added as much as the first",
  );
});
