import { Chart } from "./chart";
import { checkNumbers, checkSome } from "./checks";
import { ascending, threeDigits } from "./numbers";
import { ink, palette } from "./theme";
import { grouped, plain, words } from "./words";

export interface HistogramOptions {
  /** The title of the chart. @default "How often each result came" */
  title?: string;
  /** What the values are, with their unit: the title of the axis. */
  x: string;
  /** The value that a right program gives every time: a line of its own. */
  expected?: number;
  /** At most so many bars. @default 30 */
  bins?: number;
}

/**
 * How often each value came in many runs, such as the sums that threads reach without a lock.
 *
 * @throws RangeError if `values` is empty, TypeError if one is not a number of at least 0.
 */
export function histogramChart(values: number[], options: HistogramOptions): Chart {
  checkSome("histogramChart's list", values.length, "Give it the result of each run.");
  checkNumbers("The values of histogramChart", values);
  const { expected, bins = 30 } = options;
  if (expected !== undefined) checkNumbers("expected", [expected]);
  const say = words();
  const sorted = ascending(values);
  const text = {
    title: options.title ?? say.histogram,
    description:
      say.histogramOf(
        plain(values.length),
        plain(threeDigits(sorted[0]!)),
        plain(threeDigits(sorted.at(-1)!)),
      ) + (expected === undefined ? "" : say.expectedEach(plain(expected))),
  };
  const rows = binsOf(sorted, bins, expected);
  return new Chart(text, {
    height: 200,
    datasets: {
      bins: rows,
      expected: expected === undefined ? [] : [{ from: expected, label: say.expected(grouped(expected)) }],
    },
    encoding: {
      x: {
        field: "from",
        type: "quantitative",
        title: options.x,
        scale: { nice: true, zero: false },
        axis: { format: ",~r", tickCount: 6, grid: false },
      },
    },
    layer: [
      {
        data: { name: "bins" },
        mark: { type: "rect", color: palette[0], x2Offset: -1 },
        encoding: {
          x2: { field: "to" },
          y: {
            field: "runs",
            type: "quantitative",
            title: say.runs,
            axis: { tickCount: 4, format: "d" },
            scale: { zero: true },
          },
          y2: { datum: 0 },
          tooltip: [
            { field: "from", title: say.fields.least },
            { field: "to", title: say.fields.most },
            { field: "runs", title: say.runs },
          ],
        },
      },
      {
        data: { name: "expected" },
        mark: { type: "rule", color: ink, strokeWidth: 2, strokeDash: [4, 3] },
      },
      {
        data: { name: "expected" },
        mark: { type: "text", align: "right", baseline: "top", dx: -6, color: ink, fontSize: 12 },
        encoding: { y: { value: 2 }, text: { field: "label" } },
      },
    ],
  });
}

interface Bin {
  from: number;
  to: number;
  runs: number;
}

/** Equal bins over the values; values that are all the same have one bin, wide enough to be seen. */
function binsOf(sorted: number[], bins: number, expected: number | undefined): Bin[] {
  const [least, most] = [sorted[0]!, sorted.at(-1)!];
  const span = most - least || Math.max(1, Math.abs((expected ?? most) - most) / bins);
  const width = most > least ? niceWidth(span / bins) : span;
  const first = most > least ? Math.floor(least / width) * width : least - width / 2;
  const counts = new Map<number, number>();
  for (const value of sorted) {
    const index = Math.floor((value - first) / width);
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  return [...counts].map(([index, runs]) => {
    return { from: threeMore(first + index * width), to: threeMore(first + (index + 1) * width), runs };
  });
}

/** 1, 2 or 5 times a power of ten, at least so wide. */
function niceWidth(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width));
  return power * [1, 2, 5, 10].find((step) => step * power >= width)!;
}

function threeMore(value: number): number {
  return Number(value.toPrecision(9));
}
