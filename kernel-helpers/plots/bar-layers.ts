import type { Ending } from "./endings";
import type { Segment } from "./lanes";
import type { VegaLiteSpec } from "./spec";
import { darkColours, ink } from "./theme";
import { words } from "./words";

export const stretch = { x: { field: "start" }, x2: { field: "end" } };
export const box = { ...stretch, y: { field: "top" }, y2: { field: "bottom" } };
/** The height of the larger part, where one is solid and one is pale, and its middle. */
const part = `(datum.bottom - datum.top) *
  (datum.share < 0.5 ? 1 - datum.share : isValid(datum.share) ? datum.share : 1)`;
export const middle = {
  calculate: `datum.share < 0.5 ? datum.top + ${part} / 2 : datum.bottom - ${part} / 2`,
  as: "middle",
};
const isSolid = "datum.state == 'running' && !(datum.share < 0.5)";

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
export const faded = { opacity: { condition: { param: "followed", value: 1 }, value: 0.15 } };

/** The states whose bars are pale. */
const pale: Segment["state"][] = ["waiting", "awaiting"];

export function barLayer(color: VegaLiteSpec, endings: Ending[], follows: boolean): VegaLiteSpec {
  const { fields, states, endedBy, endings: ended, onCore } = words();
  const state = `${JSON.stringify(states)}[datum.state]`;
  const outcome = [
    state,
    `(isValid(datum.share) ? '${onCore[0]}' + round(datum.share * 100) + '${onCore[1]}' : '')`,
    ...endings.map(({ how }) => `(datum.${how} ? ${JSON.stringify(endedBy(ended[how]))} : '')`),
  ];
  return {
    data: { name: "bars" },
    params: follows ? [zoom, followed] : [zoom],
    transform: [{ calculate: outcome.join(" + "), as: "outcome" }],
    mark: {
      type: "rect",
      opacity: 1,
      // A thin gap keeps bars apart that follow one another.
      x2Offset: -1.5,
      clip: true,
      // A frame of the full colour: pale by itself is hardly seen on a dark page.
      stroke: { expr: "scale('color', datum.group)" },
      strokeWidth: { expr: `indexof(${JSON.stringify(pale)}, datum.state) >= 0 ? 1 : 0` },
      ...(follows && { cursor: "pointer" }),
    },
    encoding: {
      ...box,
      color,
      ...(follows && faded),
      fillOpacity: {
        condition: [
          { test: "datum.state == 'running' && !isValid(datum.share)", value: 1 },
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

/** Over the pale bar of what waited for a core: the part that had one, from below. */
export function shareLayer(color: VegaLiteSpec, follows: boolean): VegaLiteSpec {
  return {
    data: { name: "bars" },
    transform: [
      { filter: "datum.share > 0" },
      { calculate: "datum.bottom - (datum.bottom - datum.top) * datum.share", as: "solid" },
    ],
    mark: { type: "rect", opacity: 1, x2Offset: -1.5, tooltip: null, clip: true },
    encoding: {
      ...stretch,
      y: { field: "solid" },
      y2: { field: "bottom" },
      color,
      ...(follows && faded),
    },
  };
}

/** Where the stripes of a blocked bar lie, as parts of its height. */
const stripes = "[1 / 6, 1 / 2, 5 / 6]";

/** Stripes run along the bar: across it they would look like many short tasks. */
export function stripeLayer(color: VegaLiteSpec, unit: number, follows: boolean): VegaLiteSpec {
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
export function nameLayer(pxPerMs: number, unit: number, follows: boolean): VegaLiteSpec {
  const fits = `(datum.end - datum.start) * ${pxPerMs} > length(datum.task) * 6.6 + (datum.failed || datum.stopped ? 28 : 12)`;
  const high = `${part} * ${unit} > 11`;
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

/** White or black, whichever is readable on the bar; on what is pale, the page's own. */
const isDark = `indexof(${JSON.stringify(darkColours)}, scale('color', datum.group)) >= 0`;
const onColour = {
  condition: [
    { test: `!(${isSolid})`, value: ink },
    { test: isDark, value: "#fff" },
  ],
  value: "#000",
};

/** The mark at the end of what ended so; in the middle, and in the colour of text, of a bar with no room for it. */
export function endingLayer({ how, shape, name }: Ending, pxPerMs: number): VegaLiteSpec {
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
          { test: `${isSolid} && ${hasRoom} && ${isDark}`, value: "#fff" },
          { test: `${isSolid} && ${hasRoom}`, value: "#000" },
        ],
        value: ink,
      },
    },
  };
}

/** From the end of a bar to the middle of its mark. */
const fromEndPx = 10;
