import { short } from "./clean";
import { loopLane, poolQueueLane, queueLane } from "./lanes";
import type { Layout } from "./layout";
import { round } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { words } from "./words";

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
        : short(lane);
}
