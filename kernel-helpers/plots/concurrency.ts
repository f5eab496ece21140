import { TimelineData } from "../timing";
import { Chart, VegaLiteSpec } from "./chart";
import { byName, lanesOf, loopLane, Placed, place, segmentsOf } from "./lanes";
import { alarm, ink, palette, width } from "./theme";

export interface ConcurrencyChartOptions {
  /** "Who ran where" unless given. */
  title?: string;
}

const laneHeight = 34;
/** The part of a lane that its bars fill. */
const barShare = 0.7;
const legendNames = palette.length;

/**
 * Who ran where and when: a lane for the event loop, one for the queue, one for each thread; a bar for
 * each task. Takes a `Timeline`, recording or stopped, or a plain object of its shape.
 */
export function concurrencyChart(timeline: TimelineData, options: ConcurrencyChartOptions = {}): Chart {
  const { duration, tasks, blocks, marks, ticks = [] } = timeline;
  const lanes = lanesOf(tasks);
  const placed = place(segmentsOf(tasks, duration));
  const names = [...new Set(tasks.map(({ name }) => name))].sort(byName);
  const words = {
    title: options.title ?? "Who ran where",
    subtitle: `pale: waiting · solid: running · striped: blocked · red: the loop is blocked${ticks.length > 0 ? " · dots: its ticks" : ""}`,
    description: describe(timeline, lanes),
  };
  return new Chart(words, {
    height: lanes.length * laneHeight,
    datasets: {
      lanes: lanes.map((lane, index) => ({ lane, top: index + 0.06, bottom: index + 0.94 })),
      segments: barsOf(placed, lanes, names),
      blocks: blocks.map(({ start, duration: ms }) => ({
        start: round(start),
        end: round(start + ms),
        ms: round(ms),
      })),
      marks: marks.map(({ time, name }) => ({ time: round(time), name })),
      ticks: ticks.map((time) => ({ time: round(time) })),
    },
    encoding: { x: timeAxis(duration), y: laneAxis(lanes) },
    layer: [
      laneBands(),
      ...blockLayers(lanes.length),
      ...taskLayers(names, lanes, duration),
      ...markLayers(),
      tickLayer(),
    ],
    usermeta: { lanes, tasks: names.length > legendNames ? [] : names },
  });
}

/** Top and bottom count in lanes from the first one down. */
function barsOf(placed: Placed[], lanes: string[], names: string[]) {
  const rows = new Map<string, number>();
  for (const { lane, row } of placed) rows.set(lane, Math.max(rows.get(lane) ?? 1, row + 1));
  return placed.map(({ lane, task, state, start, end, row }) => {
    const share = (lane === loopLane ? barShare / 2 : barShare) / rows.get(lane)!;
    const top = lanes.indexOf(lane) + (1 - barShare) / 2 + row * share;
    return {
      lane,
      task,
      state,
      start: round(start),
      end: round(end),
      top: round(top, 1000),
      bottom: round(top + share * (rows.get(lane)! > 1 ? 0.86 : 1), 1000),
      ...(names.length > legendNames && { hue: names.indexOf(task) % palette.length }),
    };
  });
}

function timeAxis(duration: number): VegaLiteSpec {
  return {
    type: "quantitative",
    scale: { domain: [0, round(duration) || 1], nice: false },
    title: "time since the recording began (ms)",
    axis: { tickCount: 6, grid: true },
  };
}

function laneAxis(lanes: string[]): VegaLiteSpec {
  return {
    type: "quantitative",
    scale: { domain: [lanes.length, 0], nice: false, zero: false },
    title: null,
    axis: {
      values: lanes.map((_, index) => index + 0.5),
      labelExpr: `${JSON.stringify(lanes)}[floor(datum.value)]`,
      grid: false,
      ticks: false,
    },
  };
}

function laneBands(): VegaLiteSpec {
  return {
    data: { name: "lanes" },
    mark: { type: "rect", color: ink, opacity: 0.07, cornerRadius: 4 },
    encoding: { x: { value: 0 }, x2: { value: "width" }, y: { field: "top" }, y2: { field: "bottom" } },
  };
}

function blockLayers(lanes: number): VegaLiteSpec[] {
  const x = { x: { field: "start" }, x2: { field: "end" } };
  const tooltip = [
    { field: "start", title: "loop blocked from (ms)" },
    { field: "ms", title: "for (ms)" },
  ];
  return [
    {
      data: { name: "blocks" },
      mark: { type: "rect", color: alarm, opacity: 0.12 },
      encoding: { ...x, y: { datum: 0 }, y2: { datum: lanes } },
    },
    {
      data: { name: "blocks" },
      mark: { type: "rect", color: alarm, cornerRadius: 2, opacity: 1 },
      encoding: { ...x, y: { datum: 0.5 }, y2: { datum: 0.5 + barShare / 2 }, tooltip },
    },
  ];
}

function taskLayers(names: string[], lanes: string[], duration: number): VegaLiteSpec[] {
  const color = taskColour(names);
  const plotWidth = width - 30 - 7 * Math.max(...lanes.map((lane) => lane.length));
  const pxPerMs = round(plotWidth / (duration || 1), 1e6);
  const place = { x: { field: "start" }, x2: { field: "end" }, y: { field: "top" }, y2: { field: "bottom" } };
  return [
    {
      data: { name: "segments" },
      mark: { type: "rect", cornerRadius: 2, opacity: 1 },
      encoding: {
        ...place,
        color,
        fillOpacity: {
          condition: [
            { test: "datum.state == 'running'", value: 1 },
            { test: "datum.state == 'blocked'", value: 0.25 },
          ],
          value: 0.4,
        },
        tooltip: [
          { field: "task" },
          { field: "lane" },
          { field: "state" },
          { field: "start", title: "from (ms)" },
          { field: "end", title: "to (ms)" },
        ],
      },
    },
    {
      // A thick dashed line is a hatched bar.
      data: { name: "segments" },
      transform: [
        { filter: "datum.state == 'blocked'" },
        { calculate: "(datum.top + datum.bottom) / 2", as: "middle" },
        { calculate: `(datum.bottom - datum.top) * ${laneHeight}`, as: "thickness" },
      ],
      mark: { type: "rule", strokeDash: [2, 3] },
      encoding: {
        x: { field: "start" },
        x2: { field: "end" },
        y: { field: "middle" },
        color,
        strokeWidth: { field: "thickness", type: "quantitative", scale: null },
      },
    },
    {
      data: { name: "segments" },
      transform: [
        {
          filter: `datum.state == 'running' && (datum.end - datum.start) * ${pxPerMs} > length(datum.task) * 6.4 + 10`,
        },
        { calculate: "(datum.top + datum.bottom) / 2", as: "middle" },
      ],
      mark: { type: "text", align: "left", dx: 6, fontSize: 11, color: "#fff", tooltip: null },
      encoding: { x: { field: "start" }, y: { field: "middle" }, text: { field: "task" } },
    },
  ];
}

/** By name while a legend can hold the names; beyond, colours only tell neighbours apart. */
function taskColour(names: string[]): VegaLiteSpec {
  if (names.length > legendNames)
    return { field: "hue", type: "nominal", scale: { range: palette }, legend: null };
  return {
    field: "task",
    type: "nominal",
    scale: { domain: names, range: palette.slice(0, names.length) },
    legend: { values: names },
  };
}

function markLayers(): VegaLiteSpec[] {
  return [
    {
      data: { name: "marks" },
      mark: { type: "rule", color: ink, strokeDash: [4, 3] },
      encoding: { x: { field: "time" }, tooltip: [{ field: "name" }, { field: "time", title: "at (ms)" }] },
    },
    {
      data: { name: "marks" },
      mark: { type: "text", align: "left", baseline: "top", dx: 4, y: 0, color: ink, fontSize: 11 },
      encoding: { x: { field: "time" }, y: { value: 0 }, text: { field: "name" } },
    },
  ];
}

/** Dots along the upper edge of the loop's lane. */
function tickLayer(): VegaLiteSpec {
  return {
    data: { name: "ticks" },
    mark: { type: "point", shape: "circle", size: 9, filled: true, color: ink, opacity: 1 },
    encoding: {
      x: { field: "time" },
      y: { datum: 0.09 },
      tooltip: [{ field: "time", title: "the loop ticked at (ms)" }],
    },
  };
}

function describe({ duration, tasks, blocks }: TimelineData, lanes: string[]): string {
  const threads = lanes.length - lanes.indexOf("queue") - 1;
  const longest = Math.max(0, ...blocks.map(({ duration: ms }) => ms));
  const unfinished = tasks.filter(({ done }) => done === null).length;
  return [
    `${count(tasks.length, "task")} on ${count(lanes.includes("queue") ? threads : 0, "thread")}`,
    ` took ${Math.round(duration)} ms in all`,
    unfinished > 0 ? `, ${unfinished} of them unfinished` : "",
    `; the loop was blocked for ${Math.round(longest)} ms at most.`,
  ].join("");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** To 0.1 unless a finer grain is given. */
function round(value: number, grain = 10): number {
  return Math.round(value * grain) / grain;
}
