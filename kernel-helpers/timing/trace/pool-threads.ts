import type { Pair } from "./node-events";
import type { CpuReadings } from "./thread-cpu";

/**
 * Which thread of libuv's pool did an item whose thread Node does not tell? By what is certain of libuv:
 *
 * 1. Items are taken up in the order of their submission, by whichever thread comes first.
 * 2. A thread hands over its result before it takes up the next item, and a loop receives results in that order.
 * 3. Between taking up an item and Node's note of its start a thread may lose its core for as long as a busy machine
 *    likes. So all that is certain of a start is that the thread had ended the item before: whoever takes the noted
 *    start for the true one names a wrong thread once in a hundred times.
 *
 * Where that leaves several, the CPU time that each has had meanwhile decides, or nothing does.
 */

/** A stretch of work that Node has noted on a thread, and which of the items it may be, as numbers by submission. */
export interface Run {
  tid: number;
  /** When its thread had ended the item before: the earliest moment at which it can have taken up this one. */
  free: number;
  start: number;
  end: number;
  /** CPU time of its thread until then, in ms. */
  cpuStart: number;
  cpuEnd: number;
  first: number;
  last: number;
  /** When at the earliest its result was received, by each thread that may have asked for it. */
  received: Map<number, number>;
}

/** Where a call ran: the thread, where it is sure, and between which moments. */
export interface Place {
  tid: number | undefined;
  started: number;
  ended: number;
}

/** A stretch of a thread in which it is not known to work. */
interface Gap {
  tid: number;
  before: Run | undefined;
  after: Run | undefined;
}

/** What Node has noted, in order of its start; undefined where it contradicts itself, as when events were lost. */
export function runsOf(onPool: Pair[], submitted: Pair[]): Run[] | undefined {
  const ends = new Map<number, number>();
  const runs = onPool.map(({ tid, start, end, cpu, cpuEnd }): Run => {
    const free = ends.get(tid) ?? Number.NEGATIVE_INFINITY;
    ends.set(tid, end);
    return { tid, free, start, end, cpuStart: cpuEnd - cpu, cpuEnd, first: 0, last: 0, received: new Map() };
  });
  const starts = runs.map(({ start }) => start);
  const frees = runs.map(({ free }) => free).sort((a, b) => a - b);
  for (const [index, run] of runs.entries()) {
    run.first = count(starts, (start) => start < run.free);
    run.last = count(frees, (free) => free <= run.start) - 1;
    for (const item of submitted.slice(run.first, run.last + 1)) {
      if (item.name !== onPool[index]!.name || item.start > run.start || item.end < run.end) continue;
      // Of what was submitted before the recording the order is not known.
      const end = item.start === 0 ? 0 : item.end;
      run.received.set(item.tid, Math.min(end, run.received.get(item.tid) ?? Number.POSITIVE_INFINITY));
    }
    if (run.received.size === 0) return undefined;
  }
  return runs;
}

/** How many at the beginning of the list `are`. */
function count<T>(list: T[], are: (item: T) => boolean): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (are(list[middle]!)) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Places the calls, which are in order of their submission; `threads` are all those of the pool. */
export function placeCalls(
  calls: Pair[],
  runs: Run[],
  submitted: Pair[],
  threads: number[],
  cpu: CpuReadings | undefined,
): Place[] {
  const lanes = threads.map((tid) => ({ tid, runs: runs.filter((run) => run.tid === tid), at: 0 }));
  const byLast = [...runs].sort((a, b) => a.last - b.last);
  const latest = latestStarts(runs, submitted.length);
  let [items, passed, earliest, quietSince] = [0, 0, 0, 0];
  return calls.map((call, index) => {
    while (items < submitted.length && submitted[items]!.start <= call.start) items++;
    for (; passed < byLast.length && byLast[passed]!.last < items; passed++)
      earliest = Math.max(earliest, byLast[passed]!.free);
    const from = Math.max(call.start, earliest);
    // Questions of names wait for one another, so that later items may overtake them.
    const isName = call.name.startsWith("lookup");
    const to = isName ? call.end : Math.min(call.end, latest[items]!);
    const gaps = lanes.flatMap((lane) => gapsOf(lane, items, isName, call, from, to));
    const sure = new Set(gaps.map(({ tid }) => tid)).size === 1;
    const isAlone = !((calls[index + 1]?.start ?? Number.POSITIVE_INFINITY) < call.end);
    const gap = sure ? gaps[0] : isAlone && cpu ? busiest(gaps, from, call.end, quietSince, cpu) : undefined;
    quietSince = Math.max(quietSince, call.end);
    const starts = (gap ? [gap] : gaps).map(({ before }) => Math.max(from, before?.end ?? 0));
    return {
      tid: gap?.tid,
      started: Math.min(call.end, starts.length > 0 ? Math.min(...starts) : from),
      ended: Math.min(call.end, gap?.after?.start ?? Number.POSITIVE_INFINITY),
    };
  });
}

/** For each number of an item, when at the latest that one or a later one was taken up. */
function latestStarts(runs: Run[], items: number): number[] {
  const latest = new Array<number>(items + 1).fill(Number.POSITIVE_INFINITY);
  for (const { first, start } of runs)
    latest[Math.min(first, items)] = Math.min(latest[Math.min(first, items)]!, start);
  for (let item = items - 1; item >= 0; item--) latest[item] = Math.min(latest[item]!, latest[item + 1]!);
  return latest;
}

/** The gaps of a thread in which it can have taken up the call, between `from` and `to`, behind `items` others. */
function gapsOf(
  lane: { tid: number; runs: Run[]; at: number },
  items: number,
  isName: boolean,
  call: Pair,
  from: number,
  to: number,
): Gap[] {
  const { tid, runs } = lane;
  while (lane.at < runs.length && runs[lane.at]!.last < items) lane.at++;
  const gaps: Gap[] = [];
  for (let at = lane.at; at <= runs.length; at++) {
    const [before, after] = [runs[at - 1], runs[at]];
    if (before && (before.end > to || (before.first >= items && !isName) || isReceivedAfter(before, call)))
      break;
    if (!after || after.start >= from) gaps.push({ tid, before, after });
  }
  return gaps;
}

function isReceivedAfter({ received }: Run, { tid, end }: Pair): boolean {
  return received.size === 1 && (received.get(tid) ?? 0) > end;
}

/** Less CPU time than this, in ms, is none; to open a file takes 20 to 100 µs, the end of an item up to 30. */
const leastMs = 0.005;
/** By far: with 1.5 one in 600 was a wrong thread (Linux, 2 cores, load 20), with 2 none. */
const ratio = 2;
/** A reading this long after the call, in ms, may count what was asked next. */
const soon = 1;

/**
 * The one that has had by far the most CPU time, both since it was free and since the last reading before the result:
 * whoever did the item has handed it over since. Nobody, if another call may have had it.
 */
function busiest(
  gaps: Gap[],
  from: number,
  received: number,
  quietSince: number,
  { ids, readings }: CpuReadings,
): Gap | undefined {
  const next = count(readings, (reading) => reading.from < received);
  const end = readings[next];
  if (!end || end.from - received > soon) return undefined;
  const start = readings[count(readings, ({ to }) => to <= from) - 1];
  const used = gaps.map((gap) => {
    const column = ids.indexOf(gap.tid);
    const { before, after } = gap;
    const at = (reading: typeof end | undefined) =>
      reading && reading.to >= (before?.end ?? 0)
        ? { time: reading.to, cpu: reading.cpu[column]! }
        : { time: before?.end ?? 0, cpu: before?.cpuEnd ?? Number.NaN };
    const until = after && after.start < end.to ? after.cpuStart : end.cpu[column]!;
    const since = at(start);
    const all = since.time < quietSince ? Number.NaN : until - since.cpu;
    return { gap, all, late: Math.min(all, until - at(readings[next - 1]).cpu) };
  });
  const [most, ...others] = used.sort((a, b) => b.all - a.all);
  const isLess = ({ all, late }: (typeof used)[number]) =>
    (late <= leastMs || most!.late >= late * ratio) &&
    (most!.all >= all * ratio || (late <= leastMs && most!.late >= 2 * leastMs));
  return most && most.all >= leastMs && others.every(isLess) ? most.gap : undefined;
}
