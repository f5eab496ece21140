import { loopLane, Segment } from "./lanes";
import { round } from "./numbers";

/** Where the lanes lie, in units of a thread's lane, from the top down. */
export interface Layout {
  lanes: { lane: string; top: number; bottom: number }[];
  /** All of them together. */
  height: number;
  /** px. */
  unit: number;
  /** Where the loop's ticks and blocks lie. */
  loopLine: number;
  /** What the bars of the loop's lane may fill. */
  loopBars: { top: number; bottom: number };
}

const mostRows = 4;
const line = 0.55;
const row = 0.5;

/** The loop's lane has a line for ticks and blocks and, below it, as many rows as tasks that are there at once. */
export function layoutOf(lanes: string[], segments: Segment[], rowsOnLoop: number): Layout {
  const busy = segments.some(({ lane }) => lane === loopLane);
  const loopHeight = busy ? line + row * Math.min(mostRows, Math.max(1, rowsOnLoop)) + 0.08 : 1;
  const height = lanes.length - 1 + loopHeight;
  let top = 0;
  const placed = lanes.map((lane) => {
    const bottom = round(top + (lane === loopLane ? loopHeight : 1), 0.001);
    const at = { lane, top, bottom };
    top = bottom;
    return at;
  });
  return {
    lanes: placed,
    height: round(height, 0.001),
    unit: Math.max(8, Math.min(34, Math.round(544 / height))),
    loopLine: busy ? line / 2 + 0.04 : 0.5,
    loopBars: { top: line, bottom: round(loopHeight - 0.08, 0.001) },
  };
}
