import { Segment } from "./lanes";
import { words } from "./words";

/** A stretch that stands for `tasks` neighbours. */
export interface MergedSegment extends Segment {
  tasks: number;
}

/**
 * Merges neighbours on a lane that are closer than a reader could tell apart, coarser and coarser until at
 * most `limit` remain. Long stretches stay as they are: what is merged is shorter than twice the grain and
 * starts less than a grain after its neighbour ends.
 */
export function merge(segments: Segment[], limit: number, grain: number): MergedSegment[] {
  let merged: MergedSegment[] = segments.map((segment) => ({ ...segment, tasks: 1 }));
  if (merged.length > limit) merged.sort((a, b) => a.start - b.start);
  for (let step = grain || 1; merged.length > limit && Number.isFinite(step); step *= 2)
    merged = mergeCloserThan(merged, step);
  return merged;
}

/** Makes one of those that touch or overlap. */
export function join(segments: Segment[]): Segment[] {
  const joined: MergedSegment[] = [];
  for (const segment of [...segments].sort((a, b) => a.start - b.start)) {
    const before = joined.at(-1);
    if (before && segment.start <= before.end) absorb(before, { ...segment, tasks: 1 });
    else joined.push({ ...segment, tasks: 1 });
  }
  return joined;
}

function mergeCloserThan(segments: MergedSegment[], grain: number): MergedSegment[] {
  const merged: MergedSegment[] = [];
  const last = new Map<string, MergedSegment>();
  for (const segment of segments) {
    const key = `${segment.state} ${segment.lane}`;
    const before = last.get(key);
    if (before && isNeighbour(before, segment, grain)) absorb(before, segment);
    else merged.push(segment);
    if (merged.at(-1) === segment) last.set(key, segment);
  }
  return merged;
}

function isNeighbour(before: MergedSegment, segment: MergedSegment, grain: number): boolean {
  return segment.end - before.start < grain * 2 && segment.start - before.end < grain;
}

function absorb(into: MergedSegment, segment: MergedSegment): void {
  const share = meanShare(into, segment);
  if (share === undefined) delete into.share;
  else into.share = share;
  into.end = Math.max(into.end, segment.end);
  into.tasks += segment.tasks;
  if (segment.failed) into.failed = true;
  if (segment.stopped) into.stopped = true;
  if (into.task !== segment.task) into.task = words().several;
  if (into.group !== segment.group) delete into.group;
  delete into.follow;
}

function meanShare(a: Segment, b: Segment): number | undefined {
  if (a.share === undefined || b.share === undefined) return undefined;
  const [first, second] = [a.end - a.start, b.end - b.start];
  return first + second > 0 ? (a.share * first + b.share * second) / (first + second) : a.share;
}

/** How many tasks wait in the queue from this moment on. */
export interface QueueStep {
  time: number;
  waiting: number;
}

/** The length of the queue over time, in at most `columns` steps and an end: the longest queue within each. */
export function queueSteps(waits: Segment[], duration: number, columns: number): QueueStep[] {
  const longest = new Array<number>(columns).fill(0);
  const columnOf = (time: number) => Math.min(columns - 1, Math.floor((time / (duration || 1)) * columns));
  let waiting = 0;
  let column = 0;
  for (const { time, change } of changes(waits)) {
    // The queue was this long in every column up to the change.
    while (column < columnOf(time)) longest[++column] = waiting;
    waiting += change;
    longest[column] = Math.max(longest[column]!, waiting);
  }
  const steps = longest.map((most, index) => ({ time: (index * duration) / columns, waiting: most }));
  return [
    ...steps.filter((step, index) => step.waiting !== longest[index - 1]),
    { time: duration, waiting: 0 },
  ];
}

function changes(waits: Segment[]): { time: number; change: number }[] {
  return waits
    .flatMap(({ start, end }) => [
      { time: start, change: 1 },
      { time: end, change: -1 },
    ])
    .sort((a, b) => a.time - b.time || a.change - b.change);
}
