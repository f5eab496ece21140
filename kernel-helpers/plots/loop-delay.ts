import type { LoopBlock } from "../timing";
import { Chart } from "./chart";
import { round } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { alarm, ink } from "./theme";
import { grouped, words } from "./words";

/** What the chart needs: the report of `timeLoopBlocking` or `LoopMonitor`, or a `Timeline`. */
export interface LoopDelayData {
  duration: number;
  blocks: LoopBlock[];
}

export interface LoopDelayOptions {
  /** The title of the chart. @default "How long an event waits for the loop" */
  title?: string;
}

const mostBlocks = 150;

/**
 * The delay that an event would see which arrives at each moment: within a block, the time to its end. Each
 * block is a tooth, as high as it is long. Of very many blocks the longest are drawn, and the subtitle says so.
 */
export function loopDelayChart({ duration, blocks }: LoopDelayData, options: LoopDelayOptions = {}): Chart {
  const shown = longest(blocks);
  const tallest = tallestOf(shown);
  const say = words();
  const text = {
    title: options.title ?? say.loopDelay,
    ...(shown.length < blocks.length && { subtitle: say.longestOf(shown.length, grouped(blocks.length)) }),
    description: describe(blocks, duration),
  };
  return new Chart(text, {
    height: 180,
    datasets: {
      delay: [{ time: 0, delay: 0 }, ...shown.flatMap(tooth), { time: round(duration), delay: 0 }],
      longest: tallest ? [labelOf(tallest, duration)] : [],
    },
    encoding: {
      x: {
        field: "time",
        type: "quantitative",
        title: say.sinceMeasuring,
        scale: { domain: [0, round(duration) || 1], nice: false },
        axis: { tickCount: 6, grid: false },
      },
      y: {
        field: "delay",
        type: "quantitative",
        title: say.delayMs,
        scale: { domain: [0, topOf(tallest)], nice: false },
        axis: { tickCount: 4, gridOpacity: upTo(tallest?.duration ?? 0) },
      },
    },
    layer: layers(),
  });
}

function longest(blocks: LoopBlock[]): LoopBlock[] {
  return [...blocks]
    .sort((a, b) => b.duration - a.duration)
    .slice(0, mostBlocks)
    .sort((a, b) => a.start - b.start);
}

function tooth({ start, duration }: LoopBlock): { time: number; delay: number }[] {
  const from = round(start);
  return [
    { time: from, delay: 0 },
    { time: from, delay: round(duration) },
    { time: round(start + duration), delay: 0 },
  ];
}

function topOf(tallest: LoopBlock | undefined): number {
  return Math.max(10, Math.ceil((tallest?.duration ?? 0) * 1.15));
}

function tallestOf(blocks: LoopBlock[]): LoopBlock | undefined {
  return blocks.reduce<LoopBlock | undefined>(
    (most, block) => (most && most.duration >= block.duration ? most : block),
    undefined,
  );
}

/** No grid above the tallest tooth, where its number stands; in Vega-Lite this opacity is times the theme's. */
function upTo(most: number): VegaLiteSpec {
  return { condition: { test: `datum.value > ${round(most)}`, value: 0 }, value: 1 };
}

/** The tallest tooth bears its number: on the side where there is room. */
function labelOf(tallest: LoopBlock, duration: number) {
  const side = tallest.start > duration * 0.8 ? "right" : "left";
  return { time: round(tallest.start), delay: round(tallest.duration), side };
}

function layers(): VegaLiteSpec[] {
  return [
    {
      data: { name: "delay" },
      mark: { type: "area", color: alarm, opacity: 0.3, line: { color: alarm, strokeWidth: 1.5 } },
      encoding: {
        tooltip: [
          { field: "time", title: words().fields.time },
          { field: "delay", title: words().fields.delay },
        ],
      },
    },
    label("left"),
    label("right"),
  ];
}

function label(side: "left" | "right"): VegaLiteSpec {
  return {
    data: { name: "longest" },
    transform: [
      { filter: `datum.side == '${side}'` },
      { calculate: `format(datum.delay, ',') + ${JSON.stringify(` ${words().ms}`)}`, as: "label" },
    ],
    mark: {
      type: "text",
      align: side,
      dx: side === "left" ? 1 : -1,
      dy: -3,
      baseline: "bottom",
      color: ink,
      fontSize: 12,
    },
    encoding: { text: { field: "label" } },
  };
}

function describe(blocks: LoopBlock[], duration: number): string {
  const most = blocks.reduce((top, block) => Math.max(top, block.duration), 0);
  const all = blocks.reduce((sum, block) => sum + block.duration, 0);
  return words().delayed(Math.round(duration), Math.round(all), blocks.length, Math.round(most));
}
