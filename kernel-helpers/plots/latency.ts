import { Chart, VegaLiteSpec } from "./chart";
import { checkNumbers, checkSome } from "./checks";
import { ink, palette } from "./theme";
import { ascending, quantile, threeDigits } from "./words";

export interface LatencyOptions {
  /** "How long calls took" unless given. */
  title?: string;
  /** The unit of the numbers; "ms" unless given. */
  unit?: string;
  /** "log" unless given: a tail a hundred times the median then still fits. */
  scale?: "linear" | "log";
}

const laneHeight = 44;

/**
 * Distributions of latencies, one above the other: a thin line from the least to the most, a thick one for
 * the middle half, a dot for the median, a tick for the 99th percentile.
 *
 * @throws RangeError for no series or an empty one, TypeError for a latency that is no number of at least 0.
 */
export function latencyChart(series: { [name: string]: number[] }, options: LatencyOptions = {}): Chart {
  const { title = "How long calls took", unit = "ms", scale = "log" } = options;
  const entries = Object.entries(series);
  checkSome("latencyChart's object", entries.length, "Give it a name and a list of numbers.");
  const rows = entries.map(([name, values]) => summary(name, values, scale));
  const words = {
    title,
    subtitle: "line: all calls · thick: the middle half · dot: median · tick: 99 of 100 are faster",
    description: describe(rows, unit),
  };
  return new Chart(words, {
    height: rows.length * laneHeight,
    datasets: { latencies: rows },
    data: { name: "latencies" },
    encoding: {
      x: {
        type: "quantitative",
        scale: { type: scale },
        title: `latency (${unit})`,
        axis: scale === "log" ? { format: "~g", values: powersOfTen(rows) } : { format: ",~r", tickCount: 6 },
      },
      y: { field: "name", type: "nominal", sort: null, title: null, axis: { ticks: false } },
    },
    layer: layers(),
    usermeta: { names: rows.map(({ name }) => name) },
  });
}

interface Summary {
  name: string;
  count: number;
  least: number;
  p25: number;
  median: number;
  p75: number;
  p99: number;
  most: number;
}

/** A logarithm has no zero: what is faster than the clock can tell counts as a thousandth. */
function summary(name: string, values: number[], scale: "linear" | "log"): Summary {
  checkSome(`latencyChart's ${JSON.stringify(name)}`, values.length, "Give it at least one number.");
  checkNumbers(`The latencies of ${JSON.stringify(name)}`, values);
  const sorted = ascending(scale === "log" ? values.map((value) => Math.max(value, 0.001)) : values);
  const at = (p: number) => threeDigits(quantile(sorted, p));
  return {
    name,
    count: values.length,
    least: at(0),
    p25: at(0.25),
    median: at(0.5),
    p75: at(0.75),
    p99: at(0.99),
    most: at(1),
  };
}

function layers(): VegaLiteSpec[] {
  const fields = ["name", "count", "least", "median", "p99", "most"];
  const tooltip = fields.map((field) => ({ field }));
  const color = palette[0];
  return [
    {
      mark: { type: "rule", color: ink, strokeWidth: 1.5 },
      encoding: { x: { field: "least" }, x2: { field: "most" } },
    },
    {
      mark: { type: "bar", height: 14, color, opacity: 0.45 },
      encoding: { x: { field: "p25" }, x2: { field: "p75" }, tooltip },
    },
    {
      mark: { type: "tick", size: 20, thickness: 2, color: ink, opacity: 1 },
      encoding: { x: { field: "p99" }, tooltip },
    },
    {
      mark: { type: "point", filled: true, size: 90, color, opacity: 1 },
      encoding: { x: { field: "median" }, tooltip },
    },
  ];
}

/** A line for each power of ten; Vega would draw the nine between as well. */
function powersOfTen(rows: Summary[]): number[] {
  const from = Math.floor(Math.log10(Math.min(...rows.map(({ least }) => least))));
  const to = Math.ceil(Math.log10(Math.max(...rows.map(({ most }) => most))));
  return Array.from({ length: to - from + 1 }, (_, index) => Number(`1e${from + index}`));
}

function describe(rows: Summary[], unit: string): string {
  const each = rows.map(({ name, median, p99 }) => `${name} ${median} ${unit} and ${p99} ${unit}`);
  return `Half of the calls, and 99 of 100, took at most: ${each.join("; ")}.`;
}
