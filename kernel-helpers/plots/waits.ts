import { type TimelineData, type Wait, waitsOf } from "../timing";
import { short } from "./clean";
import { laneName } from "./lane-axes";
import { round } from "./numbers";
import type { VegaLiteSpec } from "./spec";
import { ink } from "./theme";
import { plain, words } from "./words";

interface WaitRow {
  row: number;
  who: string;
  for: string;
  ms: string;
  times: string;
}

/** Without what a debugger held the threads for. */
const waitedMs = ({ start, end, paused = 0 }: Wait): number => end - start - paused;

const mostRows = 8;
const rowHeight = 18;

/** Waits of the same name for the same are one row; the longest together first. */
function rowsOf(waits: Wait[]): WaitRow[] {
  const groups = new Map<string, { wait: Wait; ms: number; times: number }>();
  for (const wait of waits) {
    const key = JSON.stringify([wait.who, wait.where, wait.reason, wait.for, wait.on]);
    const group = groups.get(key) ?? { wait, ms: 0, times: 0 };
    groups.set(key, { wait, ms: group.ms + waitedMs(wait), times: group.times + 1 });
  }
  const { ms: unit } = words();
  return [...groups.values()]
    .sort((a, b) => b.ms - a.ms)
    .slice(0, mostRows)
    .map(({ wait, ms, times }, row) => ({
      row: row + 1,
      who: `${short(wait.who)} (${laneName(wait.where)})`,
      for: whom(wait),
      ms: `${plain(round(ms))} ${unit}`,
      times: times > 1 ? `${times} ×` : "",
    }));
}

function whom({ reason, for: name, on }: Wait): string {
  const say = words();
  if (reason === "answer") return say.answerOf(short(name));
  if (reason === "loop") return say.freeLoop;
  if (reason === "unknown") return say.unknownWait;
  if (name) return `${short(name)} (${laneName(on)})`;
  return on ? say.startOf(laneName(on)) : say.freeThread;
}

export interface WaitTable {
  view: VegaLiteSpec;
  datasets: { [name: string]: object[] };
  /** A line for each row. */
  text: string;
}

/** A table of who waited for whom. */
export function waitTable(timeline: TimelineData, width: number): WaitTable {
  const waits = waitsOf(timeline);
  const rows = rowsOf(waits);
  const say = words();
  const paused = waits.reduce((sum, wait) => sum + (wait.paused ?? 0), 0);
  const without = paused > 0 ? say.withoutPauses(plain(round(paused))) : "";
  const shown = rows.length > 0 ? rows : [{ row: 1, who: say.nobodyWaited, for: "", ms: "", times: "" }];
  const columns = [
    { field: "who", head: say.whoWaits, x: 0, align: "left", limit: width * 0.42 },
    { field: "for", head: say.forWhom, x: width * 0.44, align: "left", limit: width * 0.38 },
    { field: "times", head: "", x: width * 0.88, align: "right", limit: 60 },
    { field: "ms", head: say.howLongWaited, x: width, align: "right", limit: 90 },
  ];
  return {
    datasets: { waits: shown },
    text: [
      ...rows.map(({ who, for: name, ms }) => `${ms.padStart(10)}  ${who} ← ${name}`),
      ...(without ? [say.whoWaitsForWhom + without] : []),
    ].join("\n"),
    view: {
      title: { text: say.whoWaitsForWhom + without, fontSize: 12, fontWeight: 400, offset: 6 },
      width,
      height: (shown.length + 1) * rowHeight,
      encoding: {
        y: { type: "quantitative", axis: null, scale: { domain: [shown.length + 0.5, -0.5], nice: false } },
      },
      layer: columns.flatMap(({ field, head, x, align, limit }) => {
        const mark = { type: "text", align, baseline: "middle", color: ink, fontSize: 12, limit };
        return [
          {
            data: { name: "waits" },
            mark: { ...mark, tooltip: null },
            encoding: { x: { value: x }, y: { field: "row" }, text: { field } },
          },
          {
            data: { values: [{ row: 0 }] },
            mark: { ...mark, opacity: 0.7 },
            encoding: { x: { value: x }, y: { field: "row" }, text: { value: head } },
          },
        ];
      }),
    },
  };
}
