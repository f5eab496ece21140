import type { ThreadProfile, TimelineData, TimelineTask, TimelineTrace } from "kernel-helpers";

export function task(id: number, name: string, over: Partial<TimelineTask> = {}): TimelineTask {
  return { id, name, thread: "pool-1", queued: 0, started: 10, done: 20, blocked: [], ...over };
}

export function timeline(over: Partial<TimelineData> = {}): TimelineData {
  return { duration: 205, events: [], tasks: [], blocks: [], marks: [], lost: 0, ...over };
}

/** Three tasks on three threads and one that waits for its turn: what the notebooks draw. */
export const typical = timeline({
  duration: 205.34,
  tasks: [
    task(1, "sum", { thread: "pool-10", queued: 1, started: 36, done: 200 }),
    task(2, "parse", {
      thread: "pool-1",
      queued: 1,
      started: 32,
      done: 140,
      blocked: [{ start: 70, end: 100 }],
    }),
    task(3, "hash", { thread: "pool-2", queued: 1.5, started: 34.26, done: 120 }),
    task(4, "parse", { thread: "pool-2", queued: 3, started: 121, done: 190 }),
  ],
  blocks: [{ start: 80, duration: 20 }],
  marks: [{ time: 60, name: "all sent" }],
});

/** So many tasks, all queued at once, on four threads. */
export function manyTasks(count: number, name = (id: number) => `job ${id}`): TimelineData {
  const tasks = Array.from({ length: count }, (_, id) => {
    const started = 30 + Math.floor(id / 4) * 19 + (id % 4);
    return task(id, name(id), { thread: `pool-${(id % 4) + 1}`, queued: 2, started, done: started + 18 });
  });
  return timeline({ tasks, duration: 40 + Math.ceil(count / 4) * 19 });
}

/** An item of libuv's pool that Node tells all of. */
export function hash(thread: string, submitted: number, started: number, ended: number) {
  return { kind: "crypto", name: "crypto", thread, submitted, started, ended, received: ended + 1, cpu: 20 };
}

export const trace: TimelineTrace = {
  pool: [
    hash("libuv-1", 10, 10, 60),
    hash("libuv-2", 10, 11, 70),
    hash("libuv-1", 10, 60, 120),
    {
      kind: "fs",
      name: "open page.html",
      thread: "libuv-2",
      submitted: 12,
      started: 70,
      ended: 72,
      received: 72,
      inferred: true,
    },
    {
      kind: "fs",
      name: "fstat",
      thread: null,
      submitted: 72.1,
      started: 72.1,
      ended: 72.2,
      received: 72.2,
      inferred: true,
    },
  ],
  poolThreads: [
    { name: "libuv-1", id: 11 },
    { name: "libuv-2", id: 12 },
  ],
  collections: [{ thread: "pool-1", kind: "minor", start: 50, end: 52 }],
  cpu: new Map([[1, 80]]),
  cpuOfLoop: 12,
  missing: [],
  lost: 3,
  clockError: 0.02,
  cost: { stretches: [{ start: 0, duration: 4 }], events: 40, ofEvents: 0.2 },
};

const frame = (functionName: string, url = "file:///shop/report.js", lineNumber = 3) => {
  return { functionName, scriptId: "1", url, lineNumber, columnNumber: 0 };
};

/** 10 ms each: idle, report, report > parse (twice), report > Node's own > sort, Node's own alone. */
export const profile: ThreadProfile = {
  thread: "pool-1",
  start: 0,
  nodes: [
    { id: 1, callFrame: frame("(root)", ""), children: [2, 3, 7] },
    { id: 2, callFrame: frame("(idle)", "") },
    { id: 3, callFrame: frame("report"), children: [4, 5] },
    { id: 4, callFrame: frame("parse") },
    { id: 5, callFrame: frame("map", "node:internal/util"), children: [6] },
    { id: 6, callFrame: frame("sort") },
    { id: 7, callFrame: frame("load", "node:internal/modules") },
  ],
  samples: [2, 3, 4, 4, 6, 7, 2],
  timeDeltas: [10, 10, 10, 10, 10, 10, 10].map((ms) => ms * 1000),
};

export const traced: TimelineData = { ...typical, trace, profiles: [profile] };

/** The loop's block and a task's run, each held by a debugger for a while; and a thread without tasks. */
export const paused = timeline({
  duration: 205,
  tasks: [
    task(1, "parse", { thread: "pool-1", queued: 1, started: 10, done: 150, failed: true }),
    task(2, "serve", { thread: "event loop", queued: 20, started: 20, done: 190, awaiting: 180 }),
  ],
  blocks: [{ start: 20, duration: 30 }],
  pauses: [
    { thread: "event loop", start: 40, end: 170 },
    { thread: "pool-1", start: 60, end: 150 },
    { thread: "by hand", start: 100, end: 110 },
  ],
});
