import { TimelineTask } from "../timing";

/** A stretch of a task on a lane; times in ms. */
export interface Segment {
  lane: string;
  task: string;
  state: "waiting" | "running" | "blocked" | "in flight";
  start: number;
  end: number;
}

export const loopLane = "event loop";
export const queueLane = "queue";

/** The lanes from top to bottom: the loop, the queue where tasks wait, and the threads by name. */
export function lanesOf(tasks: TimelineTask[]): string[] {
  const threads = new Set(tasks.map((task) => task.thread).filter((name) => name !== null));
  threads.delete(loopLane);
  const queued = tasks.some((task) => task.thread !== loopLane);
  return [loopLane, ...(queued ? [queueLane] : []), ...[...threads].sort(byName)];
}

export function byName(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Cuts every task into what it did: waited in the queue, ran, stood blocked. What is unfinished ends with the recording. */
export function segmentsOf(tasks: TimelineTask[], duration: number): Segment[] {
  return tasks.flatMap((task) => segmentsOfTask(task, duration)).filter(({ start, end }) => end >= start);
}

function segmentsOfTask(task: TimelineTask, duration: number): Segment[] {
  const { name, thread, queued, started } = task;
  const end = task.done ?? duration;
  if (thread === loopLane)
    return [{ lane: loopLane, task: name, state: "in flight", start: started ?? queued ?? 0, end }];
  const waiting: Segment[] =
    queued === null
      ? []
      : [{ lane: queueLane, task: name, state: "waiting", start: queued, end: started ?? end }];
  return thread === null ? waiting : [...waiting, ...onThread(task, thread, started ?? 0, end)];
}

function onThread({ name, blocked }: TimelineTask, lane: string, started: number, end: number): Segment[] {
  const segments: Segment[] = [];
  let from = started;
  for (const stretch of blocked) {
    const until = stretch.end ?? end;
    segments.push({ lane, task: name, state: "running", start: from, end: stretch.start });
    segments.push({ lane, task: name, state: "blocked", start: stretch.start, end: until });
    from = until;
  }
  segments.push({ lane, task: name, state: "running", start: from, end });
  return segments;
}

/** A segment with its row within the lane, so that those which overlap in time stand below one another. */
export interface Placed extends Segment {
  row: number;
}

/** Gives each segment the first row that is free by then. */
export function place(segments: Segment[]): Placed[] {
  const free = new Map<string, number[]>();
  return [...segments]
    .sort((a, b) => a.start - b.start || byName(a.task, b.task))
    .map((segment) => {
      const rows = free.get(segment.lane) ?? [];
      free.set(segment.lane, rows);
      const found = rows.findIndex((until) => until <= segment.start);
      const row = found < 0 ? rows.length : found;
      rows[row] = segment.end;
      return { ...segment, row };
    });
}
