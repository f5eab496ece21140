import { partsAround } from "../inspector";
import type {
  LoopBlock,
  TimelineData,
  TimelineMark,
  TimelinePause,
  TimelineTask,
  TimelineTrace,
} from "../timing";
import { arrowsOf, callsOf, messageArrows } from "./arrows";
import { Bar, Bars, barsOf } from "./bars";
import { Chart, legendLines, plotWidth } from "./chart";
import { concurrencyLayers, laneAxis, laneName, timeAxis } from "./concurrency-layers";
import { type Ending, endings } from "./endings";
import { type FlameOptions, flameOf } from "./flame";
import { gantt } from "./gantt";
import {
  aroundPauses,
  byName,
  foldThreads,
  lanesOf,
  loopLane,
  queueLane,
  Segment,
  segmentsOf,
  takeFirst,
} from "./lanes";
import type { Layout } from "./layout";
import { round } from "./numbers";
import { colourChannel, taskColours } from "./task-colours";
import { config, width } from "./theme";
import { merge } from "./thin";
import { collectionRows, costRows, poolSegments, traceNotes } from "./trace-lanes";
import { waitTable } from "./waits";
import { count, plain, words } from "./words";

export interface ConcurrencyChartOptions {
  /** The title of the chart. @default "Who ran where" */
  title?: string;
  /**
   * What a task's colour says. Tasks of one group have one colour, as those of one request do wherever it goes.
   * @default the task's name
   */
  colourBy?: (task: TimelineTask) => string;
  /** Also an arrow from the loop to each task's start on its thread, and from each put into a queue to the get. @default false */
  messages?: boolean;
  /** Below the lanes, a flame graph of a thread; by its name alone, over the whole recording. */
  flame?: string | FlameOptions;
  /** At the foot, a table of who waited for whom. @default false */
  waits?: boolean;
}

/**
 * Who ran where and when: a lane for the event loop, one for the queue, one for each thread; a bar for
 * each task, an arrow for each call from a thread to the loop and for its answer. Takes a `Timeline`,
 * recording or stopped, or a plain object of its shape. Where there are more bars than a chart can show,
 * neighbours are merged, and the subtitle says so.
 *
 * In JupyterLab and other live front ends Ctrl or Cmd with the wheel zooms into the time, dragging moves it,
 * a click on a bar follows its task through queue, thread and loop, and a double click gives all back.
 */
export function concurrencyChart(timeline: TimelineData, options: ConcurrencyChartOptions = {}): Chart {
  const { duration, blocks, marks, ticks = [], lost, threshold = 2, trace, pauses = [] } = timeline;
  const say = words();
  const grouped = options.colourBy ? regrouped(timeline.tasks, options.colourBy) : timeline.tasks;
  const tasks = foldThreads(grouped, duration, say.moreThreads);
  const pool = poolSegments(trace, duration);
  const laid = layBlocks(blocks, pauses);
  const lanes = [...lanesOf(tasks, pausedOnly(pauses, grouped)), ...pool.lanes];
  const segments = [...aroundPauses(segmentsOf(tasks, duration, laid), pauses), ...pool.segments];
  const bars = barsOf(segments, lanes, duration);
  const arrows = [
    ...(bars.thinned ? [] : arrowsOf(tasks, bars.rows, bars.layout)),
    ...(options.messages ? messageArrows(tasks, timeline.items ?? [], bars.layout) : []),
  ];
  const panels = panelsOf(timeline, options, plotWidth(lanes));
  const named = [...tasks.map(({ name }) => name), ...pool.segments.map(({ group }) => group!)];
  const colours = taskColours([...new Set(named)].sort(byName));
  const rows = bars.rows.map((row) => ({ ...row, group: colours.groupOf(row.group ?? row.task) }));
  const collections = collectionRows(trace?.collections ?? [], bars.layout, duration);
  const costs = costRows(trace, duration);
  const scale = pxPerMs(lanes, duration);
  const labels = markRows(marks, duration);
  const ends = endingsOf(bars);
  const has = (kind: string) => arrows.some((each) => each.kind === kind);
  const legend = [
    say.pale,
    say.solid,
    ...(rows.some(({ state }) => state === "blocked") ? [say.striped] : []),
    ...(pauses.length > 0 ? [say.framed] : []),
    ...ends.map(({ name, how }) => `${say.shapes[name]}: ${say.endings[how]}`),
    say.red(plain(threshold)),
    ...(ticks.length > 0 ? [say.dots] : []),
    ...(has("call") ? [has("answer") ? say.arrows : say.calls] : []),
    ...(has("start") ? [say.startArrows] : []),
    ...(has("item") ? [say.itemArrows] : []),
    ...(collections.length > 0 ? [say.collected] : []),
    ...(costs.length > 0 ? [say.ownCost] : []),
  ];
  const notes = [
    ...warnings(
      bars,
      tasks,
      lost,
      arrows.some(({ kind }) => kind === "call"),
    ),
    ...traceNotes(timeline, pool.leftOut),
  ];
  const text = {
    title: options.title ?? say.whoRanWhere,
    subtitle: [legend, notes].flatMap((parts) => legendLines(parts, lanes)),
    description: [
      describe(grouped, blocks, lanesOf(grouped), duration),
      ...describePauses(pauses),
      ...describeTrace(trace),
      ...panels.words,
    ].join(" "),
    text: () =>
      [gantt(lanes, [...segments, ...pauses.map(pausedSegment)], laid, duration), ...panels.text].join("\n"),
  };
  const isLabelled = colours.groups.every((group) =>
    rows.some((row) => row.group === group && isNamed(row, scale)),
  );
  const lanesView = {
    height: round(bars.layout.height * bars.layout.unit),
    encoding: { x: timeAxis(duration), y: laneAxis(bars.layout) },
    layer: concurrencyLayers({
      color: colourChannel(colours, bars.thinned, !isLabelled || colours.groups.length > 5),
      layout: bars.layout,
      pxPerMs: scale,
      endings: ends,
      follows: !bars.thinned && rows.length > 0,
      traced: trace !== undefined,
      pauses: pauses.length > 0,
    }),
  };
  const { views } = panels;
  return new Chart(text, {
    ...(views.length > 0
      ? { vconcat: [{ ...lanesView, width: plotWidth(lanes) }, ...views], spacing: 22 }
      : lanesView),
    datasets: {
      lanes: bars.layout.lanes.map(({ lane, top, bottom }) => ({
        lane,
        top: top + 0.06,
        bottom: bottom - 0.06,
      })),
      bars: rows,
      queue: bars.queue,
      blocks: blockRows(laid, duration),
      ...(pauses.length > 0 && { pauses: pauseRows(pauses, bars.layout, duration) }),
      ...(trace && { collections, costs }),
      marks: labels.rows,
      arrows,
      ticks: spread(ticks, mostTicks).map((time) => ({ time: round(time) })),
      ...panels.datasets,
    },
    config: { legend: { ...config.legend, offset: 6 + 14 * labels.height } },
    usermeta: { lanes, tasks: colours.groups },
  });
}

/** What was asked for below the lanes. */
function panelsOf(timeline: TimelineData, { flame, waits }: ConcurrencyChartOptions, width: number) {
  const ofThread = typeof flame === "string" ? { thread: flame } : flame;
  const graph = ofThread && flameOf(timeline, ofThread, width);
  const table = waits ? waitTable(timeline, width) : undefined;
  return {
    views: [graph, table].flatMap((panel) => (panel ? [panel.view] : [])),
    datasets: { ...graph?.datasets, ...table?.datasets },
    words: graph ? [graph.words] : [],
    text: table ? [table.text] : [],
  };
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
  const on = longest.thread === null ? "" : say.onThread(longest.thread);
  return [did + say.longestWait(longest.name, plain(round(longest.started - longest.submitted)), on)];
}

/** Who was held in a debugger and for how long, in a sentence. */
function describePauses(pauses: TimelinePause[]): string[] {
  const held = new Map<string, number>();
  for (const { thread, start, end } of pauses) held.set(thread, (held.get(thread) ?? 0) + end - start);
  const say = words();
  const each = [...held].map(([thread, ms]) => say.heldFor(laneName(thread), Math.round(ms)));
  return each.length > 0 ? [say.held(each.join(", "))] : [];
}

/** Where blocks lie that a debugger has interrupted. */
function layBlocks(blocks: LoopBlock[], pauses: TimelinePause[]): LoopBlock[] {
  const ofLoop = pauses.filter(({ thread }) => thread === loopLane);
  return blocks
    .flatMap(({ start, duration }) => partsAround(start, duration, ofLoop))
    .map(({ start, end }) => ({ start, duration: end - start }));
}

/** Threads with pauses and no tasks. */
function pausedOnly(pauses: TimelinePause[], tasks: TimelineTask[]): string[] {
  const known = new Set(tasks.map(({ thread }) => thread));
  return pauses.map(({ thread }) => thread).filter((thread) => !known.has(thread));
}

const pausedSegment = ({ thread: lane, start, end }: TimelinePause): Segment => {
  return { lane, task: "", state: "paused", start, end };
};

const mostPauses = 120;

/** Frames as high as their lanes. */
function pauseRows(pauses: TimelinePause[], { lanes }: Layout, duration: number) {
  return merge(pauses.map(pausedSegment), mostPauses, duration / width).flatMap(({ lane, start, end }) => {
    const at = lanes.find((each) => each.lane === lane);
    if (!at) return [];
    const [top, bottom] = [round(at.top + 0.08, 0.001), round(at.bottom - 0.08, 0.001)];
    return [{ lane, start: round(start), end: round(end), ms: round(end - start), top, bottom }];
  });
}

/** Under the name of its group: a name that differs stays in the alt text alone. */
function regrouped(tasks: TimelineTask[], colourBy: (task: TimelineTask) => string): TimelineTask[] {
  return tasks.map((task) => ({ ...task, name: String(colourBy(task)) }));
}

/** Whether the task's name has room in its bar. */
function isNamed({ state, task, start, end, failed, stopped }: Bar, scale: number): boolean {
  return state === "running" && (end - start) * scale > task.length * 6.6 + (failed || stopped ? 28 : 12);
}

/** Of the bars that are drawn: a crowded queue has none. */
function endingsOf({ rows }: Bars): Ending[] {
  return endings.filter(({ how }) => rows.some((bar) => bar[how]));
}

function warnings(
  { thinned, rows }: Bars,
  tasks: TimelineTask[],
  lost: number,
  hasArrows: boolean,
): string[] {
  const say = words();
  const calls = callsOf(tasks).length;
  return [
    ...(thinned ? [say.thinned(count(tasks.length, "task"), count(rows.length, "bar"))] : []),
    ...(calls > 0 && !hasArrows ? [say.manyArrows(count(calls, "call"))] : []),
    ...(lost > 0 ? [say.overwritten(count(lost, "event"))] : []),
  ];
}

function describe(tasks: TimelineTask[], blocks: LoopBlock[], lanes: string[], duration: number): string {
  const say = words();
  const threads = lanes.filter((lane) => lane !== loopLane && lane !== queueLane).length;
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

const mostBlocks = 100;

function blockRows(blocks: LoopBlock[], duration: number) {
  const stretches = blocks.map(({ start, duration: ms }): Segment => {
    return { lane: "", task: "", state: "blocked", start, end: start + ms };
  });
  return merge(stretches, mostBlocks, duration / width).map(({ start, end }) => {
    return { start: round(start), end: round(end), ms: round(end - start) };
  });
}

const mostTicks = 120;

/** Every so many of the values, so that at most `most` remain: gaps stay gaps. */
function spread(values: number[], most: number): number[] {
  const step = Math.ceil(values.length / most);
  return values.filter((_, index) => index % step === 0);
}

function pxPerMs(lanes: string[], duration: number): number {
  return Number((plotWidth(lanes) / (duration || 1)).toPrecision(4));
}

/** Marks stand above the plot, those close to one another in rows above one another. */
function markRows(marks: TimelineMark[], duration: number) {
  const plot = width - 90;
  const free: number[] = [];
  const rows = [...marks]
    .sort((a, b) => a.time - b.time)
    .map(({ name, time }) => {
      const length = name.length * 6.5 + 10;
      const at = (time / (duration || 1)) * plot;
      const align = at + length > plot ? "right" : "left";
      const row = takeFirst(free, align === "left" ? at : at - length, align === "left" ? at + length : at);
      return { name, time: round(time), align, above: -3 - 14 * row };
    });
  return { rows, height: free.length };
}
