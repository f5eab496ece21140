import type { Pair } from "./node-events";

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
   * True where Node does not tell the thread: calls of files before Node 26, and names. Items are taken up in order, so
   * the thread is the one that alone was free; else absent.
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
  onPool: Pair[],
  submitted: Pair[],
  calls: Pair[],
  size = poolSize(),
): { work: PoolWork[]; threads: PoolThread[] } {
  const ids = [...new Set(onPool.map(({ tid }) => tid))].sort((a, b) => a - b);
  const threads = ids.map((id, index) => ({ name: `libuv-${index + 1}`, id }));
  const known = matched(
    [...onPool].sort(byStart),
    [...submitted].sort(byStart),
    new Map(threads.map(({ name, id }) => [id, name])),
  );
  const rest = withoutDoubles([...calls].sort(byStart), submitted);
  const inferred = inferThreads(rest, known, threads, size);
  const work = [...known, ...inferred].sort((a, b) => a.submitted - b.submitted).map(asNull);
  return { work, threads };
}

/** While it is computed, what goes on ends at Infinity. */
type Placed = PoolWork & { ended: number; received: number };

function asNull({ ended, received, cpu, ...work }: Placed): PoolWork {
  const goesOn = !Number.isFinite(ended);
  return {
    ...work,
    ended: goesOn ? null : ended,
    received: Number.isFinite(received) ? received : null,
    ...(cpu !== undefined && !goesOn && { cpu }),
  };
}

const byStart = (a: Pair, b: Pair) => a.start - b.start;

/** An item lies within its submission and its receipt; those of one name are taken up in the order of submission. */
function matched(onPool: Pair[], submitted: Pair[], names: Map<number, string>): Placed[] {
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

/**
 * Which thread did an item that Node does not place: the one that alone can have done it, by what is certain of
 * libuv's queues. Both are first come, first served. An item starts when all that were submitted earlier have started,
 * before those that were submitted later; and a thread hands over its result before it takes up the next item.
 */
function inferThreads(calls: Pair[], known: Placed[], threads: PoolThread[], size: number): Placed[] {
  const gaps = threads.map(({ name }) => ({ name, gaps: gapsOf(known, name), at: 0 }));
  const inOrder = [...known].sort((a, b) => a.submitted - b.submitted);
  const startsFrom = earliestFrom(inOrder);
  let index = 0;
  let ahead = 0;
  return calls.map((call) => {
    for (; index < inOrder.length && inOrder[index]!.submitted <= call.start; index++)
      ahead = Math.max(ahead, inOrder[index]!.started);
    const ready = Math.max(call.start, ahead);
    const free = freeThreads(gaps, ready, call.end, startsFrom[index]!);
    const isSure = free.length === 1 && threads.length >= size;
    const isName = call.name.startsWith("lookup");
    return {
      kind: isName ? "dns" : "fs",
      name: [call.name, call.detail && lastPart(call.detail)].filter(Boolean).join(" "),
      thread: isSure ? free[0]!.name : null,
      submitted: call.start,
      started: Math.min(call.end, free.length > 0 ? Math.min(...free.map(({ from }) => from)) : ready),
      ended: isSure ? Math.min(call.end, free[0]!.to) : call.end,
      received: call.end,
      inferred: true,
    };
  });
}

/** The earliest start of all items from each index on. */
function earliestFrom(items: Placed[]): number[] {
  const earliest = [Number.POSITIVE_INFINITY];
  for (const { started } of items.toReversed()) earliest.push(Math.min(earliest.at(-1)!, started));
  return earliest.reverse();
}

/** A stretch in which a thread is not known to work, and when the result before it was received. */
interface Gap {
  from: number;
  to: number;
  receivedBefore: number;
}

/** Threads that can have done what started from `ready` on, before `latest`, and was received at `received`. */
function freeThreads(
  threads: { name: string; gaps: Gap[]; at: number }[],
  ready: number,
  received: number,
  latest: number,
) {
  return threads.flatMap((thread) => {
    while (thread.gaps[thread.at]!.to <= ready) thread.at++;
    const gap = thread.gaps[thread.at]!;
    if (gap.from > Math.min(received, latest) || gap.receivedBefore > received) return [];
    return [{ name: thread.name, from: Math.max(gap.from, ready), to: gap.to }];
  });
}

function gapsOf(known: Placed[], thread: string): Gap[] {
  const gaps: Gap[] = [];
  let from = 0;
  let receivedBefore = 0;
  for (const work of known) {
    if (work.thread !== thread) continue;
    if (work.started > from) gaps.push({ from, to: work.started, receivedBefore });
    from = Math.max(from, work.ended);
    receivedBefore = work.received;
  }
  return [...gaps, { from, to: Number.POSITIVE_INFINITY, receivedBefore }];
}

function lastPart(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== "") ?? path;
}
