/** What the indicator says. Pure. */

/** Where a kernel's loop is blocked or paused. */
export interface BlockingPlace {
  /** "" for the cell's own code. */
  function: string;
  /** `cell 3`, by the number of its execution; or the path of a `.ts` file relative to the notebook. */
  cell: string;
  /** From 1. */
  line: number;
}

/** What the kernel tells over `kernel-helpers:loop`: whether its loop is free, or for how long it has been blocked, or held by a debugger. */
export interface LoopState {
  state: (typeof states)[number];
  /** Milliseconds since the loop answered last, or was paused; 0 while it is free. */
  ms: number;
  /** Threads of the kernel's pools. */
  threads: { busy: number; all: number };
  /** Absent while it is not known, and where no JavaScript blocks. */
  at?: BlockingPlace | undefined;
}

const states = ["free", "blocked", "paused"] as const;

/** `gettext` with `%1`, as JupyterLab's translation bundles have it. */
type Translate = (text: string, ...values: string[]) => string;

type Loose<T> = { [K in keyof T]?: unknown };

const isCount = (value: unknown): value is number => typeof value === "number" && value >= 0;

function readPlace(data: unknown): BlockingPlace | undefined {
  const { function: name, cell, line } = (data ?? {}) as Loose<BlockingPlace>;
  if (typeof name !== "string" || typeof cell !== "string" || !isCount(line)) return undefined;
  return { function: name, cell, line };
}

/** The state in a message of the kernel; `undefined` for whatever else comes, which is not shown. */
export function readLoopState(data: unknown): LoopState | undefined {
  const { state, ms, threads, at } = (data ?? {}) as Loose<LoopState>;
  const known = states.find((each) => each === state);
  if (!known || !isCount(ms)) return undefined;
  const { busy, all } = (threads ?? {}) as Loose<LoopState["threads"]>;
  return {
    state: known,
    ms,
    threads: isCount(busy) && isCount(all) ? { busy, all } : { busy: 0, all: 0 },
    at: readPlace(at),
  };
}

/** A duration to read at a glance: `812 ms`, `1.2 s`, `2 min 5 s`. */
export function durationText(ms: number, translate: Translate): string {
  if (ms < 999.5) return translate("%1 ms", `${Math.round(ms)}`);
  if (ms < 59_950) {
    const [whole, tenth] = (ms / 1000).toFixed(1).split(".") as [string, string];
    return translate("%1.%2 s", whole, tenth);
  }
  const seconds = Math.round(ms / 1000);
  return translate("%1 min %2 s", `${Math.floor(seconds / 60)}`, `${seconds % 60}`);
}

/** The number of the execution in a cell's name; `undefined` for a file. */
export const executionOf = (cell: string): number | undefined => {
  const found = /^cell (\d+)$/.exec(cell)?.[1];
  return found === undefined ? undefined : Number(found);
};

/** `parseLog, cell 4 line 2`. */
export function placeText({ function: name, cell, line }: BlockingPlace, translate: Translate): string {
  const count = executionOf(cell);
  const where =
    count === undefined
      ? translate("%1 line %2", cell, `${line}`)
      : translate("cell %1 line %2", `${count}`, `${line}`);
  return name === "" ? where : `${name}, ${where}`;
}

export function loopText({ state, ms, threads, at }: LoopState, translate: Translate): string {
  const duration = durationText(ms, translate);
  const place = at && placeText(at, translate);
  const loop = {
    free: () => translate("Loop: free"),
    blocked: () =>
      place
        ? translate("Loop: blocked for %1 by %2", duration, place)
        : translate("Loop: blocked for %1", duration),
    paused: () =>
      place ? translate("Loop: paused at %1", place) : translate("Loop: paused in the debugger"),
  }[state]();
  if (threads.busy === 0) return loop;
  return `${loop} · ${translate("%1 of %2 threads busy", `${threads.busy}`, `${threads.all}`)}`;
}

/** The first line of a cell that says something, short enough for a menu. */
export function cellTitle(source: string, width = 60): string {
  const lines = source.split("\n").map((line) => line.trim());
  const line = lines.find((text) => text !== "" && !text.startsWith("//")) ?? lines[0] ?? "";
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
