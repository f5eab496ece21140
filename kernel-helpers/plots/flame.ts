import { type CallTree, callTree, type TimelineData } from "../timing";
import { round } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { ink, palette } from "./theme";
import { plain, words } from "./words";

/** Whose functions are drawn, over which stretch; ms since the recording began. */
export interface FlameOptions {
  /** The name of a thread: "event loop", "Worker-0". */
  thread: string;
  /** Where the stretch begins. @default 0, the beginning of the recording */
  from?: number;
  /** Where it ends. @default the end of the recording */
  to?: number;
}

interface FlameBar {
  name: string;
  from: number;
  to: number;
  depth: number;
  total: number;
  self: number;
  place: string;
  kind: "own" | "engine";
}

export interface Flame {
  view: VegaLiteSpec;
  datasets: { [name: string]: object[] };
  /** In a sentence. */
  words: string;
}

const rowHeight = 17;
const deepest = 24;

/**
 * A flame graph, root at the top: a bar for each function, as wide as the time in which it was on the stack, below
 * the function that called it. From left to right it is ordered by length, not by time.
 *
 * @throws RangeError if the recording has no profile of that thread, or the stretch ends before it begins.
 */
export function flameOf(timeline: TimelineData, options: FlameOptions, width: number): Flame {
  const { thread } = options;
  const from = Math.max(0, options.from ?? 0);
  const to = Math.min(timeline.duration, options.to ?? timeline.duration);
  const profile = (timeline.profiles ?? []).find((each) => each.thread === thread);
  if (!profile) throw noProfile(timeline, thread);
  if (!(from < to)) throw new RangeError(`\`from\` must lie before \`to\`, got ${from} and ${to}.`);
  const root = callTree(profile, from, to);
  const bars = barsOf(root, root.total / width);
  const say = words();
  const title = say.flameOf(thread, plain(round(from)), plain(round(to)), plain(round(root.total)));
  const depth = bars.reduce((most, bar) => Math.max(most, bar.depth + 1), 1);
  return {
    datasets: { functions: bars },
    words: root.calls.length > 0 ? `${title}: ${say.hottest(hottest(root))}.` : `${title}.`,
    view: {
      title: { text: title, fontSize: 12, fontWeight: 400, offset: 6 },
      width,
      height: depth * rowHeight,
      encoding: {
        x: {
          type: "quantitative",
          scale: { domain: [0, root.total || 1], nice: false },
          title: say.flameAxis,
          axis: { tickCount: 6 },
        },
        y: { type: "quantitative", axis: null, scale: { domain: [depth, 0], nice: false } },
      },
      layer: layers(width / (root.total || 1)),
    },
  };
}

function noProfile({ profiles = [] }: TimelineData, thread: string): RangeError {
  const known = profiles.map((profile) => `"${profile.thread}"`).join(", ");
  const has = known ? `It has those of ${known}.` : "Record with { cpuProfile: true }.";
  return new RangeError(`The recording has no CPU profile of "${thread}". ${has}`);
}

/** Bars narrower than a px are left out, and so is what is too deep. */
function barsOf(root: CallTree, least: number): FlameBar[] {
  const bars: FlameBar[] = [];
  const add = (calls: CallTree[], left: number, depth: number): void => {
    let from = left;
    for (const { name, file, line, total, self, calls: inner } of calls) {
      if (total < least || depth === deepest) return;
      const place = file ? `${file.split("/").at(-1)}:${line}` : "";
      const kind = name.startsWith("(") && name !== "(anonymous)" ? "engine" : "own";
      const [start, end] = [round(from, 0.01), round(from + total, 0.01)];
      bars.push({ name, from: start, to: end, depth, total: round(total), self: round(self), place, kind });
      add(inner, from, depth + 1);
      from += total;
    }
  };
  // Of the root itself: what no function of the reader's has called.
  const others = {
    name: words().nodeItself,
    file: "",
    line: 0,
    total: root.self,
    self: root.self,
    calls: [],
  };
  add([...root.calls, others], 0, 0);
  return bars;
}

/** The function that was longest the innermost one, over all its callers. */
function hottest(root: CallTree): string {
  const selfs = new Map<string, number>();
  const visit = ({ name, self, calls }: CallTree): void => {
    if (name) selfs.set(name, (selfs.get(name) ?? 0) + self);
    calls.forEach(visit);
  };
  visit(root);
  const [name, ms] = [...selfs].reduce((most, each) => (each[1] > most[1] ? each : most));
  return `${name} ${plain(round(ms))} ${words().ms}`;
}

function layers(pxPerMs: number): VegaLiteSpec[] {
  const { fields } = words();
  const below = [{ calculate: "datum.depth + 1", as: "bottom" }];
  return [
    {
      data: { name: "functions" },
      transform: below,
      mark: { type: "rect", x2Offset: -1, y2Offset: -1, clip: true },
      encoding: {
        x: { field: "from" },
        x2: { field: "to" },
        y: { field: "depth" },
        y2: { field: "bottom" },
        fill: {
          condition: { test: "datum.kind == 'engine'", value: palette[5] },
          value: palette[0],
        },
        // Pale, so that names in the page's own colour are readable on it.
        fillOpacity: { condition: { test: "datum.depth % 2 == 0", value: 0.4 }, value: 0.26 },
        tooltip: [
          { field: "name", title: fields.function },
          { field: "place", title: fields.place },
          { field: "total", title: fields.total },
          { field: "self", title: fields.self },
        ],
      },
    },
    {
      data: { name: "functions" },
      transform: [
        { filter: `(datum.to - datum.from) * ${pxPerMs} > length(datum.name) * 6.2 + 8` },
        { calculate: "datum.depth + 0.5", as: "middle" },
      ],
      mark: { type: "text", align: "left", dx: 4, fontSize: 11, color: ink, tooltip: null, clip: true },
      encoding: { x: { field: "from" }, y: { field: "middle" }, text: { field: "name" } },
    },
  ];
}
