import type { TimelineData, TimelinePause, TimelineTask } from "../timing";
import { arrowsOf, messageArrows } from "./arrows";
import { type Bar, barsOf } from "./bars";
import { Chart, type ChartWords, legendLines, plotWidth } from "./chart";
import { checkNumbers } from "./checks";
import { concurrencyLayers } from "./concurrency-layers";
import { blockRows, layBlocks, markRows, pausedSegment, pauseRows, tickRows } from "./concurrency-rows";
import { type Drawn, describe, legendOf, notesOf } from "./concurrency-words";
import { withShares } from "./cpu-share";
import { endings } from "./endings";
import { type FlameOptions, flameOf } from "./flame";
import { foldThreads, unite } from "./fold";
import { gantt } from "./gantt";
import { laneAxis, timeAxis } from "./lane-axes";
import { aroundPauses, byName, lanesOf, type Segment, segmentsOf } from "./lanes";
import { round } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { colourChannel, taskColours } from "./task-colours";
import { config } from "./theme";
import { collectionRows, costRows, poolSegments } from "./trace-lanes";
import { waitTable } from "./waits";
import { words } from "./words";

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
  checkNumbers("The recording's `duration`", [timeline.duration]);
  const tasks = options.colourBy ? regrouped(timeline.tasks, options.colourBy) : timeline.tasks;
  const drawing = drawingOf(timeline, tasks, options);
  const { lanes } = drawing;
  const panels = panelsOf(timeline, options, plotWidth(lanes));
  const text: ChartWords = {
    title: options.title ?? words().whoRanWhere,
    subtitle: [legendOf(timeline, drawing), notesOf(timeline, drawing)].flatMap((parts) =>
      legendLines(parts, lanes),
    ),
    description: [describe(timeline, tasks, drawing.segments), ...panels.words].join(" "),
    text: () => [textOf(timeline, drawing), ...panels.text].join("\n"),
  };
  const { lanesView, datasets, body } = viewOf(timeline, drawing);
  const { views } = panels;
  return new Chart(text, {
    ...(views.length > 0
      ? { vconcat: [{ ...lanesView, width: plotWidth(lanes) }, ...views], spacing: 22 }
      : lanesView),
    datasets: { ...datasets, ...panels.datasets },
    ...body,
  });
}

/** What is drawn on the lanes. */
interface Drawing extends Drawn {
  lanes: string[];
  segments: Segment[];
  groups: string[];
  /** For comparing two runs: without libuv's lanes and items, which are drawn where they are long enough to be seen. */
  usermeta: { lanes: string[]; tasks: string[] };
}

function drawingOf(
  timeline: TimelineData,
  all: TimelineTask[],
  { messages }: ConcurrencyChartOptions,
): Drawing {
  const { duration, trace, pauses = [] } = timeline;
  const folding = foldThreads(all, duration);
  const tasks = all.map((task) => ({ ...task, thread: task.thread && folding.laneOf(task.thread) }));
  const pool = poolSegments(trace, duration);
  const laid = layBlocks(timeline.blocks, pauses);
  const ownLanes = lanesOf(tasks, pausedOnly(pauses, all));
  const lanes = [...ownLanes, ...pool.lanes];
  const parts = aroundPauses(segmentsOf(tasks, duration, laid), pauses);
  const ofTasks = unite(withShares(parts, all, duration, trace), folding.rest);
  const segments = [...ofTasks, ...pool.segments];
  const bars = barsOf(segments, lanes, duration);
  const named = [...tasks.map(({ name }) => name), ...pool.segments.map(({ group }) => group!)];
  const { groups, groupOf } = taskColours([...new Set(named)].sort(byName));
  const rows = bars.rows.map((row) => ({ ...row, group: groupOf(row.group ?? row.task) }));
  return {
    lanes,
    segments,
    tasks,
    groups,
    usermeta: {
      lanes: ownLanes,
      tasks: [...new Set(tasks.map(({ name }) => groupOf(name)))].sort(byName),
    },
    bars: { ...bars, rows },
    arrows: [
      ...(bars.thinned ? [] : arrowsOf(tasks, rows, bars.layout)),
      ...(messages ? messageArrows(tasks, timeline.items ?? [], bars.layout) : []),
    ],
    // Of the bars that are drawn: a crowded queue has none.
    endings: endings.filter(({ how }) => rows.some((bar) => bar[how])),
    collections: collectionRows(trace?.collections ?? [], folding, bars.layout, duration),
    costs: costRows(trace, duration),
    leftOut: pool.leftOut,
  };
}

function viewOf(timeline: TimelineData, { lanes, bars, groups, arrows, ...drawing }: Drawing) {
  const { duration, blocks, marks, ticks = [], trace, pauses = [] } = timeline;
  const { rows, layout, thinned } = bars;
  const pxPerMs = Number((plotWidth(lanes) / (duration || 1)).toPrecision(4));
  const labels = markRows(marks, duration);
  const isLabelled = groups.every((group) =>
    rows.some((row) => row.group === group && isNamed(row, pxPerMs, layout.unit)),
  );
  const lanesView: VegaLiteSpec = {
    height: round(layout.height * layout.unit),
    encoding: { x: timeAxis(duration), y: laneAxis(layout) },
    layer: concurrencyLayers({
      color: colourChannel(groups, thinned, !isLabelled || groups.length > 5),
      layout,
      pxPerMs,
      endings: drawing.endings,
      follows: !thinned && rows.length > 0,
      traced: trace !== undefined,
      shares: rows.some(({ share }) => share !== undefined),
      pauses: pauses.length > 0,
    }),
  };
  const datasets = {
    lanes: layout.lanes.map(({ lane, top, bottom }) => ({ lane, top: top + 0.06, bottom: bottom - 0.06 })),
    bars: rows,
    queue: bars.queue,
    blocks: blockRows(layBlocks(blocks, pauses), duration),
    ...(pauses.length > 0 && { pauses: pauseRows(pauses, layout, duration) }),
    ...(trace && { collections: drawing.collections, costs: drawing.costs }),
    marks: labels.rows,
    arrows,
    ticks: tickRows(ticks),
  };
  const body = {
    config: { legend: { ...config.legend, offset: 6 + 14 * labels.height } },
    usermeta: drawing.usermeta,
  };
  return { lanesView, datasets, body };
}

function textOf({ blocks, duration, pauses = [] }: TimelineData, { lanes, segments }: Drawing): string {
  return gantt(lanes, [...segments, ...pauses.map(pausedSegment)], layBlocks(blocks, pauses), duration);
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

/** Threads with pauses and no tasks. */
function pausedOnly(pauses: TimelinePause[], tasks: TimelineTask[]): string[] {
  const known = new Set(tasks.map(({ thread }) => thread));
  return pauses.map(({ thread }) => thread).filter((thread) => !known.has(thread));
}

/** Under the name of its group: a name that differs stays in the alt text alone. */
function regrouped(tasks: TimelineTask[], colourBy: (task: TimelineTask) => string): TimelineTask[] {
  return tasks.map((task) => ({ ...task, name: String(colourBy(task)) }));
}

/** Whether the task's name has room in its bar, or in the larger part of one. */
function isNamed(bar: Bar, pxPerMs: number, unit: number): boolean {
  const { state, task, start, end, top, bottom, share = 1 } = bar;
  const room = task.length * 6.6 + (bar.failed || bar.stopped ? 28 : 12);
  const height = (bottom - top) * unit * Math.max(share, 1 - share);
  return state === "running" && (end - start) * pxPerMs > room && height > 11;
}
