import { Chart } from "./chart";
import { checkNumbers, checkSome } from "./checks";
import { threeDigits } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { ink, palette } from "./theme";
import { count, plain, words } from "./words";

/** What so many threads did in a second. */
export interface ThroughputPoint {
  threads: number;
  perSecond: number;
}

export interface ThroughputOptions {
  /** The title of the chart. @default "Throughput by number of threads" */
  title?: string;
  /** What is counted. @default "tasks" */
  unit?: string;
  /** The machine's cores: a line where computing threads are expected to stop gaining. */
  cores?: number;
}

/**
 * Throughput against the number of threads, beside the line on which each thread adds as much as the first.
 *
 * @throws RangeError if `points` is empty, TypeError if a value is not a number of at least 0.
 */
export function throughputChart(points: ThroughputPoint[], options: ThroughputOptions = {}): Chart {
  const say = words();
  const { title = say.throughput, unit = say.tasks, cores } = options;
  checkSome(
    "throughputChart's list of points",
    points.length,
    "Give it { threads, perSecond } for each pool.",
  );
  checkNumbers(
    "threads and perSecond",
    points.flatMap(({ threads, perSecond }) => [threads, perSecond]),
  );
  if (cores !== undefined) checkNumbers("cores", [cores]);
  const rows = [...points].sort((a, b) => a.threads - b.threads);
  const text = { title, subtitle: say.ideal, description: describe(rows, unit, cores) };
  return new Chart(text, {
    height: 240,
    datasets: {
      points: rows.map(({ threads, perSecond }) => ({ threads, perSecond: threeDigits(perSecond) })),
      ideal: idealLine(rows),
    },
    encoding: {
      x: threadsAxis(rows),
      y: { field: "perSecond", type: "quantitative", title: say.perSecond(unit), axis: { tickCount: 5 } },
    },
    layer: [...coresLayers(rows, cores), idealLayer(), ...measuredLayers(unit)],
  });
}

function threadsAxis(rows: ThroughputPoint[]): VegaLiteSpec {
  return {
    field: "threads",
    type: "quantitative",
    title: words().threads,
    scale: { nice: false, zero: false, padding: 24 },
    axis: { values: [...new Set(rows.map(({ threads }) => threads))], format: "d", grid: false },
  };
}

/** Where the cores are full; nothing where that lies outside the chart. */
function coresLayers(rows: ThroughputPoint[], cores: number | undefined): VegaLiteSpec[] {
  if (cores === undefined || cores < rows[0]!.threads || cores > rows.at(-1)!.threads) return [];
  const data = { values: [{ threads: cores, label: count(cores, "core") }] };
  return [
    {
      data,
      mark: { type: "rule", color: ink, opacity: 0.5 },
      encoding: { y: { value: 0 }, y2: { value: "height" } },
    },
    {
      data,
      // Above the plot, where no line is.
      mark: { type: "text", baseline: "bottom", dy: -3, color: ink, fontSize: 12 },
      encoding: { y: { value: 0 }, text: { field: "label" } },
    },
  ];
}

/** From the fewest threads to the most, as if each added as much as the first. */
function idealLine(rows: ThroughputPoint[]): ThroughputPoint[] {
  const [first, last] = [rows[0]!, rows.at(-1)!];
  const share = first.perSecond / (first.threads || 1);
  return [first.threads, last.threads].map((threads) => ({
    threads,
    perSecond: threeDigits(share * threads),
  }));
}

function idealLayer(): VegaLiteSpec {
  return {
    data: { name: "ideal" },
    mark: { type: "line", color: ink, strokeDash: [4, 4], strokeWidth: 1.5 },
  };
}

function measuredLayers(unit: string): VegaLiteSpec[] {
  const tooltip = [
    { field: "threads", type: "quantitative", title: words().threads },
    { field: "perSecond", type: "quantitative", title: words().perSecond(unit) },
  ];
  return [
    { data: { name: "points" }, mark: { type: "line", color: palette[0], strokeWidth: 2.5 } },
    {
      data: { name: "points" },
      mark: { type: "point", color: palette[0], filled: true, size: 70, opacity: 1 },
      encoding: { tooltip },
    },
  ];
}

function describe(rows: ThroughputPoint[], unit: string, cores: number | undefined): string {
  const { throughputFrom, coresOf } = words();
  const [first, last] = [rows[0]!, rows.at(-1)!];
  const [from, to] = [first, last].map(({ perSecond }) => plain(threeDigits(perSecond)));
  return (
    throughputFrom(count(first.threads, "thread"), count(last.threads, "thread"), from!, to!, unit) +
    (cores === undefined ? "" : coresOf(cores))
  );
}
