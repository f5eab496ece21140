import { outside } from "../inspector";
import type { TimelineTask, TimelineTrace } from "../timing";
import { loopLane, type Segment } from "./lanes";
import { join } from "./thin";
import { words } from "./words";

/** More lanes than these would make a picture that nobody reads. */
const mostThreads = 40;
const mostOfPool = 16;

/** Gives each thread its lane: of very many the busiest keep one each, and the others share the one called `rest`. */
export interface Folding {
  laneOf(thread: string): string;
  /** Absent where each has its own. */
  rest?: string;
}

export function foldThreads(tasks: TimelineTask[], duration: number): Folding {
  const ran = tasks.filter(({ thread, started }) => thread !== loopLane && started !== null);
  const stretches = ran.map(({ thread, started, done }) => ({ thread, ms: (done ?? duration) - started! }));
  return fold(stretches, mostThreads, words().moreThreads);
}

export function foldPool({ pool }: TimelineTrace, duration: number): Folding {
  const stretches = pool.map(({ thread, started, ended }) => ({ thread, ms: (ended ?? duration) - started }));
  return fold(stretches, mostOfPool, words().moreOfPool);
}

function fold(
  stretches: { thread: string | null; ms: number }[],
  most: number,
  rest: (threads: number) => string,
): Folding {
  const busy = new Map<string, number>();
  for (const { thread, ms } of stretches) if (thread !== null) busy.set(thread, (busy.get(thread) ?? 0) + ms);
  if (busy.size <= most) return { laneOf: (thread) => thread };
  const folded = [...busy].sort((a, b) => b[1] - a[1]).slice(most - 1);
  const names = new Set(folded.map(([name]) => name));
  const name = rest(names.size);
  return { rest: name, laneOf: (thread) => (names.has(thread) ? name : thread) };
}

/** On a lane of many threads: it runs while one of them does, and is blocked while one is and none runs. */
export function unite(segments: Segment[], lane: string | undefined): Segment[] {
  const own = segments.filter((segment) => segment.lane === lane);
  if (own.length === 0) return segments;
  const running = join(own.filter(({ state }) => state === "running" || state === "within"));
  const blocked = join(own.filter(({ state }) => state === "blocked"));
  return [
    ...segments.filter((segment) => segment.lane !== lane),
    ...running,
    ...blocked.flatMap((segment) => outside(segment, running).map((part) => ({ ...segment, ...part }))),
  ];
}
