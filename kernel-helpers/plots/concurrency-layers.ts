import { filled } from "./bars";
import { VegaLiteSpec } from "./chart";
import type { Ending } from "./endings";
import { alarm, ink } from "./theme";
import { round } from "./words";

const stretch = { x: { field: "start" }, x2: { field: "end" } };
const box = { ...stretch, y: { field: "top" }, y2: { field: "bottom" } };

/**
 * From the back to the front. `pxPerMs` and `laneHeight` tell what has room for a name. What the `endings` need
 * is there only where a task ended so.
 */
export function concurrencyLayers(
  color: VegaLiteSpec,
  lanes: number,
  laneHeight: number,
  pxPerMs: number,
  endings: Ending[],
): VegaLiteSpec[] {
  return [
    laneBands(),
    ...blockLayers(lanes),
    ...markLayers(),
    queueLayer(),
    barLayer(color, endings),
    hatchLayer(color, laneHeight),
    nameLayer(pxPerMs, laneHeight),
    ...endings.map((ending) => endingLayer(ending, pxPerMs)),
    tickLayer(),
  ];
}

export function timeAxis(duration: number): VegaLiteSpec {
  return {
    type: "quantitative",
    scale: { domain: [0, round(duration) || 1], nice: false },
    title: "time since the recording began (ms)",
    axis: { tickCount: 6 },
  };
}

/** Lanes are numbers, so that bars may share one; the labels name them. */
export function laneAxis(lanes: string[]): VegaLiteSpec {
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
    mark: { type: "rect", color: ink, opacity: 0.08 },
    encoding: { x: { value: 0 }, x2: { value: "width" }, y: { field: "top" }, y2: { field: "bottom" } },
  };
}

function blockLayers(lanes: number): VegaLiteSpec[] {
  const tooltip = [
    { field: "start", title: "loop blocked from (ms)" },
    { field: "ms", title: "for (ms)" },
  ];
  return [
    {
      data: { name: "blocks" },
      mark: { type: "rect", color: alarm, opacity: 0.13 },
      encoding: { ...stretch, y: { datum: 0 }, y2: { datum: lanes } },
    },
    {
      data: { name: "blocks" },
      mark: { type: "rect", color: alarm, opacity: 1, minBandSize: 1 },
      encoding: { ...stretch, y: { datum: 0.5 }, y2: { datum: 0.5 + filled / 2 }, tooltip },
    },
  ];
}

function queueLayer(): VegaLiteSpec {
  return {
    data: { name: "queue" },
    mark: { type: "area", color: ink, opacity: 0.45, interpolate: "step-after" },
    encoding: {
      x: { field: "time" },
      y: { field: "top" },
      y2: { field: "bottom" },
      tooltip: [
        { field: "waiting", title: "tasks waiting" },
        { field: "time", title: "from (ms)" },
      ],
    },
  };
}

function barLayer(color: VegaLiteSpec, endings: Ending[]): VegaLiteSpec {
  const outcome = ["datum.state", ...endings.map(({ how }) => `(datum.${how} ? ', then ${how}' : '')`)].join(
    " + ",
  );
  const ended = endings.length > 0;
  return {
    data: { name: "bars" },
    ...(ended && { transform: [{ calculate: outcome, as: "outcome" }] }),
    // A thin gap keeps bars apart that follow one another.
    mark: { type: "rect", opacity: 1, x2Offset: -0.5 },
    encoding: {
      ...box,
      color,
      fillOpacity: {
        condition: [
          { test: "datum.state == 'running'", value: 1 },
          { test: "datum.state == 'blocked'", value: 0.25 },
        ],
        value: 0.48,
      },
      tooltip: [
        { field: "task" },
        { field: "lane" },
        ended ? { field: "outcome", title: "state" } : { field: "state" },
        { field: "start", title: "from (ms)" },
        { field: "end", title: "to (ms)" },
      ],
    },
  };
}

const middle = { calculate: "(datum.top + datum.bottom) / 2", as: "middle" };

/** A thick dashed line is a hatched bar. */
function hatchLayer(color: VegaLiteSpec, laneHeight: number): VegaLiteSpec {
  return {
    data: { name: "bars" },
    transform: [
      { filter: "datum.state == 'blocked'" },
      middle,
      { calculate: `(datum.bottom - datum.top) * ${laneHeight}`, as: "thickness" },
    ],
    mark: { type: "rule", strokeDash: [3, 4], opacity: 1 },
    encoding: {
      ...stretch,
      y: { field: "middle" },
      color,
      strokeWidth: { field: "thickness", type: "quantitative", scale: null },
    },
  };
}

/** A task's name stands in its bar where there is room for it. */
function nameLayer(pxPerMs: number, laneHeight: number): VegaLiteSpec {
  const fits = `(datum.end - datum.start) * ${pxPerMs} > length(datum.task) * 6.6 + (datum.failed || datum.stopped ? 28 : 12)`;
  const high = `(datum.bottom - datum.top) * ${laneHeight} > 11`;
  return {
    data: { name: "bars" },
    transform: [{ filter: `datum.state == 'running' && ${fits} && ${high}` }, middle],
    mark: { type: "text", align: "left", dx: 6, fontSize: 11, color: "#fff", tooltip: null },
    encoding: { x: { field: "start" }, y: { field: "middle" }, text: { field: "task" } },
  };
}

/** The mark at the end of what ended so; in the middle, and in grey, of a bar with no room for it. */
function endingLayer({ how, shape, name }: Ending, pxPerMs: number): VegaLiteSpec {
  const hasRoom = `(datum.end - datum.start) * ${pxPerMs} > ${2 * fromEndPx}`;
  const at = `max((datum.start + datum.end) / 2, datum.end - ${fromEndPx} / ${pxPerMs})`;
  return {
    data: { name: "bars" },
    transform: [{ filter: `datum.${how}` }, middle, { calculate: at, as: name }],
    mark: {
      type: "point",
      shape,
      size: 20,
      strokeWidth: 2,
      opacity: 1,
      tooltip: null,
    },
    encoding: {
      x: { field: name },
      y: { field: "middle" },
      stroke: { condition: { test: `datum.state == 'running' && ${hasRoom}`, value: "#fff" }, value: ink },
    },
  };
}

/** From the end of a bar to the middle of its mark. */
const fromEndPx = 10;

function markLayers(): VegaLiteSpec[] {
  const tooltip = [{ field: "name" }, { field: "time", title: "at (ms)" }];
  const line = {
    data: { name: "marks" },
    mark: { type: "rule", color: ink, strokeDash: [4, 3] },
    encoding: { x: { field: "time" }, tooltip },
  };
  return [line, markNames("left", tooltip), markNames("right", tooltip)];
}

/** Names near the right edge end at their line instead of beginning there. */
function markNames(align: "left" | "right", tooltip: VegaLiteSpec[]): VegaLiteSpec {
  return {
    data: { name: "marks" },
    transform: [{ filter: `datum.align == '${align}'` }],
    mark: { type: "text", align, baseline: "bottom", color: ink, fontSize: 11 },
    encoding: {
      x: { field: "time" },
      y: { field: "above", type: "quantitative", scale: null },
      text: { field: "name" },
      tooltip,
    },
  };
}

/**
 * Dots along the upper edge of the loop's lane: lines with round ends, the smallest in SVG, and a tenth of a
 * pixel long, for a canvas draws nothing of a line without length.
 */
function tickLayer(): VegaLiteSpec {
  return {
    data: { name: "ticks" },
    mark: { type: "rule", strokeCap: "round", strokeWidth: 3, y2Offset: 0.1, color: ink, opacity: 1 },
    encoding: {
      x: { field: "time" },
      y: { datum: 0.1 },
      y2: { datum: 0.1 },
      tooltip: [{ field: "time", title: "the loop ticked at (ms)" }],
    },
  };
}
