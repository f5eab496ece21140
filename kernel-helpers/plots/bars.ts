import { loopLane, queueLane, rowsOf, Segment } from "./lanes";
import { width } from "./theme";
import { MergedSegment, merge, QueueStep, queueSteps } from "./thin";
import { round } from "./words";

/** A bar as the chart's data has it: times in ms, top and bottom in lanes from the first one down. */
export interface Bar {
  lane: string;
  task: string;
  state: Segment["state"];
  start: number;
  end: number;
  top: number;
  bottom: number;
  /** Present where the task ended by an error. */
  failed?: boolean;
  /** Present where the task did not end by itself. */
  stopped?: boolean;
}

/** What fills the lanes. */
export interface Bars {
  rows: Bar[];
  /** The length of the queue over time, where too many wait for a bar each. */
  queue: (QueueStep & { top: number; bottom: number })[];
  thinned: boolean;
  /** px. */
  laneHeight: number;
}

const mostBars = 300;
/** More than these waiting tasks would be thinner than two px each. */
const mostWaiting = 12;
const queueColumns = 120;
/** The part of a lane that its bars fill; the loop's lane keeps its lower half for the blocks. */
export const filled = 0.7;

export function barsOf(segments: Segment[], lanes: string[], duration: number): Bars {
  const waiting = segments.filter(({ lane }) => lane === queueLane);
  const crowded = waiting.length > mostWaiting;
  const shown = crowded ? segments.filter(({ lane }) => lane !== queueLane) : segments;
  const merged = merge(shown, mostBars, duration / width);
  return {
    rows: place(merged, lanes, merged.length < shown.length),
    queue: crowded ? queueRows(queueSteps(waiting, duration, queueColumns), lanes.indexOf(queueLane)) : [],
    thinned: merged.length < shown.length,
    laneHeight: Math.max(8, Math.min(34, Math.round(544 / lanes.length))),
  };
}

function place(segments: MergedSegment[], lanes: string[], thinned: boolean): Bar[] {
  const rows = thinned ? new Map<Segment, number>() : rowsOf(segments);
  const rowsIn = new Map<string, number>();
  for (const [{ lane }, row] of rows) rowsIn.set(lane, Math.max(rowsIn.get(lane) ?? 1, row + 1));
  return segments.map((segment) => {
    const { lane, task, state, start, end, failed, stopped } = segment;
    const inLane = rowsIn.get(lane) ?? 1;
    const height = (lane === loopLane ? filled / 2 : filled) / inLane;
    const top = lanes.indexOf(lane) + (1 - filled) / 2 + (rows.get(segment) ?? 0) * height;
    const bottom = top + height * (inLane > 1 ? 0.86 : 1);
    return {
      lane,
      task,
      state,
      start: round(start),
      end: round(end),
      top: round(top, 0.001),
      bottom: round(bottom, 0.001),
      ...(failed && { failed }),
      ...(stopped && { stopped }),
    };
  });
}

function queueRows(steps: QueueStep[], lane: number): Bars["queue"] {
  const most = steps.reduce((longest, { waiting }) => Math.max(longest, waiting), 1);
  const bottom = round(lane + (1 + filled) / 2, 0.001);
  return steps.map(({ time, waiting }) => {
    return { time: round(time), waiting, top: round(bottom - (filled * waiting) / most, 0.001), bottom };
  });
}
