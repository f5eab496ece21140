/** What the indicator says. Pure. */

/** What the kernel tells over `kernel-helpers:loop`: whether its loop is free, or for how long it has been blocked. */
export interface LoopState {
  state: "free" | "blocked";
  /** Milliseconds since the loop answered last; 0 while it is free. */
  ms: number;
}

/** `gettext` with `%1`, as JupyterLab's translation bundles have it. */
type Translate = (text: string, ...values: string[]) => string;

/** Whether `data` is a message of the kernel; whatever else comes is not shown. */
export function isLoopState(data: unknown): data is LoopState {
  if (typeof data !== "object" || data === null) return false;
  const { state, ms } = data as Partial<LoopState>;
  return (state === "free" || state === "blocked") && typeof ms === "number" && ms >= 0;
}

/** A duration to read at a glance: `812 ms`, `1.2 s`, `2 min 5 s`. */
export function durationText(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function loopText({ state, ms }: LoopState, translate: Translate): string {
  return state === "free" ? translate("Loop: free") : translate("Loop: blocked for %1", durationText(ms));
}

/** The first line of a cell that says something, short enough for a menu. */
export function cellTitle(source: string, width = 60): string {
  const lines = source.split("\n").map((line) => line.trim());
  const line = lines.find((text) => text !== "" && !text.startsWith("//")) ?? lines[0] ?? "";
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
