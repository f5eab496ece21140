import type { Pair, SortedEvents } from "./node-events";
import { type Place, placeCalls, runsOf } from "./pool-threads";
import type { CpuReadings } from "./thread-cpu";

/** A work item of libuv's pool; times in ms since the recording began. */
export interface PoolWork {
  /** "crypto", "zlib", "fs", "dns", or what else Node calls it. */
  kind: string;
  /** What was asked for: "crypto", "open README.md". */
  name: string;
  /** "libuv-1" and so on, by age; null where more than one thread may have done it. */
  thread: string | null;
  /** 0 for what was submitted before the recording. */
  submitted: number;
  /** When a thread took it up; of an `inferred` one the earliest moment at which one can have. */
  started: number;
  /** When the thread was done, null for not yet; of an `inferred` one the latest moment at which it can have been. */
  ended: number | null;
  /** When the thread that asked took up the result; null for not yet. */
  received: number | null;
  /** How long it had a core, in ms; absent of an `inferred` one. */
  cpu?: number;
  /**
   * True where Node does not tell the thread: calls of files before Node 26, and names. The thread is then the one that
   * alone can have done it, by the order in which libuv works, or that alone used its CPU meanwhile (Linux); else absent.
   */
  inferred?: true;
}

/** A thread of libuv's pool that was seen, and its number in the operating system. */
export interface PoolThread {
  name: string;
  id: number;
}

/** How many threads libuv's pool has: read once by libuv, when the process first uses it. */
function poolSize(env = process.env.UV_THREADPOOL_SIZE): number {
  const size = Number.parseInt(env ?? "", 10);
  return Number.isNaN(size) ? 4 : Math.min(1024, Math.max(1, size));
}

/** Gathers what is known of each item: exactly where Node tells the thread, by inference where it does not. */
export function poolWorkOf(
  { onPool, submitted, calls }: Pick<SortedEvents, "onPool" | "submitted" | "calls">,
  { size = poolSize(), cpu }: { size?: number; cpu?: CpuReadings | undefined } = {},
): { work: PoolWork[]; threads: PoolThread[] } {
  for (const pairs of [onPool, submitted, calls]) pairs.sort((a, b) => a.start - b.start);
  const seen = onPool.map(({ tid }) => tid);
  const ids = [...new Set([...seen, ...(cpu?.isPool ? cpu.ids : [])])].sort((a, b) => a - b);
  const names = new Map(ids.map((id, index) => [id, `libuv-${index + 1}`]));
  const rest = withoutDoubles(calls, submitted);
  const runs = ids.length < size ? undefined : runsOf(onPool, submitted);
  const places = runs && placeCalls(rest, runs, submitted, ids, cpu);
  const work = [
    ...matched(onPool, submitted, names),
    ...rest.map((call, index) => inferred(call, places?.[index], names)),
  ];
  const used = new Set(work.map(({ thread }) => thread));
  const threads = ids.map((id) => ({ name: names.get(id)!, id })).filter(({ name }) => used.has(name));
  return { work: work.sort((a, b) => a.submitted - b.submitted).map(asNull), threads };
}

/** While it is computed, what goes on ends at Infinity. */
type Item = PoolWork & { ended: number; received: number };

function asNull({ ended, received, cpu, ...work }: Item): PoolWork {
  const goesOn = !Number.isFinite(ended);
  return {
    ...work,
    ended: goesOn ? null : ended,
    received: Number.isFinite(received) ? received : null,
    ...(cpu !== undefined && !goesOn && { cpu }),
  };
}

/** An item lies within its submission and its receipt; those of one name are taken up in the order of submission. */
function matched(onPool: Pair[], submitted: Pair[], names: Map<number, string>): Item[] {
  const waiting = new Map<string, Pair[]>();
  for (const { name } of submitted) waiting.set(name, []);
  for (const item of submitted) waiting.get(item.name)!.push(item);
  return onPool.map((done) => {
    const queue = waiting.get(done.name) ?? [];
    const at = queue.findIndex(({ start, end }) => start <= done.start && end >= done.end);
    const item = at < 0 ? undefined : queue.splice(at, 1)[0];
    const isFile = done.name.startsWith("fs.");
    return {
      kind: isFile ? "fs" : done.name,
      name: isFile ? done.name.slice(3) : done.name,
      thread: names.get(done.tid)!,
      submitted: item?.start ?? done.start,
      started: done.start,
      ended: done.end,
      received: item?.end ?? done.end,
      cpu: done.cpu,
    };
  });
}

/** From Node 26 on `readFile` is one item that Node traces itself, and announces as a call as well. */
function withoutDoubles(calls: Pair[], submitted: Pair[]): Pair[] {
  const files = submitted.filter(({ name }) => name.startsWith("fs."));
  const doubles = new Set(
    files.map((file) =>
      calls.findLast((call) => call.tid === file.tid && call.start <= file.start && call.end >= file.end),
    ),
  );
  return calls.filter((call) => !doubles.has(call));
}

function inferred(call: Pair, place: Place | undefined, names: Map<number, string>): Item {
  const isName = call.name.startsWith("lookup");
  return {
    kind: isName ? "dns" : "fs",
    name: [call.name, call.detail && lastPart(call.detail)].filter(Boolean).join(" "),
    thread: names.get(place?.tid ?? -1) ?? null,
    submitted: call.start,
    started: place?.started ?? call.start,
    ended: place?.ended ?? call.end,
    received: call.end,
    inferred: true,
  };
}

function lastPart(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== "") ?? path;
}
