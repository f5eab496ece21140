import type { Collection, PoolWork, TimelineData, TimelineTrace } from "../timing";
import { type Folding, foldPool, unite } from "./fold";
import { poolLane, poolQueueLane, type Segment } from "./lanes";
import type { Layout } from "./layout";
import { round } from "./numbers";
import { width } from "./theme";
import { merge } from "./thin";
import { count, plain, words } from "./words";

/** What of libuv's pool is drawn, and how many short items are not. */
export interface PoolSegments {
  lanes: string[];
  segments: Segment[];
  leftOut: number;
}

/**
 * The lanes of libuv's pool: its queue where something waits long enough to be seen, each thread, and one for what
 * several threads may have done. Of those last, items of less than a px are left out.
 */
export function poolSegments(trace: TimelineTrace | undefined, duration: number): PoolSegments {
  if (!trace || trace.pool.length === 0) return { lanes: [], segments: [], leftOut: 0 };
  const px = duration / width;
  const { laneOf, rest } = foldPool(trace, duration);
  const ran = trace.pool.map((work) => ranSegment(work, laneOf, duration));
  const shown = ran.filter(({ lane, start, end }) => lane !== poolLane || end - start >= px);
  const waits = trace.pool.flatMap((work) => {
    const { submitted, started } = work;
    return started - submitted >= px ? [segmentOf(work, poolQueueLane, "waiting", submitted, started)] : [];
  });
  return {
    lanes: [
      ...(waits.length > 0 ? [poolQueueLane] : []),
      ...new Set(trace.poolThreads.map(({ name }) => laneOf(name))),
      ...(shown.some(({ lane }) => lane === poolLane) ? [poolLane] : []),
    ],
    segments: [...waits, ...unite(shown, rest)],
    leftOut: ran.length - shown.length,
  };
}

function ranSegment(work: PoolWork, laneOf: Folding["laneOf"], duration: number): Segment {
  const state = work.inferred ? "within" : "running";
  return segmentOf(
    work,
    work.thread === null ? poolLane : laneOf(work.thread),
    state,
    work.started,
    work.ended ?? duration,
  );
}

function segmentOf(
  { name, kind }: PoolWork,
  lane: string,
  state: Segment["state"],
  start: number,
  end: number,
): Segment {
  return { lane, task: name, group: kind, state, start, end };
}

const mostCollections = 120;

/** Marks at the foot of the lane whose thread a collection stopped. */
export function collectionRows(
  collections: Collection[],
  { laneOf }: Folding,
  { lanes }: Layout,
  duration: number,
) {
  const stretches = collections.map(({ thread, kind, start, end }): Segment => {
    return { lane: laneOf(thread), task: kind, state: "running", start, end };
  });
  return merge(stretches, mostCollections, duration / width).flatMap(({ lane, start, end, tasks }) => {
    const at = lanes.find((each) => each.lane === lane);
    if (!at) return [];
    return [
      { lane, start: round(start), end: round(end, 0.01), times: tasks, y: round(at.bottom - 0.1, 0.001) },
    ];
  });
}

/** When the recording was busy with itself, as far as it lies within. */
export function costRows(trace: TimelineTrace | undefined, duration: number) {
  return (trace?.cost.stretches ?? [])
    .filter(({ start }) => start < duration)
    .map(({ start, duration: ms }) => ({ start: round(start), end: round(start + ms), ms: round(ms) }));
}

/** What a reader must know of the recording itself. */
export function traceNotes(
  { trace, profileCost = 0, missing = [] }: TimelineData,
  leftOut: number,
): string[] {
  const say = words();
  const notes = [
    ...(profileCost > 0 ? [say.profiledFor(plain(round(profileCost)))] : []),
    ...missing.map((what) => say.missing(what)),
  ];
  if (!trace) return notes;
  const { cost, clockError, lost } = trace;
  const own = cost.stretches.reduce((sum, { duration }) => sum + duration, 0);
  return [
    ...say.traceCost(
      plain(round(own)),
      plain(round(cost.ofEvents)),
      count(cost.events, "event"),
      plain(round(clockError, 0.01)),
    ),
    ...(leftOut > 0 ? [say.leftOut(leftOut)] : []),
    ...(lost > 0 ? [say.lostInTrace(count(lost, "event"))] : []),
    ...notes,
  ];
}
