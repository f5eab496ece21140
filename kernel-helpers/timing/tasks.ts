import { callOf, EventKind } from "./recorder";

/** Something that happened to a task; `time` in ms since the recording began. */
export interface TimelineEvent {
  time: number;
  kind: EventKind;
  /** The number of the task, unique in the recording. */
  task: number;
  name: string;
  thread: string;
}

/** A task as it was seen: times in ms since the recording began, null for what was not seen. */
export interface TimelineTask {
  id: number;
  name: string;
  /** Where it ran; null for a task that no thread took up. */
  thread: string | null;
  queued: number | null;
  started: number | null;
  done: number | null;
  /** True where it ended by an error, or its thread died of itself; else absent. */
  failed?: boolean;
  /**
   * True where it did not end by itself: cancelled or late, in the queue, on its thread, or with the thread's
   * end; else absent.
   */
  stopped?: boolean;
  /** On the loop's lane: since when it only waits for its promise; absent while it never did. */
  awaiting?: number;
  /** Of a function that the loop ran for a thread: the id of the task that called it; else absent. */
  caller?: number;
  /** True where it was called by `callSoonThreadsafe`, and nobody waits for an answer; else absent. */
  soon?: boolean;
  /** Where it held its thread without running: asleep, or waiting for the loop's answer, a queue or a lock. */
  blocked: { start: number; end: number | null }[];
}

/** An item on its way through a queue; times in ms since the recording began. */
export interface TimelineItem {
  /** Unique in the recording, in the order of making. */
  id: number;
  /** The thread that put it. */
  from: string;
  put: number;
  /** The thread that took it, and when; null while it is in the queue. */
  to: string | null;
  taken: number | null;
}

/** Gathers events into tasks, in the order in which they were first seen. */
export function tasksOf(events: TimelineEvent[]): TimelineTask[] {
  const tasks = new Map<number, TimelineTask>();
  for (const event of events)
    if (event.kind !== "put" && event.kind !== "taken") note(taskOf(tasks, event), event);
  return [...tasks.values()];
}

/** The items of queues, in the order in which they were put. A taker may note it before the putter does. */
export function itemsOf(events: TimelineEvent[]): TimelineItem[] {
  const takings = new Map(events.filter(({ kind }) => kind === "taken").map((event) => [event.task, event]));
  return events
    .filter(({ kind }) => kind === "put")
    .map(({ task: id, thread: from, time: put }) => {
      const taking = takings.get(id);
      return { id, from, put, to: taking?.thread ?? null, taken: taking ? Math.max(put, taking.time) : null };
    });
}

function taskOf(tasks: Map<number, TimelineTask>, { task: id, name }: TimelineEvent): TimelineTask {
  const known = tasks.get(id);
  if (known) return known;
  const task: TimelineTask = { id, name, thread: null, queued: null, started: null, done: null, blocked: [] };
  const call = callOf(id);
  if (call) task.caller = call.caller;
  if (call?.soon) task.soon = true;
  tasks.set(id, task);
  return task;
}

function note(task: TimelineTask, { kind, time, thread }: TimelineEvent): void {
  const last = task.blocked.at(-1);
  if (!loopSays.has(kind)) task.thread ??= thread;
  if (kind === "queued") task.queued = time;
  else if (kind === "awaiting") task.awaiting = time;
  else if (kind === "started") task.started = time;
  else if (kind === "blocked") task.blocked.push({ start: time, end: null });
  else if (last && last.end === null) last.end = time;
  if (kind === "done" || kind === "failed") task.done = time;
  if (kind === "stopped" || kind === "died") task.done ??= time;
  if (kind === "failed" || kind === "died") task.failed = true;
  if (kind === "stopped") {
    task.stopped = true;
    // By an error or not: that is how it heard of its being stopped.
    delete task.failed;
  }
}

/** What the loop records of tasks that run elsewhere. */
const loopSays = new Set<EventKind>(["queued", "stopped", "died"]);
