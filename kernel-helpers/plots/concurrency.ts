import type { LoopBlock, TimelineData, TimelineMark, TimelineTask } from "../timing";
import { Bars, barsOf } from "./bars";
import { Chart } from "./chart";
import { concurrencyLayers, laneAxis, timeAxis } from "./concurrency-layers";
import { type Ending, endings } from "./endings";
import { gantt } from "./gantt";
import { byName, lanesOf, queueLane, Segment, segmentsOf, takeFirst } from "./lanes";
import { colourChannel, taskColours } from "./task-colours";
import { config, width } from "./theme";
import { merge } from "./thin";
import { count, round, wrap } from "./words";

export interface ConcurrencyChartOptions {
  /** "Who ran where" unless given. */
  title?: string;
}

/**
 * Who ran where and when: a lane for the event loop, one for the queue, one for each thread; a bar for
 * each task. Takes a `Timeline`, recording or stopped, or a plain object of its shape. Where there are
 * more bars than a chart can show, neighbours are merged, and the subtitle says so.
 */
export function concurrencyChart(timeline: TimelineData, options: ConcurrencyChartOptions = {}): Chart {
  const { duration, tasks, blocks, marks, ticks = [], lost } = timeline;
  const lanes = lanesOf(tasks);
  const names = [...new Set(tasks.map(({ name }) => name))].sort(byName);
  const segments = segmentsOf(tasks, duration);
  const bars = barsOf(segments, lanes, duration);
  const ends = endingsOf(bars);
  const colours = taskColours(names);
  const labels = markRows(marks, duration);
  const words = {
    title: options.title ?? "Who ran where",
    subtitle: [...legendOf(ends, ticks, plotWidth(lanes)), ...warnings(bars, tasks.length, lost)],
    description: describe(tasks, blocks, lanes, duration),
    text: () => gantt(lanes, segments, blocks, duration),
  };
  return new Chart(words, {
    height: lanes.length * bars.laneHeight,
    datasets: {
      lanes: lanes.map((lane, index) => ({ lane, top: index + 0.06, bottom: index + 0.94 })),
      bars: bars.rows.map((row) => ({ ...row, group: colours.groupOf(row.task) })),
      queue: bars.queue,
      blocks: blockRows(blocks, duration),
      marks: labels.rows,
      ticks: spread(ticks, mostTicks).map((time) => ({ time: round(time) })),
    },
    encoding: { x: timeAxis(duration), y: laneAxis(lanes) },
    layer: concurrencyLayers(
      colourChannel(colours, bars.thinned),
      lanes.length,
      bars.laneHeight,
      pxPerMs(lanes, duration),
      ends,
    ),
    config: { ...config, legend: { ...config.legend, offset: 6 + 14 * labels.height } },
    usermeta: { lanes, tasks: colours.groups },
  });
}

/** In as many lines as it needs: a title is cut off where the plot ends. */
function legendOf(ends: Ending[], ticks: number[], plot: number): string[] {
  const parts = [
    "pale: waiting · solid: running · striped: blocked",
    ...ends.map(({ name, how }) => `${name}: ${how}`),
    "red: the loop is blocked",
    ...(ticks.length > 0 ? ["dots: its ticks"] : []),
  ];
  return wrap(parts, " · ", plot / pxPerLetter);
}

/** Of the bars that are drawn: a crowded queue has none. */
function endingsOf({ rows }: Bars): Ending[] {
  return endings.filter(({ how }) => rows.some((bar) => bar[how]));
}

function warnings({ thinned, rows }: Bars, tasks: number, lost: number): string[] {
  return [
    ...(thinned ? [`thinned: ${count(tasks, "task")} drawn as ${count(rows.length, "bar")}`] : []),
    ...(lost > 0
      ? [`the oldest ${count(lost, "event")} were overwritten: record with a larger capacity`]
      : []),
  ];
}

function describe(tasks: TimelineTask[], blocks: LoopBlock[], lanes: string[], duration: number): string {
  const threads = lanes.includes(queueLane) ? lanes.length - 2 : 0;
  const longest = blocks.reduce((most, block) => Math.max(most, block.duration), 0);
  const unfinished = tasks.filter(({ done }) => done === null).length;
  const outcomes = [
    ...endings.map(({ how }) => ({ how, tasks: tasks.filter((task) => task[how]).length })),
    { how: "unfinished", tasks: unfinished },
  ];
  const left = outcomes
    .filter((outcome) => outcome.tasks > 0)
    .map((outcome) => `, ${outcome.tasks} of them ${outcome.how}`)
    .join("");
  return (
    `${count(tasks.length, "task")} on ${count(threads, "thread")} took ${Math.round(duration)} ms in all${left}; ` +
    `the loop was blocked for ${Math.round(longest)} ms at most.`
  );
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

/** About how wide the plot is, before anything has measured the labels of its lanes. */
function plotWidth(lanes: string[]): number {
  return width - 20 - Math.min(170, 7 * Math.max(...lanes.map(({ length }) => length)));
}

function pxPerMs(lanes: string[], duration: number): number {
  return Number((plotWidth(lanes) / (duration || 1)).toPrecision(4));
}

/** Of the subtitle, on average. */
const pxPerLetter = 5.7;

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
