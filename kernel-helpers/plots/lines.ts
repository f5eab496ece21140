import { Chart } from "./chart";
import { checkNumbers, checkSome } from "./checks";
import { logarithmicTicks, threeDigits } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { ink, palette } from "./theme";
import { plain, words } from "./words";

/** A measured point: `x` is what was varied, `y` what it gave. */
export interface Point {
  x: number;
  y: number;
}

export interface LineOptions {
  title: string;
  /** The title of each axis, with its unit. */
  x: string;
  y: string;
  /** Which axes are logarithmic; on both, a power law is a straight line. @default neither */
  log?: "x" | "y" | "both";
  /** A line across the chart, such as what a reader would accept: its height and its label. */
  limit?: { y: number; label: string };
  /** Adds a slider under this name that reads all lines at one `x`; it needs no kernel. */
  slider?: string;
}

/**
 * Lines of one number against another, each with its name at its end: what something costs against its size. Where the
 * first two lines cross, the chart marks the point and the alt text says where.
 *
 * @throws RangeError if there is no line, if one has no points, or if a number on a logarithmic axis is 0; TypeError if a
 * number is below 0.
 */
export function lineChart(series: { [name: string]: Point[] }, options: LineOptions): Chart {
  const entries = Object.entries(series);
  checkSome("lineChart's object", entries.length, "Give it a name and a list of points { x, y }.");
  for (const [name, points] of entries) {
    checkSome(`lineChart's ${JSON.stringify(name)}`, points.length, "Give it at least one point { x, y }.");
    checkNumbers(
      `The points of ${JSON.stringify(name)}`,
      points.flatMap(({ x, y }) => [x, y]),
    );
  }
  const { log, limit, slider } = options;
  const [logX, logY] = [log === "x" || log === "both", log === "y" || log === "both"];
  checkLogarithms(entries, logX, logY);
  const rows = entries.flatMap(([name, points]) =>
    [...points].sort((a, b) => a.x - b.x).map(({ x, y }) => ({ name, x: threeDigits(x), y: threeDigits(y) })),
  );
  const stops = slider === undefined ? [] : [...new Set(rows.map(({ x }) => x))].sort((a, b) => a - b);
  const crossing = crossingOf(entries, logX, logY);
  const names = entries.map(([name]) => name);
  const text = { title: options.title, description: describe(entries, crossing) };
  return new Chart(text, {
    height: 260,
    ...(slider !== undefined && { params: [sliderParam(slider, stops.length)] }),
    datasets: {
      points: rows,
      crossing: crossing ? [crossing] : [],
      limit: limit ? [limit] : [],
      ...(slider !== undefined && { readings: readingsAt(stops, rows) }),
    },
    encoding: {
      x: axis(
        "x",
        options.x,
        logX,
        rows.map(({ x }) => x),
      ),
      y: axis("y", options.y, logY, [...rows.map(({ y }) => y), ...(limit ? [limit.y] : [])]),
    },
    layer: [
      ...layers({
        field: "name",
        type: "nominal",
        scale: { domain: names, range: [...palette] },
        // A slider's reading stands between legend and lines.
        ...(slider !== undefined && { legend: { offset: 26 } }),
        ...(names.length < 2 && { legend: null }),
      }),
      ...(slider === undefined ? [] : readingLayers()),
    ],
    usermeta: { names },
  });
}

function axis(field: "x" | "y", title: string, isLog: boolean, values: number[]): VegaLiteSpec {
  return {
    field,
    type: "quantitative",
    title: isLog ? words().logarithmic(title) : title,
    // Without rounding to powers of ten: they would leave half of the chart empty.
    scale: isLog ? { type: "log", nice: false, padding: 12 } : { nice: true, zero: field === "y" },
    axis: isLog
      ? { values: logarithmicTicks(values), format: ",~r", labelOverlap: true }
      : { tickCount: 5, format: ",~r" },
  };
}

function layers(color: VegaLiteSpec): VegaLiteSpec[] {
  const tooltip = ["name", "x", "y"].map((field) => ({ field }));
  return [
    {
      data: { name: "limit" },
      mark: { type: "rule", color: ink, strokeDash: [4, 4], opacity: 0.7 },
      encoding: { x: { value: 0 }, x2: { value: "width" }, y: { field: "y" } },
    },
    {
      data: { name: "limit" },
      mark: { type: "text", align: "left", baseline: "bottom", dx: 4, dy: -3, color: ink, fontSize: 12 },
      encoding: { x: { value: 0 }, y: { field: "y" }, text: { field: "label" } },
    },
    { data: { name: "points" }, mark: { type: "line", strokeWidth: 2.5 }, encoding: { color } },
    {
      data: { name: "points" },
      mark: { type: "point", filled: true, size: 55, opacity: 1 },
      encoding: { color, tooltip },
    },
    {
      data: { name: "crossing" },
      mark: { type: "point", size: 170, strokeWidth: 2, color: ink, opacity: 1 },
    },
  ];
}

/** The slider counts the points: on a logarithmic axis equal steps of it are equal steps of the picture. */
function sliderParam(name: string, stops: number): VegaLiteSpec {
  return {
    name: "stop",
    value: Math.floor(stops / 2) + 1,
    bind: { input: "range", min: 1, max: stops, step: 1, name: `${words().slider(name)} ` },
  };
}

/** What the slider reads at each of its stops, as one line: at the points themselves the numbers would overlap. */
function readingsAt(stops: number[], rows: { name: string; x: number; y: number }[]) {
  return stops.map((stop, index) => {
    const here = rows.filter(({ x }) => x === stop).map(({ name, y }) => `${name} ${plain(y)}`);
    return { stop: index + 1, x: stop, reading: `${plain(stop)}: ${here.join(" · ")}` };
  });
}

function readingLayers(): VegaLiteSpec[] {
  const data = { name: "readings" };
  const transform = [{ filter: "datum.stop == stop" }];
  return [
    {
      data,
      transform,
      mark: { type: "rule", color: ink, opacity: 0.6 },
      encoding: { y: { value: 0 }, y2: { value: "height" } },
    },
    {
      data,
      transform,
      mark: { type: "text", align: "left", baseline: "bottom", color: ink, fontSize: 12, fontWeight: 600 },
      encoding: { x: { value: 0 }, y: { value: -6 }, text: { field: "reading" } },
    },
  ];
}

function checkLogarithms(entries: [string, Point[]][], logX: boolean, logY: boolean): void {
  for (const [name, points] of entries)
    for (const { x, y } of points)
      if ((logX && x === 0) || (logY && y === 0))
        throw new RangeError(
          `A logarithmic axis has no 0, and ${JSON.stringify(name)} has a point { x: ${x}, y: ${y} }. Leave it out, or leave \`log\` out.`,
        );
}

interface Crossing extends Point {
  between: [string, string];
}

/** Where the first line crosses the second, between the points that both have; on the axes' own scales. */
function crossingOf(entries: [string, Point[]][], logX: boolean, logY: boolean): Crossing | undefined {
  if (entries.length < 2) return undefined;
  const [[a, first], [b, second]] = entries as [[string, Point[]], [string, Point[]]];
  const other = new Map(second.map(({ x, y }) => [x, y]));
  const scale = (value: number, isLog: boolean) => (isLog ? Math.log(value) : value);
  const back = (value: number, isLog: boolean) => threeDigits(isLog ? Math.exp(value) : value);
  const shared = first
    .filter(({ x }) => other.has(x))
    .sort((p, q) => p.x - q.x)
    .map(({ x, y }) => ({ x: scale(x, logX), one: scale(y, logY), two: scale(other.get(x)!, logY) }));
  for (const [index, to] of shared.entries()) {
    const from = shared[index - 1];
    // Lines that begin or touch at a point do not cross there.
    if (!from || (from.one - from.two) * (to.one - to.two) >= 0) continue;
    const share = (from.one - from.two) / (from.one - from.two - (to.one - to.two));
    const x = from.x + share * (to.x - from.x);
    const y = from.one + share * (to.one - from.one);
    return { x: back(x, logX), y: back(y, logY), between: [a, b] };
  }
  return undefined;
}

function describe(entries: [string, Point[]][], crossing: Crossing | undefined): string {
  const { lineAt, cross } = words();
  const sentences = entries.map(([name, points]) => {
    const sorted = [...points].sort((a, b) => a.x - b.x);
    const [first, last] = [sorted[0]!.y, sorted.at(-1)!.y];
    const most = Math.max(...sorted.map(({ y }) => y));
    const [from, to, top] = [first, last, most].map((y) => plain(threeDigits(y)));
    return lineAt(name, from!, to!, top!);
  });
  if (crossing) sentences.push(cross(...crossing.between, plain(crossing.x)));
  return `${sentences.join("; ")}.`;
}
