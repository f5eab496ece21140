import { Chart, VegaLiteSpec } from "./chart";
import { checkNumbers, checkSome } from "./checks";
import { ink, palette } from "./theme";
import { threeDigits } from "./words";

/** What so many threads did in a second. */
export interface ThroughputPoint {
  threads: number;
  perSecond: number;
}

export interface ThroughputOptions {
  /** "Throughput by number of threads" unless given. */
  title?: string;
  /** What is counted; "tasks" unless given. */
  unit?: string;
}

/**
 * Throughput against the number of threads, beside the line that each thread's full share would give.
 *
 * @throws RangeError without points, TypeError for numbers below 0 or none at all.
 */
export function throughputChart(points: ThroughputPoint[], options: ThroughputOptions = {}): Chart {
  const { title = "Throughput by number of threads", unit = "tasks" } = options;
  checkSome(
    "throughputChart's list of points",
    points.length,
    "Give it { threads, perSecond } for each pool.",
  );
  checkNumbers(
    "threads and perSecond",
    points.flatMap(({ threads, perSecond }) => [threads, perSecond]),
  );
  const rows = [...points].sort((a, b) => a.threads - b.threads);
  const words = { title, description: describe(rows, unit) };
  return new Chart(words, {
    height: 240,
    datasets: {
      points: rows.map((row) => ({ ...row, perSecond: threeDigits(row.perSecond) })),
      ideal: idealLine(rows),
    },
    encoding: {
      x: threadsAxis(rows),
      y: { field: "perSecond", type: "quantitative", title: `${unit} per second`, axis: { tickCount: 5 } },
    },
    layer: [...idealLayers(), ...measuredLayers(unit)],
  });
}

function threadsAxis(rows: ThroughputPoint[]): VegaLiteSpec {
  return {
    field: "threads",
    type: "quantitative",
    title: "threads",
    scale: { nice: false, zero: false, padding: 24 },
    axis: { values: [...new Set(rows.map(({ threads }) => threads))], format: "d", grid: false },
  };
}

/** From the fewest threads to the most, as if each added its full share. */
function idealLine(rows: ThroughputPoint[]): ThroughputPoint[] {
  const [first, last] = [rows[0]!, rows.at(-1)!];
  const share = first.perSecond / (first.threads || 1);
  return [first.threads, last.threads].map((threads) => ({
    threads,
    perSecond: threeDigits(share * threads),
  }));
}

function idealLayers(): VegaLiteSpec[] {
  return [
    { data: { name: "ideal" }, mark: { type: "line", color: ink, strokeDash: [4, 4], strokeWidth: 1.5 } },
    {
      data: { name: "ideal" },
      transform: [{ window: [{ op: "row_number", as: "row" }] }, { filter: "datum.row == 2" }],
      mark: {
        type: "text",
        align: "right",
        dx: -8,
        dy: -4,
        color: ink,
        fontSize: 12,
        text: "full share of each",
      },
    },
  ];
}

function measuredLayers(unit: string): VegaLiteSpec[] {
  const tooltip = [
    { field: "threads", type: "quantitative" },
    { field: "perSecond", type: "quantitative", title: `${unit} per second` },
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

function describe(rows: ThroughputPoint[], unit: string): string {
  const [first, last] = [rows[0]!, rows.at(-1)!];
  return (
    `From ${first.threads} to ${last.threads} threads the throughput goes from ` +
    `${threeDigits(first.perSecond)} to ${threeDigits(last.perSecond)} ${unit} per second.`
  );
}
