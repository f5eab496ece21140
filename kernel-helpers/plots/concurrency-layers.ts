import type { Ending } from "./endings";
import { loopLane, poolQueueLane, queueLane } from "./lanes";
import { Layout } from "./layout";
import { round } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { alarm, darkColours, ink, palette } from "./theme";
import { words } from "./words";

const stretch = { x: { field: "start" }, x2: { field: "end" } };
const box = { ...stretch, y: { field: "top" }, y2: { field: "bottom" } };

export interface LayerOptions {
  color: VegaLiteSpec;
  layout: Layout;
  /** Tells, with the layout, what has room for a name. */
  pxPerMs: number;
  /** What these need is there only where a task ended so. */
  endings: Ending[];
  /** A click on a bar leaves its task's bars alone in colour. */
  follows: boolean;
  traced: boolean;
  /** Whether a debugger held a thread. */
  pauses: boolean;
}

/** From the back to the front. */
export function concurrencyLayers(options: LayerOptions): VegaLiteSpec[] {
  const { color, layout, pxPerMs, endings, follows, traced, pauses } = options;
  return [
    laneBands(),
    blockBands(layout),
    ...markLayers(),
    queueLayer(),
    ...(pauses ? pauseLayers(pxPerMs) : []),
    barLayer(color, endings, follows),
    stripeLayer(color, layout.unit, follows),
    nameLayer(pxPerMs, layout.unit, follows),
    ...endings.map((ending) => endingLayer(ending, pxPerMs)),
    ...arrowLayers(follows),
    blockLine(layout),
    ...(traced ? [costLine(layout), collectionLayer()] : []),
    tickLayer(layout),
  ];
}

export function timeAxis(duration: number): VegaLiteSpec {
  return {
    type: "quantitative",
    scale: { domain: [0, round(duration) || 1], nice: false },
    title: words().sinceRecording,
    axis: { tickCount: 6 },
  };
}

/** Lanes are numbers, so that bars may share one; the labels name them. */
export function laneAxis({ lanes, height }: Layout): VegaLiteSpec {
  const values = lanes.map(({ top, bottom }) => round((top + bottom) / 2, 0.001));
  const names = lanes.map(({ lane }) => laneName(lane));
  return {
    type: "quantitative",
    scale: { domain: [height, 0], nice: false, zero: false },
    title: null,
    axis: {
      values,
      labelExpr: `${JSON.stringify(names)}[indexof(${JSON.stringify(values)}, datum.value)]`,
      grid: false,
      ticks: false,
    },
  };
}

/** The lanes of the loop and the queue have names of ours; threads have their own. */
export function laneName(lane: string): string {
  const { eventLoop, queue, poolQueue } = words();
  return lane === loopLane
    ? eventLoop
    : lane === queueLane
      ? queue
      : lane === poolQueueLane
        ? poolQueue
        : lane;
}

function laneBands(): VegaLiteSpec {
  return {
    data: { name: "lanes" },
    mark: { type: "rect", color: ink, opacity: 0.07 },
    encoding: { x: { value: 0 }, x2: { value: "width" }, y: { field: "top" }, y2: { field: "bottom" } },
  };
}

function blockBands({ height }: Layout): VegaLiteSpec {
  return {
    data: { name: "blocks" },
    mark: { type: "rect", color: alarm, opacity: 0.13, clip: true },
    encoding: { ...stretch, y: { datum: 0 }, y2: { datum: height } },
  };
}

/** Neither work nor a block: an empty frame, with its name where there is room. */
function pauseLayers(pxPerMs: number): VegaLiteSpec[] {
  const { fields, paused } = words();
  const fits = `(datum.end - datum.start) * ${pxPerMs} > ${paused.length * 6.2 + 10}`;
  return [
    {
      data: { name: "pauses" },
      mark: {
        type: "rect",
        fill: ink,
        fillOpacity: 0.05,
        stroke: ink,
        strokeOpacity: 0.75,
        strokeDash: [2, 3],
        clip: true,
      },
      encoding: {
        ...box,
        tooltip: [
          { field: "lane", title: fields.lane },
          { field: "start", title: fields.pausedFrom },
          { field: "ms", title: fields.for },
        ],
      },
    },
    {
      data: { name: "pauses" },
      transform: [{ filter: fits }, middle, { calculate: "(datum.start + datum.end) / 2", as: "centre" }],
      mark: { type: "text", fontSize: 11, color: ink, opacity: 0.8, tooltip: null, clip: true },
      encoding: { x: { field: "centre" }, y: { field: "middle" }, text: { value: paused } },
    },
  ];
}

const lineHalf = 0.13;

/** On the line of the loop's ticks, which it interrupts. */
function blockLine({ loopLine }: Layout): VegaLiteSpec {
  const { fields } = words();
  return {
    data: { name: "blocks" },
    mark: { type: "rect", color: alarm, opacity: 1, minBandSize: 1, clip: true },
    encoding: {
      ...stretch,
      y: { datum: round(loopLine - lineHalf, 0.001) },
      y2: { datum: round(loopLine + lineHalf, 0.001) },
      tooltip: [
        { field: "start", title: fields.blockedFrom },
        { field: "ms", title: fields.for },
      ],
    },
  };
}

/** Over the block that the recording itself was. */
function costLine({ loopLine }: Layout): VegaLiteSpec {
  const { fields } = words();
  return {
    data: { name: "costs" },
    mark: { type: "rect", color: palette.at(-1), opacity: 1, minBandSize: 1, clip: true },
    encoding: {
      ...stretch,
      y: { datum: round(loopLine - lineHalf, 0.001) },
      y2: { datum: round(loopLine + lineHalf, 0.001) },
      tooltip: [
        { field: "start", title: fields.recordingFrom },
        { field: "ms", title: fields.for },
      ],
    },
  };
}

function collectionLayer(): VegaLiteSpec {
  const { fields } = words();
  return {
    data: { name: "collections" },
    mark: { type: "tick", orient: "vertical", thickness: 1.6, size: 6, color: ink, opacity: 0.9, clip: true },
    encoding: {
      x: { field: "start" },
      y: { field: "y" },
      tooltip: [
        { field: "lane", title: fields.lane },
        { field: "start", title: fields.collectedFrom },
        { field: "end", title: fields.to },
        { field: "times", title: fields.count },
      ],
    },
  };
}

function queueLayer(): VegaLiteSpec {
  const { fields } = words();
  return {
    data: { name: "queue" },
    mark: { type: "area", color: ink, opacity: 0.45, interpolate: "step-after", clip: true },
    encoding: {
      x: { field: "time" },
      y: { field: "top" },
      y2: { field: "bottom" },
      tooltip: [
        { field: "waiting", title: fields.tasksWaiting },
        { field: "time", title: fields.from },
      ],
    },
  };
}

/** Zooming takes a key, so that a page can be scrolled past the chart. */
const zoom = {
  name: "zoom",
  select: { type: "interval", encodings: ["x"], zoom: "wheel![event.ctrlKey || event.metaKey]" },
  bind: "scales",
};
const followed = {
  name: "followed",
  select: {
    type: "point",
    fields: ["follow"],
    on: "click[event.item && event.item.datum && event.item.datum.follow]",
    clear: "dblclick",
  },
};
const faded = { opacity: { condition: { param: "followed", value: 1 }, value: 0.15 } };

function barLayer(color: VegaLiteSpec, endings: Ending[], follows: boolean): VegaLiteSpec {
  const { fields, states, endedBy, endings: ended } = words();
  const state = `${JSON.stringify(states)}[datum.state]`;
  const outcome = [
    state,
    ...endings.map(({ how }) => `(datum.${how} ? ${JSON.stringify(endedBy(ended[how]))} : '')`),
  ];
  return {
    data: { name: "bars" },
    params: follows ? [zoom, followed] : [zoom],
    transform: [{ calculate: outcome.join(" + "), as: "outcome" }],
    // A thin gap keeps bars apart that follow one another.
    mark: { type: "rect", opacity: 1, x2Offset: -1.5, clip: true, ...(follows && { cursor: "pointer" }) },
    encoding: {
      ...box,
      color,
      ...(follows && faded),
      fillOpacity: {
        condition: [
          { test: "datum.state == 'running'", value: 1 },
          { test: "datum.state == 'within'", value: 0.75 },
          { test: "datum.state == 'blocked'", value: 0.25 },
        ],
        value: 0.45,
      },
      tooltip: [
        { field: "task", title: fields.task },
        { field: "lane", title: fields.lane },
        { field: "outcome", title: fields.state },
        { field: "start", title: fields.from },
        { field: "end", title: fields.to },
      ],
    },
  };
}

const middle = { calculate: "(datum.top + datum.bottom) / 2", as: "middle" };

/** Where the stripes of a blocked bar lie, as parts of its height. */
const stripes = "[1 / 6, 1 / 2, 5 / 6]";

/** Stripes run along the bar: across it they would look like many short tasks. */
function stripeLayer(color: VegaLiteSpec, unit: number, follows: boolean): VegaLiteSpec {
  return {
    data: { name: "bars" },
    transform: [
      { filter: "datum.state == 'blocked'" },
      { calculate: stripes, as: "part" },
      { flatten: ["part"] },
      { calculate: "datum.top + (datum.bottom - datum.top) * datum.part", as: "stripe" },
      { calculate: `(datum.bottom - datum.top) * ${unit} / 6`, as: "thickness" },
    ],
    mark: { type: "rule", opacity: 1, x2Offset: -1.5, clip: true },
    encoding: {
      ...stretch,
      y: { field: "stripe" },
      color,
      ...(follows && faded),
      strokeWidth: { field: "thickness", type: "quantitative", scale: null },
    },
  };
}

/** A task's name stands in its bar where there is room for it, in white or black, by the colour of the bar. */
function nameLayer(pxPerMs: number, unit: number, follows: boolean): VegaLiteSpec {
  const fits = `(datum.end - datum.start) * ${pxPerMs} > length(datum.task) * 6.6 + (datum.failed || datum.stopped ? 28 : 12)`;
  const high = `(datum.bottom - datum.top) * ${unit} > 11`;
  return {
    data: { name: "bars" },
    transform: [{ filter: `datum.state == 'running' && ${fits} && ${high}` }, middle],
    mark: { type: "text", align: "left", dx: 6, fontSize: 11, tooltip: null, clip: true },
    encoding: {
      x: { field: "start" },
      y: { field: "middle" },
      text: { field: "task" },
      color: onColour,
      ...(follows && faded),
    },
  };
}

/** White or black, whichever is readable on the bar. */
const onColour = {
  condition: {
    test: `indexof(${JSON.stringify(darkColours)}, scale('color', datum.group)) >= 0`,
    value: "#fff",
  },
  value: "#000",
};

/** The mark at the end of what ended so; in the middle, and in the colour of text, of a bar with no room for it. */
function endingLayer({ how, shape, name }: Ending, pxPerMs: number): VegaLiteSpec {
  const hasRoom = `(datum.end - datum.start) * ${pxPerMs} > ${2 * fromEndPx}`;
  const at = `max((datum.start + datum.end) / 2, datum.end - ${fromEndPx} / ${pxPerMs})`;
  return {
    data: { name: "bars" },
    transform: [{ filter: `datum.${how}` }, middle, { calculate: at, as: name }],
    mark: { type: "point", shape, size: 20, strokeWidth: 2, opacity: 1, tooltip: null, clip: true },
    encoding: {
      x: { field: name },
      y: { field: "middle" },
      stroke: {
        condition: [
          { test: `datum.state == 'running' && ${hasRoom} && ${onColour.condition.test}`, value: "#fff" },
          { test: `datum.state == 'running' && ${hasRoom}`, value: "#000" },
        ],
        value: ink,
      },
    },
  };
}

/** From the end of a bar to the middle of its mark. */
const fromEndPx = 10;

/** A call of a thread goes up to the loop, its answer comes down. */
function arrowLayers(follows: boolean): VegaLiteSpec[] {
  const { fields } = words();
  const tooltip = [
    { field: "call", title: fields.call },
    { field: "start", title: fields.at },
  ];
  const head = (test: string, shape: string) => ({
    data: { name: "arrows" },
    transform: [{ filter: test }],
    mark: { type: "point", shape, filled: true, size: 34, color: ink, opacity: 1, clip: true },
    encoding: { x: { field: "end" }, y: { field: "to" }, tooltip, ...(follows && faded) },
  });
  return [
    {
      data: { name: "arrows" },
      mark: { type: "rule", color: ink, strokeWidth: 1.2, clip: true },
      encoding: {
        ...stretch,
        y: { field: "from" },
        y2: { field: "to" },
        strokeDash: { condition: { test: "datum.kind == 'answer'", value: [3, 2] }, value: [1, 0] },
        tooltip,
        ...(follows && faded),
      },
    },
    head("datum.to < datum.from", "triangle-up"),
    head("datum.to >= datum.from", "triangle-down"),
  ];
}

function markLayers(): VegaLiteSpec[] {
  const { fields } = words();
  const tooltip = [
    { field: "name", title: fields.name },
    { field: "time", title: fields.at },
  ];
  const line = {
    data: { name: "marks" },
    mark: { type: "rule", color: ink, strokeDash: [4, 3], opacity: 0.7, clip: true },
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
 * A row of dots in the loop's lane, broken where the loop was blocked: lines with round ends, the smallest in SVG,
 * and a tenth of a pixel long, for a canvas draws nothing of a line without length.
 */
function tickLayer({ loopLine }: Layout): VegaLiteSpec {
  return {
    data: { name: "ticks" },
    mark: {
      type: "rule",
      strokeCap: "round",
      strokeWidth: 5,
      y2Offset: 0.1,
      color: ink,
      opacity: 1,
      clip: true,
    },
    encoding: {
      x: { field: "time" },
      y: { datum: loopLine },
      y2: { datum: loopLine },
      tooltip: [{ field: "time", title: words().fields.ticked }],
    },
  };
}
