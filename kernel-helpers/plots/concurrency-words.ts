import type { LoopBlock, TimelineData, TimelinePause, TimelineTask, TimelineTrace } from "../timing";
import { type Arrow, callsOf } from "./arrows";
import type { Bars } from "./bars";
import { short } from "./clean";
import { sharesOf } from "./cpu-share";
import { type Ending, endings } from "./endings";
import { laneName } from "./lane-axes";
import { lanesOf, loopLane, queueLane, type Segment } from "./lanes";
import { round } from "./numbers";
import { traceNotes } from "./trace-lanes";
import { count, plain, words } from "./words";

/** What the words speak of. */
export interface Drawn {
  bars: Bars;
  tasks: TimelineTask[];
  arrows: Arrow[];
  endings: Ending[];
  collections: object[];
  costs: object[];
  /** How many short items of libuv's pool are not drawn. */
  leftOut: number;
}

/** What each sign means; only of those that are there. */
export function legendOf({ threshold = 2, ticks = [], pauses = [] }: TimelineData, drawn: Drawn): string[] {
  const say = words();
  const { bars, arrows, collections, costs } = drawn;
  const has = (kind: Arrow["kind"]) => arrows.some((each) => each.kind === kind);
  return [
    say.pale,
    say.solid,
    ...(bars.rows.some(({ share }) => share !== undefined) ? [say.shares] : []),
    ...(bars.rows.some(({ state }) => state === "blocked") ? [say.striped] : []),
    ...(pauses.length > 0 ? [say.framed] : []),
    ...drawn.endings.map(({ name, how }) => `${say.shapes[name]}: ${say.endings[how]}`),
    say.red(plain(threshold)),
    ...(ticks.length > 0 ? [say.dots] : []),
    ...(has("call") ? [has("answer") ? say.arrows : say.calls] : []),
    ...(has("start") ? [say.startArrows] : []),
    ...(has("item") ? [say.itemArrows] : []),
    ...(collections.length > 0 ? [say.collected] : []),
    ...(costs.length > 0 ? [say.ownCost] : []),
  ];
}

/** What a reader must know of the picture: what it leaves out, and what the recording cost. */
export function notesOf(timeline: TimelineData, { bars, tasks, arrows, leftOut }: Drawn): string[] {
  const say = words();
  const { lost } = timeline;
  const { thinned, rows } = bars;
  const calls = callsOf(tasks).length;
  const hasCalls = arrows.some(({ kind }) => kind === "call");
  return [
    ...(thinned ? [say.thinned(count(tasks.length, "task"), count(rows.length, "bar"))] : []),
    ...(calls > 0 && !hasCalls ? [say.manyArrows(count(calls, "call"))] : []),
    ...(lost > 0 ? [say.overwritten(count(lost, "event"))] : []),
    ...traceNotes(timeline, leftOut),
  ];
}

/** The alt text: what happened, in sentences. */
export function describe(
  { blocks, duration, pauses = [], trace }: TimelineData,
  tasks: TimelineTask[],
  segments: Segment[],
): string {
  return [
    describeTasks(tasks, blocks, duration),
    ...describeShares(segments),
    ...describePauses(pauses),
    ...describeTrace(trace),
  ].join(" ");
}

function describeTasks(tasks: TimelineTask[], blocks: LoopBlock[], duration: number): string {
  const say = words();
  const threads = lanesOf(tasks).filter((lane) => lane !== loopLane && lane !== queueLane).length;
  const longest = blocks.reduce((most, block) => Math.max(most, block.duration), 0);
  const outcomes = [
    ...endings.map(({ how }) => ({ how: say.endings[how], tasks: tasks.filter((task) => task[how]).length })),
    { how: say.unfinished, tasks: tasks.filter(({ done }) => done === null).length },
  ];
  const how = outcomes
    .filter((outcome) => outcome.tasks > 0)
    .map((outcome) => say.someOf(outcome.tasks, outcome.how))
    .join("");
  const [all, on] = [count(tasks.length, "task"), count(threads, "thread")];
  return say.ranAs(all, on, Math.round(duration), how, Math.round(longest));
}

/** For how much of their time tasks had a core, in a sentence. */
function describeShares(segments: Segment[]): string[] {
  const shares = sharesOf(segments);
  if (!shares) return [];
  const percent = (share: number) => Math.round(share * 100);
  return [words().hadCore(percent(shares.share), short(shares.least.task), percent(shares.least.share!))];
}

/** Who was held in a debugger and for how long, in a sentence. */
function describePauses(pauses: TimelinePause[]): string[] {
  const held = new Map<string, number>();
  for (const { thread, start, end } of pauses) held.set(thread, (held.get(thread) ?? 0) + end - start);
  const say = words();
  const each = [...held].map(([thread, ms]) => say.heldFor(laneName(thread), Math.round(ms)));
  return each.length > 0 ? [say.held(each.join(", "))] : [];
}

/** What libuv's pool did, in a sentence, and whose wait for it was the longest. */
function describeTrace(trace: TimelineTrace | undefined): string[] {
  if (!trace || trace.pool.length === 0) return [];
  const say = words();
  const longest = trace.pool.reduce((most, work) =>
    work.started - work.submitted > most.started - most.submitted ? work : most,
  );
  const threads = trace.poolThreads.length;
  const did = say.poolDid(count(trace.pool.length, "item"), threads > 0 ? count(threads, "thread") : "");
  if (longest.started - longest.submitted < 1) return [`${did}.`];
  const on = longest.thread === null ? "" : say.onThread(short(longest.thread));
  return [did + say.longestWait(short(longest.name), plain(round(longest.started - longest.submitted)), on)];
}
