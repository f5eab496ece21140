import { Chart, legendLines } from "./chart";
import { checkNumbers, checkSome } from "./checks";
import { ascending, powersOfTen, quantile, threeDigits } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { ink, palette } from "./theme";
import { plain, words } from "./words";

export interface LatencyOptions {
  /** The title of the chart. @default "How long calls took" */
  title?: string;
  /** The unit of the numbers. @default "ms" */
  unit?: string;
  /** How the times are laid out: with "log" a tail a hundred times the median still fits. @default "log" */
  scale?: "linear" | "log";
}

const laneHeight = 44;

/**
 * Distributions of latencies, one above the other: a thin line from the least to the most, a thick one for
 * the middle half, a dot for the median; and a tick for the 99th percentile where each has at least 100 values, for of
 * fewer there is none. Of fewer than 20 each value is a point.
 *
 * @throws RangeError if there is no series or one is empty, TypeError if a latency is not a number of at least 0.
 */
export function latencyChart(series: { [name: string]: number[] }, options: LatencyOptions = {}): Chart {
  const say = words();
  const { title = say.latencies, unit = say.ms, scale = "log" } = options;
  const entries = Object.entries(series);
  checkSome("latencyChart's object", entries.length, "Give it a name and a list of numbers.");
  const rows = entries.map(([name, values]) => summary(name, values, scale));
  const hasTail = rows.every(({ count }) => count >= enoughForTail);
  const legend = [say.latencyLegend, ...(hasTail ? [say.latencyTick] : [])];
  const text = {
    title,
    subtitle: legendLines(legend, Object.keys(series)),
    description: describe(rows, unit, hasTail),
  };
  const points = entries.flatMap(([name, values]) =>
    values.length < enoughForBox ? values.map((value) => ({ name, value: floor(value, scale) })) : [],
  );
  return new Chart(text, {
    height: rows.length * laneHeight,
    datasets: { latencies: rows, points },
    data: { name: "latencies" },
    encoding: {
      x: {
        type: "quantitative",
        scale: { type: scale },
        title: say.latency(unit),
        axis:
          scale === "log"
            ? { format: ",~r", values: powersOfTen(rows.flatMap(({ least, most }) => [least, most])) }
            : { format: ",~r", tickCount: 6 },
      },
      y: { field: "name", type: "nominal", sort: null, title: null, axis: { ticks: false } },
    },
    layer: layers(hasTail),
    usermeta: { names: rows.map(({ name }) => name) },
  });
}

/** From so many values on the 99th percentile is one of them. */
const enoughForTail = 100;
/** From so many values on quarters say more than the values themselves. */
const enoughForBox = 20;

/** A logarithm has no zero: what is faster than the clock can tell counts as a thousandth. */
function floor(value: number, scale: "linear" | "log"): number {
  return threeDigits(scale === "log" ? Math.max(value, 0.001) : value);
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

function summary(name: string, values: number[], scale: "linear" | "log"): Summary {
  checkSome(`latencyChart's ${JSON.stringify(name)}`, values.length, "Give it at least one number.");
  checkNumbers(`The latencies of ${JSON.stringify(name)}`, values);
  const sorted = ascending(values.map((value) => floor(value, scale)));
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

function layers(hasTail: boolean): VegaLiteSpec[] {
  const { fields } = words();
  const shown = ["name", "count", "least", "median", "most"] as const;
  const tooltip = shown.map((field) => ({ field, title: fields[field] }));
  const color = palette[0];
  return [
    {
      mark: { type: "rule", color: ink, strokeWidth: 1.5 },
      encoding: { x: { field: "least" }, x2: { field: "most" } },
    },
    {
      transform: [{ filter: `datum.count >= ${enoughForBox}` }],
      mark: { type: "bar", height: 14, color, opacity: 1, fillOpacity: 0.45, stroke: color, strokeWidth: 1 },
      encoding: { x: { field: "p25" }, x2: { field: "p75" }, tooltip },
    },
    {
      data: { name: "points" },
      mark: { type: "tick", size: 14, thickness: 2, color, opacity: 0.55 },
      encoding: { x: { field: "value" }, tooltip: [{ field: "value", title: fields.value }] },
    },
    {
      // Always there: how many calls were made in the time may differ from run to run, the chart's form may not.
      transform: [{ filter: String(hasTail) }],
      mark: { type: "tick", size: 20, thickness: 2, color: ink, opacity: 1 },
      encoding: { x: { field: "p99" }, tooltip },
    },
    {
      mark: { type: "point", filled: true, size: 90, color, opacity: 1 },
      encoding: { x: { field: "median" }, tooltip },
    },
  ];
}

function describe(rows: Summary[], unit: string, hasTail: boolean): string {
  const say = words();
  if (!hasTail)
    return say.halfTook(rows.map(({ name, median }) => say.one(name, plain(median), unit)).join("; "));
  const each = rows.map(({ name, median, p99 }) => say.two(name, plain(median), plain(p99), unit));
  return say.halfAndMost(each.join("; "));
}
