import type { TimelineTask } from "./tasks";
import type { TimelineData } from "./timeline";

/** One entry of the Trace Event Format; `ts` and `dur` in µs. */
export interface ChromeTraceEvent {
  name: string;
  /** X: a stretch; b, e: begin and end of one that may overlap others; i: a moment; M: a name. */
  ph: "X" | "b" | "e" | "i" | "M";
  pid: number;
  tid: number;
  ts?: number;
  dur?: number;
  cat?: string;
  id?: number;
  s?: "g";
  args?: { [name: string]: unknown };
}

export interface ChromeTrace {
  displayTimeUnit: "ms";
  traceEvents: ChromeTraceEvent[];
}

const pid = 1;
const loop = "event loop";

/**
 * The timeline in the Trace Event Format: written to a file as JSON, it opens in Perfetto
 * (https://ui.perfetto.dev) and in the Performance panel of Chrome's DevTools. Tasks are stretches on
 * their thread's track; waiting in the queue and tasks of the loop, which overlap, are async stretches.
 * Format: "Trace Event Format", Google, https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
 */
export function toChromeTrace(timeline: TimelineData): ChromeTrace {
  const { tasks, blocks, marks, duration } = timeline;
  const tracks = trackNumbers(tasks);
  return {
    displayTimeUnit: "ms",
    traceEvents: [
      { name: "process_name", ph: "M", pid, tid: 0, args: { name: "node" } },
      ...[...tracks].flatMap(([name, tid]) => nameTrack(name, tid)),
      ...tasks.flatMap((task) => eventsOfTask(task, tracks, duration)),
      ...blocks.map(({ start, duration: ms }) => stretch("loop blocked", "loop", 0, start, start + ms)),
      ...marks.map(({ name, time }) => ({
        name,
        ph: "i" as const,
        pid,
        tid: 0,
        ts: us(time),
        s: "g" as const,
      })),
    ],
  };
}

function trackNumbers(tasks: TimelineTask[]): Map<string, number> {
  const names = new Set(tasks.map(({ thread }) => thread).filter((name) => name !== null));
  names.delete(loop);
  const sorted = [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return new Map([loop, ...sorted].map((name, tid) => [name, tid]));
}

function nameTrack(name: string, tid: number): ChromeTraceEvent[] {
  return [
    { name: "thread_name", ph: "M", pid, tid, args: { name } },
    { name: "thread_sort_index", ph: "M", pid, tid, args: { sort_index: tid } },
  ];
}

function eventsOfTask(task: TimelineTask, tracks: Map<string, number>, duration: number): ChromeTraceEvent[] {
  const { name, thread, queued, started } = task;
  const end = task.done ?? duration;
  const tid = tracks.get(thread ?? loop)!;
  const waiting = queued === null ? [] : spanning(task, "queue", 0, queued, started ?? end);
  if (thread === null) return waiting;
  const from = started ?? 0;
  if (thread === loop) return [...waiting, ...spanning(task, "task", tid, from, end)];
  const blocked = task.blocked.map((held) => stretch("blocked", "task", tid, held.start, held.end ?? end));
  const outcome = task.failed ? { failed: true } : task.stopped ? { stopped: true } : undefined;
  const args = outcome ? { args: outcome } : {};
  return [...waiting, { ...stretch(name, "task", tid, from, end), ...args }, ...blocked];
}

function stretch(name: string, cat: string, tid: number, start: number, end: number): ChromeTraceEvent {
  return { name, cat, ph: "X", pid, tid, ts: us(start), dur: Math.max(0, us(end) - us(start)) };
}

function spanning(
  { name, id }: TimelineTask,
  cat: string,
  tid: number,
  start: number,
  end: number,
): ChromeTraceEvent[] {
  const span = { name, cat, pid, tid, id };
  return [
    { ...span, ph: "b", ts: us(start) },
    { ...span, ph: "e", ts: us(Math.max(start, end)) },
  ];
}

function us(ms: number): number {
  return Math.round(ms * 1000);
}
