import { outside } from "../inspector";
import type { LoopBlock, TimelinePause, TimelineTask } from "../timing";

/** A stretch of a task on a lane; times in ms. */
export interface Segment {
  lane: string;
  task: string;
  /** What its colour says, where that is not its name. */
  group?: string;
  /**
   * In the queue, on its thread, held there without running, or, on the loop, with nothing but a promise to come;
   * "within": it ran at some time in here, and nobody tells when; "paused": a debugger held the thread, whoever ran.
   */
  state: "waiting" | "running" | "blocked" | "awaiting" | "within" | "paused";
  start: number;
  end: number;
  /** The task that it belongs to; a call to the loop belongs to the task that made it. */
  follow?: number;
  /** Which part of its running on its thread the task had a core, 0 to 1; absent where that is not known. */
  share?: number;
  /** How the task ended here, unless well. */
  failed?: boolean;
  stopped?: boolean;
}

export const loopLane = "event loop";
export const queueLane = "queue";
/** Where items wait for libuv's pool, and where those lie that one of several of its threads has done. */
export const poolQueueLane = "libuv queue";
export const poolLane = "libuv-?";

/** The lanes from top to bottom: the loop, the queue where tasks wait, and the threads by name; those as well that a debugger held. */
export function lanesOf(tasks: TimelineTask[], held: string[] = []): string[] {
  const threads = new Set([...tasks.map(({ thread }) => thread), ...held].filter((name) => name !== null));
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
 *
 * A task on the loop runs until it first waits for a promise. Later it runs where the loop is blocked while no
 * other task is on its way there: of several nobody can tell which one it is.
 */
export function segmentsOf(tasks: TimelineTask[], duration: number, blocks: LoopBlock[] = []): Segment[] {
  const held = heldAlone(tasks, duration, blocks);
  return tasks.flatMap((task) => withOutcome(task, segmentsOfTask(task, duration, held))).filter(isForward);
}

/** The blocks during which a single task is on the loop, by that task. */
function heldAlone(tasks: TimelineTask[], duration: number, blocks: LoopBlock[]): Map<number, LoopBlock[]> {
  const onLoop = tasks.filter(({ thread }) => thread === loopLane);
  const held = new Map<number, LoopBlock[]>();
  for (const block of blocks) {
    const end = block.start + block.duration;
    const there = onLoop.filter(
      ({ started, done }) => (started ?? 0) < end && (done ?? duration) > block.start,
    );
    if (there.length !== 1) continue;
    const { id } = there[0]!;
    held.set(id, [...(held.get(id) ?? []), block]);
  }
  return held;
}

/** What is left of each segment outside of the time in which a debugger held its thread. */
export function aroundPauses(segments: Segment[], pauses: TimelinePause[]): Segment[] {
  return segments.flatMap((segment) => {
    const held = pauses.filter(({ thread }) => thread === segment.lane);
    if (held.length === 0) return segment;
    const { failed, stopped, ...rest } = segment;
    const parts = outside(segment, held).map((part) => ({ ...rest, ...part }));
    return withOutcome({ failed, stopped }, parts);
  });
}

const isForward = ({ start, end }: Segment): boolean => end >= start;

function withOutcome(
  { failed, stopped }: Pick<Segment, "failed" | "stopped">,
  segments: Segment[],
): Segment[] {
  const last = segments.at(-1);
  if (!last || !(failed || stopped)) return segments;
  return [...segments.slice(0, -1), { ...last, ...(failed && { failed }), ...(stopped && { stopped }) }];
}

function segmentsOfTask(task: TimelineTask, duration: number, held: Map<number, LoopBlock[]>): Segment[] {
  const { name, thread, queued, started, caller, id } = task;
  const end = task.done ?? duration;
  const follow = caller ?? id;
  if (thread === loopLane) return onLoop(task, started ?? queued ?? 0, end, held.get(id) ?? []);
  const waiting: Segment = {
    lane: queueLane,
    task: name,
    follow,
    state: "waiting",
    start: queued ?? 0,
    end: started ?? end,
  };
  const waited = queued === null ? [] : [waiting];
  return thread === null ? waited : [...waited, ...onThread(task, thread, started ?? 0, end)];
}

function onLoop(task: TimelineTask, started: number, end: number, held: LoopBlock[]): Segment[] {
  const { name, caller, id, awaiting = end } = task;
  const part = (state: Segment["state"], from: number, until: number): Segment => {
    return { lane: loopLane, task: name, follow: caller ?? id, state, start: from, end: until };
  };
  const segments = awaiting > started ? [part("running", started, awaiting)] : [];
  let from = awaiting;
  for (const block of held) {
    const start = Math.max(from, block.start);
    const until = Math.min(end, block.start + block.duration);
    if (until <= start) continue;
    if (start > from) segments.push(part("awaiting", from, start));
    segments.push(part("running", start, until));
    from = until;
  }
  if (from < end || segments.length === 0) segments.push(part("awaiting", from, end));
  return segments;
}

function onThread(
  { name: task, blocked, id: follow }: TimelineTask,
  lane: string,
  started: number,
  end: number,
): Segment[] {
  const segments: Segment[] = [];
  let from = started;
  for (const stretch of blocked) {
    const until = stretch.end ?? end;
    if (stretch.start > from)
      segments.push({ lane, task, follow, state: "running", start: from, end: stretch.start });
    segments.push({ lane, task, follow, state: "blocked", start: stretch.start, end: until });
    from = until;
  }
  if (from < end || segments.length === 0)
    segments.push({ lane, task, follow, state: "running", start: from, end });
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
