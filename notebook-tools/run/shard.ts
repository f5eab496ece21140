/** Spreads notebooks over machines, and remembers how long each took. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { writeReport } from "../nbformat";

export interface Shard {
  /** From 1. */
  index: number;
  count: number;
}

/** `2/3`. Throws `RangeError`. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (!index || !count || index > count) {
    throw new RangeError(`--shard must look like i/n with i from 1 to n, such as 2/3, got "${text}".`);
  }
  return { index, count };
}

/** Milliseconds by notebook. */
export type Durations = ReadonlyMap<string, number>;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 1;
}

/**
 * The notebooks of one shard, in their order. Longest first, each goes to the shard that has least to do; one
 * without a known duration counts as the median. Every machine that knows the same durations gets the same answer.
 */
export function shardOf(files: readonly string[], { index, count }: Shard, durations: Durations): string[] {
  const usual = median([...durations.values()]);
  const lasting = (file: string) => durations.get(file) ?? usual;
  const longestFirst = [...files].sort((a, b) => lasting(b) - lasting(a) || (a < b ? -1 : 1));
  // Of more shards than notebooks the last ones get none.
  const loads = new Array<number>(Math.min(count, files.length)).fill(0);
  const mine = new Set<string>();
  for (const file of longestFirst) {
    const lightest = loads.indexOf(Math.min(...loads));
    loads[lightest]! += lasting(file);
    if (lightest === index - 1) mine.add(file);
  }
  return files.filter((file) => mine.has(file));
}

/** Where durations are remembered: in the cache folder of the nearest `node_modules`; null where there is none. */
export function durationsFile(from: string): string | null {
  const modules = join(from, "node_modules");
  if (existsSync(modules)) return join(modules, ".cache", "notebook-tools", "durations.json");
  return dirname(from) === from ? null : durationsFile(dirname(from));
}

/** Relative to the store, so that it means the same notebook from whichever folder `nb` is called. */
const key = (store: string, file: string): string =>
  relative(dirname(resolve(store)), resolve(file))
    .split(sep)
    .join("/");

/** The remembered durations of these notebooks; none where the file is missing or broken. */
export function readDurations(store: string | null, files: readonly string[]): Durations {
  if (store === null) return new Map();
  const known = stored(store);
  return new Map(
    files.flatMap((file) => {
      const duration = known[key(store, file)];
      return typeof duration === "number" ? [[file, duration] as const] : [];
    }),
  );
}

function stored(store: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(readFileSync(store, "utf8")) };
  } catch {
    return {}; // No file yet, or one that an interrupted run broke: then all count alike.
  }
}

/** Remembers durations and forgets notebooks that are gone. Throws `NotebookError`. */
export async function writeDurations(store: string | null, durations: Durations): Promise<void> {
  if (!store || durations.size === 0) return;
  const folder = dirname(store);
  const kept = Object.entries(stored(store)).filter(([name]) => existsSync(join(folder, name)));
  const fresh = [...durations].map(([file, ms]) => [key(store, file), Math.round(ms)]);
  const all = { ...Object.fromEntries(kept), ...Object.fromEntries(fresh) };
  await writeReport(store, `${JSON.stringify(all, Object.keys(all).sort(), 2)}\n`);
}
