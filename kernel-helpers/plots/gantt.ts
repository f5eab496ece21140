import type { LoopBlock } from "../timing";
import { loopLane, Segment } from "./lanes";

const columns = 60;
const paint = { waiting: "░", "in flight": "─", running: "█", blocked: "▒" } as const;

/** The concurrency chart in characters: a line for each lane, sixty columns for the whole time. */
export function gantt(lanes: string[], segments: Segment[], blocks: LoopBlock[], duration: number): string {
  const widest = Math.max(...lanes.map((lane) => lane.length));
  const lines = lanes.map((lane) => `${lane.padEnd(widest)} ▏${line(lane, segments, blocks, duration)}▏`);
  const scale = `0 ms${`${Math.round(duration)} ms`.padStart(columns - 4)}`;
  const failure = segments.some(({ failed }) => failed) ? "  ✗ failed" : "";
  return [...lines, `${"".padEnd(widest)}  ${scale}`, `░ waiting  █ running  ▒ blocked${failure}`].join("\n");
}

function line(lane: string, segments: Segment[], blocks: LoopBlock[], duration: number): string {
  const cells = new Array<string>(columns).fill(" ");
  const fill = (start: number, end: number, sign: string): number => {
    const from = Math.min(columns - 1, Math.floor((start / (duration || 1)) * columns));
    const to = Math.max(from + 1, Math.round((end / (duration || 1)) * columns));
    cells.fill(sign, from, to);
    return to - 1; // the last cell
  };
  const own = segments.filter((segment) => segment.lane === lane);
  for (const { start, end, state, failed } of own) {
    const last = fill(start, end, paint[state]);
    if (failed) cells[last] = "✗";
  }
  if (lane === loopLane) for (const block of blocks) fill(block.start, block.start + block.duration, "█");
  return cells.slice(0, columns).join("");
}
