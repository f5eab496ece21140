import { partsAround } from "../inspector";
import type { LoopBlock, TimelineMark, TimelinePause } from "../timing";
import { loopLane, Segment, takeFirst } from "./lanes";
import type { Layout } from "./layout";
import { round } from "./numbers";
import { width } from "./theme";
import { merge } from "./thin";

/** Where blocks lie that a debugger has interrupted. */
export function layBlocks(blocks: LoopBlock[], pauses: TimelinePause[]): LoopBlock[] {
  const ofLoop = pauses.filter(({ thread }) => thread === loopLane);
  return blocks
    .flatMap(({ start, duration }) => partsAround(start, duration, ofLoop))
    .map(({ start, end }) => ({ start, duration: end - start }));
}

const mostBlocks = 100;

export function blockRows(blocks: LoopBlock[], duration: number) {
  const stretches = blocks.map(({ start, duration: ms }): Segment => {
    return { lane: "", task: "", state: "blocked", start, end: start + ms };
  });
  return merge(stretches, mostBlocks, duration / width).map(({ start, end }) => {
    return { start: round(start), end: round(end), ms: round(end - start) };
  });
}

export const pausedSegment = ({ thread: lane, start, end }: TimelinePause): Segment => {
  return { lane, task: "", state: "paused", start, end };
};

const mostPauses = 120;

/** Frames as high as their lanes. */
export function pauseRows(pauses: TimelinePause[], { lanes }: Layout, duration: number) {
  return merge(pauses.map(pausedSegment), mostPauses, duration / width).flatMap(({ lane, start, end }) => {
    const at = lanes.find((each) => each.lane === lane);
    if (!at) return [];
    const [top, bottom] = [round(at.top + 0.08, 0.001), round(at.bottom - 0.08, 0.001)];
    return [{ lane, start: round(start), end: round(end), ms: round(end - start), top, bottom }];
  });
}

const mostTicks = 120;

/** Every so many of the ticks, so that at most these remain: gaps stay gaps. */
export function tickRows(ticks: number[]) {
  const step = Math.ceil(ticks.length / mostTicks);
  return ticks.filter((_, index) => index % step === 0).map((time) => ({ time: round(time) }));
}

/** Marks stand above the plot, those close to one another in rows above one another. */
export function markRows(marks: TimelineMark[], duration: number) {
  const plot = width - 90;
  const free: number[] = [];
  const rows = [...marks]
    .sort((a, b) => a.time - b.time)
    .map(({ name, time }) => {
      const length = name.length * 6.5 + 10;
      const at = (time / (duration || 1)) * plot;
      const align = at + length > plot ? "right" : "left";
      const row = takeFirst(free, align === "left" ? at : at - length, align === "left" ? at + length : at);
      return { name, time: round(time), align, above: -3 - 14 * row };
    });
  return { rows, height: free.length };
}
