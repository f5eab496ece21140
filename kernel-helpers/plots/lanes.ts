import type { TimelineTask } from "../timing";

/** A stretch of a task on a lane; times in ms. */
export interface Segment {
  lane: string;
  task: string;
  state: "waiting" | "running" | "blocked" | "in flight";
  start: number;
  end: number;
  /** How the task ended here, unless well. */
  failed?: boolean;
  stopped?: boolean;
}

export const loopLane = "event loop";
export const queueLane = "queue";

/** The lanes from top to bottom: the loop, the queue where tasks wait, and the threads by name. */
export function lanesOf(tasks: TimelineTask[]): string[] {
  const threads = new Set(tasks.map(({ thread }) => thread).filter((name) => name !== null));
  threads.delete(loopLane);
  const queued = tasks.some(({ thread }) => thread !== loopLane);
  return [loopLane, ...(queued ? [queueLane] : []), ...[...threads].sort(byName)];
}

const names = new Intl.Collator("en", { numeric: true });

export function byName(a: string, b: string): number {
  return names.compare(a, b);
}

/**
 * Cuts every task into what it did: waited in the queue, ran, stood blocked. What is unfinished ends with
 * the recording; a stretch that would end before it starts, after a clock went backwards, is left out.
 */
export function segmentsOf(tasks: TimelineTask[], duration: number): Segment[] {
  return tasks.flatMap((task) => withOutcome(task, segmentsOfTask(task, duration))).filter(isForward);
}

const isForward = ({ start, end }: Segment): boolean => end >= start;

function withOutcome({ failed, stopped }: TimelineTask, segments: Segment[]): Segment[] {
  const last = segments.at(-1);
  if (!last || !(failed || stopped)) return segments;
  return [...segments.slice(0, -1), { ...last, ...(failed && { failed }), ...(stopped && { stopped }) }];
}

function segmentsOfTask(task: TimelineTask, duration: number): Segment[] {
  const { name, thread, queued, started } = task;
  const end = task.done ?? duration;
  if (thread === loopLane)
    return [{ lane: loopLane, task: name, state: "in flight", start: started ?? queued ?? 0, end }];
  const waiting: Segment = {
    lane: queueLane,
    task: name,
    state: "waiting",
    start: queued ?? 0,
    end: started ?? end,
  };
  const waited = queued === null ? [] : [waiting];
  return thread === null ? waited : [...waited, ...onThread(task, thread, started ?? 0, end)];
}

function onThread(
  { name: task, blocked }: TimelineTask,
  lane: string,
  started: number,
  end: number,
): Segment[] {
  const segments: Segment[] = [];
  let from = started;
  for (const stretch of blocked) {
    const until = stretch.end ?? end;
    segments.push({ lane, task, state: "running", start: from, end: stretch.start });
    segments.push({ lane, task, state: "blocked", start: stretch.start, end: until });
    from = until;
  }
  if (from < end || segments.length === 0) segments.push({ lane, task, state: "running", start: from, end });
  return segments;
}

/** Gives each segment the first row of its lane that is free by then, so that overlapping ones stand below one another. */
export function rowsOf(segments: Segment[]): Map<Segment, number> {
  const free = new Map<string, number[]>();
  const rows = new Map<Segment, number>();
  for (const segment of [...segments].sort((a, b) => a.start - b.start || byName(a.task, b.task)))
    rows.set(segment, takeRow(free, segment));
  return rows;
}

function takeRow(free: Map<string, number[]>, { lane, start, end }: Segment): number {
  const until = free.get(lane) ?? [];
  free.set(lane, until);
  return takeFirst(until, start, end);
}

/** The first row that is free from `start` on; it is taken until `end`. */
export function takeFirst(free: number[], start: number, end: number): number {
  const found = free.findIndex((until) => until <= start);
  const row = found < 0 ? free.length : found;
  free[row] = end;
  return row;
}
