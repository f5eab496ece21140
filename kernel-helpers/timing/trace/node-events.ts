/** What Node's tracing (the inspector's domain `NodeTracing`) reports; times in µs on one clock of all threads. */
export interface NodeEvent {
  /** B, E: begin and end on one thread; b, e: of what may overlap; X: a stretch; M: a name. */
  ph: string;
  cat: string;
  name: string;
  ts: number;
  /** CPU time of the thread until then, in µs. */
  tts?: number;
  tid: number;
  id?: string;
  args?: { path?: string; hostname?: string; name?: string };
}

/** A begin with its end; times in ms since the recording began. */
export interface Pair {
  name: string;
  tid: number;
  start: number;
  end: number;
  /** CPU time of its thread between the two, in ms. */
  cpu: number;
  /** CPU time of its thread until the end, in ms. */
  cpuEnd: number;
  /** The file or the host that the begin names. */
  detail: string;
}

/** Events of one recording by what they tell. */
export interface SortedEvents {
  /** Work on libuv's threads that Node itself has done there, by thread. */
  onPool: Pair[];
  /** The same, from its submission to the moment at which the loop took the result. */
  submitted: Pair[];
  /** Calls of files and of names, whose thread Node does not tell. */
  calls: Pair[];
  collections: Pair[];
  /** What `ThreadMarker` left: "<thread> <task>". */
  marks: Pair[];
  /** Begins and ends whose other half is missing in the middle. */
  lost: number;
}

export const categories = [
  "node.threadpoolwork.sync",
  "node.threadpoolwork.async",
  "node.fs.async",
  "node.dns.native",
  "node.console",
  "v8",
];

export const markPrefix = "kernel-helpers ";

/**
 * Pairs begins with ends. `toMs` turns their clock into that of the recording. What had begun before the recording
 * starts at 0; what goes on at its end has the end Infinity. A half that is missing in the middle was lost.
 */
export function sortEvents(events: NodeEvent[], toMs: (us: number) => number): SortedEvents {
  const sorted: SortedEvents = { onPool: [], submitted: [], calls: [], collections: [], marks: [], lost: 0 };
  const open = new Map<string, NodeEvent[]>();
  const seen = new Set<string>();
  for (const event of events) {
    const list = listOf(sorted, event);
    if (!list || !/^[BEbe]$/.test(event.ph)) continue;
    const key = keyOf(event);
    const begins = open.get(key) ?? [];
    open.set(key, begins);
    // A thread does one thing at a time.
    if (event.ph === "B") sorted.lost += begins.splice(0).length;
    if (event.ph === "B" || event.ph === "b") begins.push(event);
    else {
      const begin = begins.pop();
      if (begin) list.push(pairOf(begin, event, toMs));
      else if (event.ph === "E" && seen.has(key)) sorted.lost++;
      else if (list === sorted.onPool || (list === sorted.submitted && !seen.has(key)))
        list.push({ ...pairOf(event, event, toMs), start: 0 });
    }
    seen.add(key);
  }
  for (const begin of [...open.values()].flat())
    listOf(sorted, begin)!.push({ ...pairOf(begin, begin, toMs), end: Number.POSITIVE_INFINITY });
  return sorted;
}

function listOf(sorted: SortedEvents, { cat, name }: NodeEvent): Pair[] | undefined {
  if (cat.includes("threadpoolwork.sync")) return sorted.onPool;
  if (cat.includes("threadpoolwork.async")) return sorted.submitted;
  if (cat.includes("node.fs")) return sorted.calls;
  // The other questions of names wait on the loop.
  if (cat.includes("node.dns"))
    return name === "lookup" || name === "lookupService" ? sorted.calls : undefined;
  if (cat.includes("v8")) return name === "MinorGC" || name === "MajorGC" ? sorted.collections : undefined;
  return name.startsWith(`time::${markPrefix}`) ? sorted.marks : undefined;
}

/** Node gives overlapping work the address of its request. */
function keyOf({ ph, tid, cat, name, id }: NodeEvent): string {
  return ph === "B" || ph === "E"
    ? `${tid} ${cat.includes("v8") ? name : cat}`
    : `${tid} ${cat} ${name} ${id}`;
}

function pairOf(begin: NodeEvent, end: NodeEvent, toMs: (us: number) => number): Pair {
  const detail = begin.args?.path ?? begin.args?.hostname ?? "";
  const start = toMs(begin.ts);
  const cpu = Math.max(0, (end.tts ?? 0) - (begin.tts ?? 0)) / 1000;
  return {
    name: begin.name,
    tid: begin.tid,
    start,
    end: Math.max(start, toMs(end.ts)),
    cpu,
    cpuEnd: (end.tts ?? 0) / 1000,
    detail,
  };
}

/**
 * A mark carries Node's stamp, in µs, and was left between two moments of the timeline's clock. Where the stamp lies
 * between them the clocks are one; else their difference is the offset. Either way they differ by no more than `error`.
 */
export function clockOffset(
  stamp: number | undefined,
  { from, to }: { from: number; to: number },
): { offset: number; error: number } {
  const error = to - from;
  if (stamp === undefined) return { offset: 0, error };
  const at = stamp / 1000;
  // Stamps are whole µs.
  return at >= from - 0.001 && at <= to ? { offset: 0, error } : { offset: (from + to) / 2 - at, error };
}
