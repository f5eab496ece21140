import { msWithin } from "../inspector";
import type { TimelineTask } from "./tasks";
import type { TimelineData } from "./timeline";

/** One that waited, and whom it waited for; times in ms since the recording began. */
export interface Wait {
  /** The name of the task, of the call to the loop, or of the item of libuv's pool. */
  who: string;
  /** Where it waited: the name of its thread, "queue" or "libuv queue". */
  where: string;
  /**
   * For a thread that another one holds, for the loop's answer, for the loop to be free, or for something that the
   * recording does not know: the end of a pause, a lock, a queue, an answer that did not come.
   */
  reason: "thread" | "answer" | "loop" | "unknown";
  /** The name of what it waited for: the task or item that held the thread, the call to answer; "" where unknown. */
  for: string;
  /** Where that ran; "" where unknown. */
  on: string;
  start: number;
  end: number;
  /** ms of it in which a debugger held the thread that waited or that was waited for; absent without any. */
  paused?: number;
}

const loop = "event loop";

/**
 * Who waited for whom, the longest first, as Python's `asyncio pstree` shows it of tasks: tasks for a thread of their
 * executor, threads for the loop's answers, calls for the loop, files and hashes for a thread of libuv's pool. What
 * still waits does so until the end. `least`, in ms, leaves out what is shorter (default 1). What a debugger held threads for counts
 * neither way.
 */
export function waitsOf(timeline: TimelineData, least = 1): Wait[] {
  const { tasks, duration, pauses = [] } = timeline;
  const holders = lastBefore(
    tasks,
    ({ thread }) => thread,
    (task) => task.started,
    (task) => task.done ?? duration,
  );
  const waits = tasks.flatMap((task) => [
    ...forThread(task, holders, duration),
    ...task.blocked.map((held) => forAnswer(task, held, tasks, duration)),
  ]);
  return [...waits, ...forPool(timeline)]
    .map((wait) => {
      const held = pauses.filter(({ thread }) => !wait.on || thread === wait.on || thread === wait.where);
      const paused = msWithin(wait, held);
      return paused > 0 ? { ...wait, paused } : wait;
    })
    .filter((wait) => waited(wait) >= least)
    .sort((a, b) => waited(b) - waited(a));
}

const waited = ({ start, end, paused = 0 }: Wait) => end - start - paused;

/** For an item: the one that was last at the same place before it began. */
function lastBefore<T>(
  items: T[],
  placeOf: (item: T) => string | null,
  start: (item: T) => number | null,
  end: (item: T) => number,
): (item: T) => T | undefined {
  const before = new Map<T, T>();
  const last = new Map<string, T>();
  const inOrder = items.filter((item) => placeOf(item) !== null && start(item) !== null);
  for (const item of inOrder.sort((a, b) => start(a)! - start(b)!)) {
    const place = placeOf(item)!;
    const held = last.get(place);
    if (held) before.set(item, held);
    if (!held || end(item) >= end(held)) last.set(place, item);
  }
  return (item) => before.get(item);
}

function forThread(
  task: TimelineTask,
  holderOf: (task: TimelineTask) => TimelineTask | undefined,
  duration: number,
): Wait[] {
  const { name: who, queued, started, thread, done } = task;
  if (queued === null || (started === null && thread === loop)) return [];
  const end = started ?? done ?? duration;
  if (thread === loop)
    return [{ who, where: "queue", reason: "loop", for: "", on: loop, start: queued, end }];
  const holder = holderOf(task);
  // Who was gone before this one came did not keep it waiting: then the thread had to start.
  const held = holder && (holder.done ?? duration) > queued;
  return [
    {
      who,
      where: "queue",
      reason: "thread",
      for: held ? holder.name : "",
      on: thread ?? "",
      start: queued,
      end,
    },
  ];
}

/** A blocked thread waits for the call of its own that ends, or still runs, as the wait ends. */
function forAnswer(
  task: TimelineTask,
  held: TimelineTask["blocked"][number],
  tasks: TimelineTask[],
  duration: number,
): Wait {
  const end = held.end ?? duration;
  const call = tasks.find(({ caller, soon, queued, done }) => {
    return (
      !soon &&
      caller === task.id &&
      (queued ?? 0) <= end &&
      (done === null ? held.end === null : done >= held.start && done <= end)
    );
  });
  const wait = { who: task.name, where: task.thread ?? "", start: held.start, end };
  return call
    ? { ...wait, reason: "answer", for: call.name, on: loop }
    : { ...wait, reason: "unknown", for: "", on: "" };
}

function forPool({ trace, duration }: TimelineData): Wait[] {
  const work = trace?.pool ?? [];
  const holderOf = lastBefore(
    work,
    ({ thread }) => thread,
    ({ started }) => started,
    ({ ended }) => ended ?? duration,
  );
  return work.map((item) => {
    const { name: who, thread, submitted: start, started: end } = item;
    const holder = holderOf(item);
    const held = holder && (holder.ended ?? duration) > start;
    return {
      who,
      where: "libuv queue",
      reason: "thread" as const,
      for: held ? holder.name : "",
      on: thread ?? "",
      start,
      end,
    };
  });
}
