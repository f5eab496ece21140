import { Chart } from "./chart";
import { checkNumbers, checkSome } from "./checks";
import { round, threeDigits } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { ink, palette } from "./theme";
import { count, grouped, plain, words } from "./words";

/** What each task does, in ms: blocks its thread without a core, then computes on one. A number is such a wait. */
export type ScheduledTask = number | { waits?: number; computes?: number };

export interface ScheduleOptions {
  /** The title of the chart. @default "The same tasks on so many threads" */
  title?: string;
  /** The largest number of threads that the slider offers, at most 32. @default 16 */
  maxThreads?: number;
  /** How many threads are shown at first, and in a stored picture. @default 4 */
  threads?: number;
  /** How many cores compute at once. @default as many as there are threads */
  cores?: number;
}

const mostThreads = 32;
const height = 190; // px

/**
 * How so many tasks lie on a pool of 1 … `maxThreads` threads: computed, not measured. A slider below the chart
 * chooses the number of threads; it needs no kernel. Tasks are taken up in order by the first free thread; computing
 * tasks share the `cores` evenly, as an operating system does.
 *
 * @throws RangeError if `tasks` is empty or a number of threads or cores is below 1, TypeError if a duration is below 0.
 */
export function scheduleChart(tasks: ScheduledTask[], options: ScheduleOptions = {}): Chart {
  const { maxThreads = 16, threads = 4, cores = mostThreads } = options;
  checkSome(
    "scheduleChart's list of tasks",
    tasks.length,
    "Give it the ms of each task, such as [300, 300].",
  );
  const plans = tasks.map((task) =>
    typeof task === "number" ? { waits: task, computes: 0 } : { waits: 0, computes: 0, ...task },
  );
  checkNumbers(
    "The durations of tasks",
    plans.flatMap(({ waits, computes }) => [waits, computes]),
  );
  checkCount("maxThreads", maxThreads);
  checkCount("threads", threads);
  checkCount("cores", cores);
  const say = words();
  const most = Math.min(mostThreads, maxThreads);
  const shown = Math.min(threads, most);
  const all = Array.from({ length: most }, (_, index) => schedule(plans, index + 1, cores));
  const ends = all.map((rows) => Math.max(...rows.map(({ end }) => end)));
  const text = {
    title: options.title ?? say.schedule,
    subtitle: [
      ...(plans.some(({ waits }) => waits > 0) ? [say.scheduleBlocked] : []),
      ...(plans.some(({ computes }) => computes > 0) ? [say.scheduleComputing] : []),
    ].join(" · "),
    description: say.scheduled(
      count(tasks.length, "task"),
      count(1, "thread"),
      plain(threeDigits(ends[0]!)),
      count(most, "thread"),
      plain(threeDigits(ends.at(-1)!)),
    ),
  };
  return new Chart(text, {
    height,
    params: [
      {
        name: "threads",
        value: shown,
        bind: { input: "range", min: 1, max: most, step: 1, name: `${say.threads} ` },
      },
    ],
    datasets: {
      bars: all.flatMap((rows, index) => rows.map((row) => ({ ...row, of: index + 1 }))),
      ends: ends.map((end, index) => ({
        of: index + 1,
        end: round(end),
        label: say.allDone(grouped(threeDigits(end))),
      })),
    },
    encoding: {
      x: {
        type: "quantitative",
        title: say.scheduleAxis,
        scale: { domain: [0, threeDigits(ends[0]! * 1.02) || 1], nice: false },
        axis: { tickCount: 6 },
      },
      y: {
        type: "quantitative",
        title: null,
        scale: { domainMin: 0, domainMax: { expr: "max(4, threads)" }, nice: false, reverse: true },
        axis: null,
      },
    },
    layer: layers(),
  });
}

function layers(): VegaLiteSpec[] {
  const { fields } = words();
  const chosen = { filter: "datum.of == threads" };
  const lane = { calculate: "datum.lane + 0.12", as: "top" };
  const below = { calculate: "datum.lane + 0.88", as: "bottom" };
  const tooltip = [
    { field: "task", title: fields.task },
    { field: "start", title: fields.from },
    { field: "end", title: fields.to },
  ];
  return [
    {
      data: { name: "bars" },
      transform: [chosen, lane, below],
      mark: { type: "rect", color: palette[0], x2Offset: -0.5 },
      encoding: {
        x: { field: "start" },
        x2: { field: "end" },
        y: { field: "top" },
        y2: { field: "bottom" },
        fillOpacity: { condition: { test: "datum.state == 'running'", value: 1 }, value: 0.45 },
        tooltip,
      },
    },
    {
      // As in concurrencyChart: what blocks its thread is striped along the bar.
      data: { name: "bars" },
      transform: [
        { filter: "datum.of == threads && datum.state == 'blocked'" },
        { calculate: "[1 / 6, 1 / 2, 5 / 6]", as: "part" },
        { flatten: ["part"] },
        { calculate: "datum.lane + 0.12 + 0.76 * datum.part", as: "stripe" },
        { calculate: `${height} * 0.76 / 6 / max(4, threads)`, as: "thickness" },
      ],
      mark: { type: "rule", color: palette[0], opacity: 1, x2Offset: -0.5 },
      encoding: {
        x: { field: "start" },
        x2: { field: "end" },
        y: { field: "stripe" },
        strokeWidth: { field: "thickness", type: "quantitative", scale: null },
        tooltip,
      },
    },
    {
      data: { name: "ends" },
      transform: [chosen],
      mark: { type: "rule", color: ink, strokeDash: [4, 3] },
      encoding: { x: { field: "end" } },
    },
    ...(["left", "right"] as const).map((align) => ({
      data: { name: "ends" },
      transform: [chosen, { filter: `datum.end ${align === "right" ? ">" : "<="} domain('x')[1] * 0.7` }],
      mark: {
        type: "text",
        align,
        dx: align === "left" ? 6 : -6,
        baseline: "bottom",
        color: ink,
        fontSize: 12,
      },
      encoding: { x: { field: "end" }, y: { value: "height" }, text: { field: "label" } },
    })),
  ];
}

interface Plan {
  waits: number;
  computes: number;
}

interface ScheduledBar {
  task: number;
  lane: number;
  state: "blocked" | "running";
  start: number;
  end: number;
}

/** Runs the tasks on so many threads, from one event to the next: a wait that ends, or a computation. */
function schedule(plans: Plan[], threads: number, cores: number): ScheduledBar[] {
  const bars: ScheduledBar[] = [];
  const queue = plans.map((plan, index) => ({ ...plan, task: index + 1, began: 0, from: 0 }));
  const lanes: ((typeof queue)[number] | undefined)[] = Array.from({ length: threads }, () => undefined);
  let now = 0;
  for (;;) {
    for (let lane = 0; lane < threads; lane++) {
      if (lanes[lane] || queue.length === 0) continue;
      lanes[lane] = queue.shift()!;
      lanes[lane]!.from = now;
    }
    const busy = lanes.filter((task) => task !== undefined);
    if (busy.length === 0) return bars;
    const computing = busy.filter(({ waits }) => waits <= 0);
    const speed = computing.length > 0 ? Math.min(1, cores / computing.length) : 1;
    const step = Math.min(...busy.map(({ waits, computes }) => (waits > 0 ? waits : computes / speed)));
    now += step;
    for (const [lane, task] of lanes.entries()) {
      if (!task) continue;
      const wasWaiting = task.waits > 0;
      if (wasWaiting) task.waits -= step;
      else task.computes -= step * speed;
      const isOver = wasWaiting ? task.waits <= 1e-9 : task.computes <= 1e-9;
      if (!isOver) continue;
      const state = wasWaiting ? "blocked" : "running";
      if (now > task.from)
        bars.push({ task: task.task, lane, state, start: round(task.from), end: round(now) });
      task.from = now;
      task.waits = Math.max(0, wasWaiting ? 0 : task.waits);
      if (task.computes <= 1e-9) lanes[lane] = undefined;
    }
  }
}

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`\`${name}\` must be an integer of at least 1, got ${value}.`);
}
