import { loopLane, queueLane, rowsOf, Segment } from "./lanes";
import { Layout, layoutOf } from "./layout";
import { round } from "./numbers";
import { width } from "./theme";
import { MergedSegment, merge, QueueStep, queueSteps } from "./thin";

/** A bar as the chart's data has it: times in ms, top and bottom in lanes from the first one down. */
export interface Bar {
  lane: string;
  task: string;
  group?: string;
  state: Segment["state"];
  start: number;
  end: number;
  top: number;
  bottom: number;
  /** Which part of it had a core, 0 to 1. */
  share?: number;
  /** The task that a click follows; absent where bars were merged. */
  follow?: number;
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
  layout: Layout;
}

const mostBars = 300;
/** More than these waiting tasks would be thinner than two px each. */
const mostWaiting = 12;
const queueColumns = 120;
/** The part of a lane that its bars fill. */
const filled = 0.7;

export function barsOf(segments: Segment[], lanes: string[], duration: number): Bars {
  const waiting = segments.filter(({ lane }) => lane === queueLane);
  const crowded = waiting.length > mostWaiting;
  const shown = crowded ? segments.filter(({ lane }) => lane !== queueLane) : segments;
  const merged = merge(shown, mostBars, duration / width);
  const thinned = merged.length < shown.length;
  const rows = thinned ? new Map<Segment, number>() : rowsOf(merged);
  const rowsIn = new Map<string, number>();
  for (const [{ lane }, row] of rows) rowsIn.set(lane, Math.max(rowsIn.get(lane) ?? 1, row + 1));
  const layout = layoutOf(lanes, merged, rowsIn.get(loopLane) ?? 1);
  const queueTop = layout.lanes.find(({ lane }) => lane === queueLane)?.top ?? 0;
  return {
    rows: merged.map((segment) => place(segment, layout, rows.get(segment) ?? 0, rowsIn, thinned)),
    queue: crowded ? queueRows(queueSteps(waiting, duration, queueColumns), queueTop) : [],
    thinned,
    layout,
  };
}

function place(
  segment: MergedSegment,
  layout: Layout,
  row: number,
  rowsIn: Map<string, number>,
  thinned: boolean,
): Bar {
  const { lane, task, group, state, start, end, share, follow, failed, stopped } = segment;
  const inLane = rowsIn.get(lane) ?? 1;
  const all = roomOf(lane, layout);
  const height = (all.bottom - all.top) / inLane;
  const top = all.top + row * height;
  const bottom = top + height * (inLane > 1 ? 0.86 : 1);
  return {
    lane,
    task,
    ...(group !== undefined && { group }),
    state,
    start: round(start),
    end: round(end),
    top: round(top, 0.001),
    bottom: round(bottom, 0.001),
    ...(share !== undefined && { share: round(share, 0.01) }),
    ...(!thinned && follow !== undefined && { follow }),
    ...(failed && { failed }),
    ...(stopped && { stopped }),
  };
}

function roomOf(lane: string, { lanes, loopBars }: Layout): { top: number; bottom: number } {
  if (lane === loopLane) return loopBars;
  const { top } = lanes.find((each) => each.lane === lane)!;
  return { top: top + (1 - filled) / 2, bottom: top + (1 + filled) / 2 };
}

function queueRows(steps: QueueStep[], laneTop: number): Bars["queue"] {
  const most = steps.reduce((longest, { waiting }) => Math.max(longest, waiting), 1);
  const bottom = round(laneTop + (1 + filled) / 2, 0.001);
  return steps.map(({ time, waiting }) => {
    return { time: round(time), waiting, top: round(bottom - (filled * waiting) / most, 0.001), bottom };
  });
}
