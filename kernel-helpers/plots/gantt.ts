import type { LoopBlock } from "../timing";
import { endings } from "./endings";
import { laneName } from "./lane-axes";
import { loopLane, Segment } from "./lanes";
import { words } from "./words";

const columns = 60;
const paint = { waiting: "░", awaiting: "─", running: "█", within: "█", blocked: "▒", paused: "·" } as const;

/** The concurrency chart in characters: a line for each lane, sixty columns for the whole time. */
export function gantt(lanes: string[], segments: Segment[], blocks: LoopBlock[], duration: number): string {
  const { states, paused, endings: ended, ms } = words();
  const widest = Math.max(...lanes.map((lane) => laneName(lane).length));
  const lines = lanes.map(
    (lane) => `${laneName(lane).padEnd(widest)} ▏${line(lane, segments, blocks, duration)}▏`,
  );
  const scale = `0 ${ms}${`${Math.round(duration)} ${ms}`.padStart(columns - 2 - ms.length)}`;
  const ends = endings.filter(({ how }) => segments.some((segment) => segment[how]));
  const endSigns = ends.map(({ how, sign }) => `  ${sign} ${ended[how]}`).join("");
  const isPaused = segments.some(({ state }) => state === "paused");
  const pauseSign = isPaused ? `  ${paint.paused} ${paused}` : "";
  return [
    ...lines,
    `${"".padEnd(widest)}  ${scale}`,
    `░ ${states.waiting}  █ ${states.running}  ▒ ${states.blocked}${pauseSign}${endSigns}`,
  ].join("\n");
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
  for (const segment of own) {
    const last = fill(segment.start, segment.end, paint[segment.state]);
    for (const { how, sign } of endings) if (segment[how]) cells[last] = sign;
  }
  if (lane === loopLane) for (const block of blocks) fill(block.start, block.start + block.duration, "█");
  return cells.slice(0, columns).join("");
}
