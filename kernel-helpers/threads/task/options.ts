import type { ResourceLimits } from "node:worker_threads";
import { checkTransfer } from "./transfer-list";
import type { AnyFunction } from "./types";

/** How one task runs. */
export interface TaskOptions {
  /** Cancels the task: its promise then rejects with `signal.reason`. @default none */
  signal?: AbortSignal;
  /** Milliseconds that the function may run, counted from its start; then TimeoutError. Minimum: 0. @default no limit */
  timeout?: number;
  /** Milliseconds that the task may wait in the queue; then TimeoutError. Minimum: 0. @default no limit */
  queueTimeout?: number;
  /** What charts and errors call the task. @default the function's name, in charts with a short first argument */
  name?: string;
  /** Buffers, ports and streams among the arguments to move instead of copying. @default [] */
  transfer?: readonly object[];
  /** Values for variables that the function captures, in place of the real ones. @default {} */
  captures?: Record<string, unknown>;
  /** On cancelling or timeout, reject at once and leave the thread to finish on its own. @default false */
  abandonOnCancel?: boolean;
}

/** The key of an option that no program gives: which function among the arguments is sure to run. */
export const runs = Symbol("runs");

/** What a task is submitted with. */
export interface SubmitOptions extends TaskOptions {
  [runs]?: AnyFunction;
  /** Send the context variables along. */
  context?: boolean;
  /** `args` is a list of items for one call each. */
  each?: boolean;
}

/** What most tasks come with. */
export const noOptions: SubmitOptions = {};

const taskOptions = ["signal", "timeout", "queueTimeout", "name", "transfer", "captures", "abandonOnCancel"];

/** For options as they are given; `more` are those that only this caller takes. */
export function checkGivenOptions(options: TaskOptions, more: string[] = []): void {
  checkTaskOptions(options);
  requireKnown("a task", options, [...more, ...taskOptions]);
}

function checkTaskOptions(options: TaskOptions): void {
  requireObject("Task options", options, "{ timeout: 1000 }");
  requireMilliseconds("timeout", options.timeout);
  requireMilliseconds("queueTimeout", options.queueTimeout);
  if (options.transfer !== undefined) checkTransfer(options.transfer);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(
      `\`signal\` must be an AbortSignal, got ${describe(signal)}. Make one with new AbortController().signal ` +
        "or AbortSignal.timeout(ms).",
    );
  }
}

export function requireObject(what: string, value: unknown, example: string): void {
  if (typeof value === "object" && value !== null) return;
  throw new TypeError(`${what} must be an object such as ${example}, got ${describe(value)}.`);
}

/** Refuses an option that does not exist: a misspelt one would be as good as none. */
export function requireKnown(whose: string, options: object, known: string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new TypeError(
      `\`${name}\` is no option of ${whose}. ${meant ? `Did you mean \`${meant}\`? ` : ""}It takes ${known.join(", ")}.`,
    );
  }
}

/** The known name that is written most alike, in whatever case: `max_workers` for `maxWorkers`. */
function nearest(name: string, known: string[]): string | undefined {
  const plain = (text: string) => text.replace(/[_-]/g, "").toLowerCase();
  const ranked = known.map((each) => ({ each, edits: editDistance(plain(name), plain(each)) }));
  const best = ranked.reduce((a, b) => (b.edits < a.edits ? b : a));
  return best.edits <= name.length / 3 ? best.each : undefined;
}

/** Letters to insert, drop or exchange (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

export function requireFunction(fn: unknown, what: string): asserts fn is AnyFunction {
  if (typeof fn === "function") return;
  throw new TypeError(
    `\`${what}\` must be a function, got ${describe(fn)}. Give the function itself and its arguments after it, ` +
      "not the result of a call.",
  );
}

export function requireCount(name: string, value: unknown, least: number, wayOut: string): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  throw new RangeError(
    `\`${name}\` must be an integer of at least ${least}, got ${describe(value)}. ${wayOut}`,
  );
}

export function requireMilliseconds(
  name: string,
  value: unknown,
  wayOut = "Leave it out for no limit.",
): void {
  if (value === undefined || (typeof value === "number" && value >= 0)) return;
  throw new RangeError(
    `\`${name}\` must be a number of milliseconds of at least 0, got ${describe(value)}. ${wayOut}`,
  );
}

export function describe(value: unknown): string {
  if (value instanceof Promise) return "a Promise";
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "object" && value !== null ? `an object` : String(value);
}

/** Node itself needs this much; with less, the start of a thread ends the whole process. */
const leastOldGeneration = 8;

const resourceLimits = [
  "maxOldGenerationSizeMb",
  "maxYoungGenerationSizeMb",
  "codeRangeSizeMb",
  "stackSizeMb",
];

export function checkResourceLimits(limits: ResourceLimits): void {
  requireKnown("`resourceLimits`", limits, resourceLimits);
  for (const [name, value] of Object.entries(limits)) {
    const least = name === "maxOldGenerationSizeMb" ? leastOldGeneration : 0;
    if (value === undefined || (typeof value === "number" && value > 0 && value >= least)) continue;
    throw new RangeError(
      `\`resourceLimits.${name}\` must be megabytes, ${least > 0 ? `at least ${least}` : "more than 0"}, got ` +
        `${describe(value)}. Leave it out for Node's default.`,
    );
  }
}
