import { partsAround } from "../inspector";
import type { TimelineTask } from "./tasks";
import type { TimelineData } from "./timeline";
import { parentsFirst } from "./trace/call-tree";
import type { PoolWork } from "./trace/pool-work";
import type { ThreadProfile } from "./trace/profiler";

/** One entry of the Trace Event Format; `ts`, `dur` and `tdur` in µs. */
export interface ChromeTraceEvent {
  name: string;
  /**
   * X: a stretch; b, e: begin and end of one that may overlap others; i: a moment; M: a name; s, f: an arrow from one
   * stretch to another; P: a part of a CPU profile.
   */
  ph: "X" | "b" | "e" | "i" | "M" | "s" | "f" | "P";
  pid: number;
  tid: number;
  ts?: number;
  dur?: number;
  /** CPU time within `dur`. */
  tdur?: number;
  cat?: string;
  id?: number | string;
  s?: "g";
  /** An arrow ends at the stretch that encloses it. */
  bp?: "e";
  args?: { [name: string]: unknown };
}

export interface ChromeTrace {
  displayTimeUnit: "ms";
  traceEvents: ChromeTraceEvent[];
}

const pid = 1;
const loop = "event loop";
const loopTrack = 0;

/**
 * The timeline in the Trace Event Format: written to a file as JSON, it opens in Perfetto (https://ui.perfetto.dev),
 * in the Performance panel of Chrome's DevTools and in the Firefox Profiler. Tasks, libuv's work and garbage
 * collections are stretches on their thread's track; waiting in a queue and tasks of the loop, which overlap, are async
 * stretches. What a debugger held a thread for is a stretch of its own, which no block counts. Arrows lead from the loop to a task's start, from a call to the loop, back with its answer, and from put to get. CPU
 * profiles are there as samples of their thread. Format: "Trace Event Format", Google,
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
 */
export function toChromeTrace(timeline: TimelineData): ChromeTrace {
  const { tasks, blocks, marks, duration, trace, profiles = [], pauses = [] } = timeline;
  const tracks = trackNumbers(timeline);
  const ofLoop = pauses.filter(({ thread }) => thread === loop);
  return {
    displayTimeUnit: "ms",
    traceEvents: nested([
      { name: "process_name", ph: "M", pid, tid: 0, args: { name: "node" } },
      ...[...tracks].flatMap(([name, tid]) => nameTrack(name, tid)),
      ...tasks.flatMap((task) => eventsOfTask(task, tracks, timeline)),
      ...arrowsOf(timeline, tracks),
      ...blocks
        .flatMap(({ start, duration: ms }) => partsAround(start, ms, ofLoop))
        .map(({ start, end }) => stretch("loop blocked", "loop", loopTrack, start, end)),
      ...pauses.map(({ thread, start, end }) =>
        stretch("paused in the debugger", "debugger", tracks.get(thread)!, start, end),
      ),
      ...marks.map(({ name, time }) => ({
        name,
        ph: "i" as const,
        pid,
        tid: 0,
        ts: us(time),
        s: "g" as const,
      })),
      ...(trace?.pool ?? []).flatMap((work, index) => eventsOfPool(work, index, tracks, duration)),
      ...(trace?.collections ?? []).map(({ thread, kind, start, end }) =>
        stretch(kind === "major" ? "MajorGC" : "MinorGC", "v8", tracks.get(thread)!, start, end),
      ),
      ...(trace?.cost.stretches ?? []).map(({ start, duration: ms }) =>
        stretch("recording", "recording", loopTrack, start, start + ms),
      ),
      ...profiles.flatMap((profile, index) =>
        eventsOfProfile(profile, index + 1, tracks.get(profile.thread)!),
      ),
    ]),
  };
}

/**
 * Stretches of one track lie within one another or apart: of two that overlap, as tasks do that share a thread,
 * Perfetto drops the later one, so that it becomes an async one. In order of time, whoever encloses another first.
 */
function nested(events: ChromeTraceEvent[]): ChromeTraceEvent[] {
  const byTime = (a: ChromeTraceEvent, b: ChromeTraceEvent) => (a.ts ?? 0) - (b.ts ?? 0);
  const around = new Map<number, number[]>();
  let overlapping = 0;
  return events
    .sort((a, b) => byTime(a, b) || (b.dur ?? 0) - (a.dur ?? 0))
    .flatMap((event) => {
      const { ph, tid, ts = 0, dur = 0 } = event;
      if (ph !== "X") return [event];
      const ends = (around.get(tid) ?? []).filter((end) => end > ts);
      around.set(tid, ends);
      if (ends.every((end) => end >= ts + dur)) {
        ends.push(ts + dur);
        return [event];
      }
      const { dur: _, tdur: __, ...rest } = event;
      const id = `overlapping ${++overlapping}`;
      return [
        { ...rest, ph: "b" as const, id },
        { ...rest, ph: "e" as const, id, ts: ts + dur },
      ];
    })
    .sort(byTime);
}

function trackNumbers({ tasks, trace, profiles = [], pauses = [] }: TimelineData): Map<string, number> {
  const collected = (trace?.collections ?? []).map(({ thread }) => thread);
  const names = new Set(
    [...tasks, ...profiles, ...pauses].map(({ thread }) => thread).filter((name) => name !== null),
  );
  for (const name of collected) names.add(name);
  names.delete(loop);
  const sorted = [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const pool = (trace?.poolThreads ?? []).map(({ name }) => name);
  return new Map([loop, ...sorted, ...pool].map((name, tid) => [name, tid]));
}

function nameTrack(name: string, tid: number): ChromeTraceEvent[] {
  return [
    { name: "thread_name", ph: "M", pid, tid, args: { name } },
    { name: "thread_sort_index", ph: "M", pid, tid, args: { sort_index: tid } },
  ];
}

function eventsOfTask(
  task: TimelineTask,
  tracks: Map<string, number>,
  { duration, trace }: TimelineData,
): ChromeTraceEvent[] {
  const { name, thread, queued, started, awaiting } = task;
  const end = task.done ?? duration;
  const tid = tracks.get(thread ?? loop)!;
  const waiting = queued === null ? [] : spanning(task, "queue", loopTrack, queued, started ?? end);
  if (thread === null) return waiting;
  const from = started ?? 0;
  // What it does before it first waits holds the loop, and encloses the ends of arrows.
  if (thread === loop)
    return [
      ...waiting,
      ...spanning(task, "task", tid, from, end),
      stretch(name, "turn", tid, from, awaiting ?? end),
    ];
  const blocked = task.blocked.map((held) => stretch("blocked", "task", tid, held.start, held.end ?? end));
  const outcome = task.failed ? { failed: true } : task.stopped ? { stopped: true } : undefined;
  const cpu = trace?.cpu.get(task.id);
  return [
    ...waiting,
    {
      ...stretch(name, "task", tid, from, end),
      ...(cpu !== undefined && { tdur: us(cpu) }),
      ...(outcome && { args: outcome }),
    },
    ...blocked,
  ];
}

/** Work that one of several threads has done is on none of their tracks. */
function eventsOfPool(
  { name, kind, thread, submitted, started, ended, cpu, inferred }: PoolWork,
  index: number,
  tracks: Map<string, number>,
  duration: number,
): ChromeTraceEvent[] {
  const item = { id: -1 - index, name };
  const end = ended ?? duration;
  const waiting = spanning(item, "libuv queue", loopTrack, submitted, started);
  if (thread === null) return [...waiting, ...spanning(item, "libuv", loopTrack, started, end)];
  const args = { kind, ...(inferred && { inferred }) };
  const done = { ...stretch(name, "libuv", tracks.get(thread)!, started, end), args };
  return [...waiting, cpu === undefined ? done : { ...done, tdur: us(cpu) }];
}

/** An end of an arrow: a track and a time in ms. */
interface End {
  tid: number;
  at: number;
}

function arrowsOf({ tasks, items = [] }: TimelineData, tracks: Map<string, number>): ChromeTraceEvent[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  let arrows = 0;
  const ofItems = items.flatMap(({ from, put, to, taken }, index) => {
    const [putter, taker] = [tracks.get(from), tracks.get(to ?? "")];
    if (putter === undefined || taker === undefined || taken === null) return [];
    return arrow(++arrows, `item ${index + 1}`, { tid: putter, at: put }, { tid: taker, at: taken });
  });
  const ofTasks = tasks.flatMap((task) => {
    const { name, thread, queued, started, done } = task;
    if (thread === null || queued === null || started === null) return [];
    const submitted = { tid: loopTrack, at: queued };
    if (thread !== loop)
      return arrow(++arrows, `submit ${name}`, submitted, { tid: tracks.get(thread)!, at: started });
    const caller = byId.get(task.caller!);
    const tid = tracks.get(caller?.thread ?? "");
    if (!caller || tid === undefined) return [];
    const call = arrow(++arrows, `call ${name}`, { tid, at: queued }, { tid: loopTrack, at: started });
    const waits = caller.blocked.find(
      ({ start, end }) => !task.soon && done !== null && end !== null && start <= done && end >= done,
    );
    if (!waits) return call;
    return [
      ...call,
      ...arrow(++arrows, `answer ${name}`, { tid: loopTrack, at: done! }, { tid, at: waits.end! }),
    ];
  });
  return [...ofItems, ...ofTasks];
}

/** Readers bind an arrow to a stretch that begins with it, or encloses it, and has its category: it has its own at both ends. */
function arrow(id: number, name: string, from: End, to: End): ChromeTraceEvent[] {
  const end = { ...to, at: Math.max(from.at, to.at) };
  const flow = { name, cat: "message", pid, id };
  const moment = ({ tid, at }: End) => ({ ...stretch(name, "message", tid, at, at), dur: 1 });
  return [
    moment(from),
    { ...flow, ph: "s", tid: from.tid, ts: us(from.at) },
    moment(end),
    { ...flow, ph: "f", bp: "e", tid: end.tid, ts: us(end.at) },
  ];
}

/** As V8 itself writes a profile into a trace; what was sampled before the recording began is left out. */
function eventsOfProfile(profile: ThreadProfile, id: number, tid: number): ChromeTraceEvent[] {
  const { start, nodes, samples, timeDeltas } = profile;
  const parents = new Map(
    nodes.flatMap(({ id: parent, children = [] }) => children.map((child) => [child, parent])),
  );
  const kept: { sample: number; delta: number }[] = [];
  let at = Math.round(start * 1000);
  let last = 0;
  for (const [index, sample] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    if (at < last) continue;
    kept.push({ sample, delta: at - last });
    last = at;
  }
  const event = {
    cat: "disabled-by-default-v8.cpu_profiler",
    ph: "P" as const,
    pid,
    tid,
    id: `0x${id.toString(16)}`,
  };
  const tree = parentsFirst(nodes).map(({ id: node, callFrame }) => ({
    id: node,
    callFrame,
    parent: parents.get(node),
  }));
  const cpuProfile = { nodes: tree, samples: kept.map(({ sample }) => sample) };
  const data = { cpuProfile, timeDeltas: kept.map(({ delta }) => delta) };
  return [
    { ...event, name: "Profile", ts: 0, args: { data: { startTime: 0 } } },
    { ...event, name: "ProfileChunk", ts: last, args: { data } },
  ];
}

function stretch(name: string, cat: string, tid: number, start: number, end: number): ChromeTraceEvent {
  return { name, cat, ph: "X", pid, tid, ts: us(start), dur: Math.max(0, us(end) - us(start)) };
}

function spanning(
  { name, id }: { name: string; id: number },
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

/** The format knows no time before its beginning. */
function us(ms: number): number {
  return Math.max(0, Math.round(ms * 1000));
}
