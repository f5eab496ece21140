import type { LoopBlock, TimelineData, TimelineMark, TimelineTask } from "../timing";
import { arrowsOf, callsOf } from "./arrows";
import { Bar, Bars, barsOf } from "./bars";
import { Chart, legendLines, plotWidth } from "./chart";
import { concurrencyLayers, laneAxis, timeAxis } from "./concurrency-layers";
import { type Ending, endings } from "./endings";
import { gantt } from "./gantt";
import { byName, lanesOf, loopLane, queueLane, Segment, segmentsOf, takeFirst } from "./lanes";
import { round } from "./numbers";
import { colourChannel, taskColours } from "./task-colours";
import { config, width } from "./theme";
import { merge } from "./thin";
import { count, plain, words } from "./words";

export interface ConcurrencyChartOptions {
  /** "Who ran where" unless given. */
  title?: string;
  /**
   * What a task's colour says; its name unless given. Tasks of one group have one colour, as those of one request do
   * wherever it goes.
   */
  colourBy?: (task: TimelineTask) => string;
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
  const { duration, blocks, marks, ticks = [], lost, threshold = 2 } = timeline;
  const say = words();
  const tasks = options.colourBy ? regrouped(timeline.tasks, options.colourBy) : timeline.tasks;
  const lanes = lanesOf(tasks);
  const segments = segmentsOf(tasks, duration, blocks);
  const bars = barsOf(segments, lanes, duration);
  const arrows = bars.thinned ? [] : arrowsOf(tasks, bars.rows, bars.layout);
  const colours = taskColours([...new Set(tasks.map(({ name }) => name))].sort(byName));
  const rows = bars.rows.map((row) => ({ ...row, group: colours.groupOf(row.task) }));
  const scale = pxPerMs(lanes, duration);
  const labels = markRows(marks, duration);
  const ends = endingsOf(bars);
  const legend = [
    say.pale,
    say.solid,
    ...(rows.some(({ state }) => state === "blocked") ? [say.striped] : []),
    ...ends.map(({ name, how }) => `${say.shapes[name]}: ${say.endings[how]}`),
    say.red(plain(threshold)),
    ...(ticks.length > 0 ? [say.dots] : []),
    ...(arrows.length > 0 ? [say.arrows] : []),
  ];
  const warned = warnings(bars, tasks, lost, arrows.length > 0);
  const text = {
    title: options.title ?? say.whoRanWhere,
    subtitle: [...legendLines(legend, lanes), ...warned],
    description: describe(tasks, blocks, lanes, duration),
    text: () => gantt(lanes, segments, blocks, duration),
  };
  const named = colours.groups.every((group) =>
    rows.some((row) => row.group === group && isNamed(row, scale)),
  );
  return new Chart(text, {
    height: round(bars.layout.height * bars.layout.unit),
    datasets: {
      lanes: bars.layout.lanes.map(({ lane, top, bottom }) => ({
        lane,
        top: top + 0.06,
        bottom: bottom - 0.06,
      })),
      bars: rows,
      queue: bars.queue,
      blocks: blockRows(blocks, duration),
      marks: labels.rows,
      arrows,
      ticks: spread(ticks, mostTicks).map((time) => ({ time: round(time) })),
    },
    encoding: { x: timeAxis(duration), y: laneAxis(bars.layout) },
    layer: concurrencyLayers({
      color: colourChannel(colours, bars.thinned, !named || colours.groups.length > 5),
      layout: bars.layout,
      pxPerMs: scale,
      endings: ends,
      follows: !bars.thinned && rows.length > 0,
    }),
    config: { legend: { ...config.legend, offset: 6 + 14 * labels.height } },
    usermeta: { lanes, tasks: colours.groups },
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
