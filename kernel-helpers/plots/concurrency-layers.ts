import {
  barLayer,
  box,
  endingLayer,
  faded,
  middle,
  nameLayer,
  shareLayer,
  stretch,
  stripeLayer,
} from "./bar-layers";
import type { Ending } from "./endings";
import type { Layout } from "./layout";
import { blockBands, blockLine, costLine, tickLayer } from "./loop-layers";
import type { VegaLiteSpec } from "./spec";
import { ink } from "./theme";
import { words } from "./words";

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
  /** Whether it is known of tasks which part of their time they had a core. */
  shares: boolean;
  /** Whether a debugger held a thread. */
  pauses: boolean;
}

/** From the back to the front. */
export function concurrencyLayers(options: LayerOptions): VegaLiteSpec[] {
  const { color, layout, pxPerMs, endings, follows, traced, shares, pauses } = options;
  return [
    laneBands(),
    blockBands(layout),
    ...markLayers(),
    queueLayer(),
    ...(pauses ? pauseLayers(pxPerMs) : []),
    barLayer(color, endings, follows),
    ...(shares ? [shareLayer(color, follows)] : []),
    stripeLayer(color, layout.unit, follows),
    nameLayer(pxPerMs, layout.unit, follows),
    ...endings.map((ending) => endingLayer(ending, pxPerMs)),
    ...arrowLayers(follows),
    blockLine(layout),
    ...(traced ? [costLine(layout), collectionLayer()] : []),
    tickLayer(layout),
  ];
}

function laneBands(): VegaLiteSpec {
  return {
    data: { name: "lanes" },
    mark: { type: "rect", color: ink, opacity: 0.07 },
    encoding: { x: { value: 0 }, x2: { value: "width" }, y: { field: "top" }, y2: { field: "bottom" } },
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
