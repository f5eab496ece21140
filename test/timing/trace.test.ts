import { pbkdf2 } from "node:crypto";
import { lookup } from "node:dns/promises";
import { readFile } from "node:fs";
import { readFile as read } from "node:fs/promises";
import { Session } from "node:inspector";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type CallTree, callTree, gather, ThreadPoolExecutor, Timeline, toThread } from "kernel-helpers";
import { describe, expect, it, vi } from "vitest";
import { compiledRecorder } from "./compiled";

const inTrace = (file: string) =>
  createRequire(import.meta.url)(join(dirname(compiledRecorder), "trace", file));
const { clockOffset, sortEvents } = inTrace("node-events.js");
const { poolWorkOf } = inTrace("pool-work.js");

const hash = (rounds: number) => promisify(pbkdf2)("password", "salt", rounds, 32, "sha256");
const compress = () => promisify(gzip)(Buffer.alloc(100_000));

/** Makes garbage until its thread has collected some. */
const litter = (): number => {
  let kept: object[] = [];
  for (let i = 0; i < 3_000_000; i++) kept = i % 1000 === 0 ? [] : [...kept.slice(-1), { i }];
  return kept.length;
};

describe("a traced recording", () => {
  it("has the work of libuv's pool by thread and kind, with its CPU time, on the clock of the tasks", async () => {
    const timeline = await Timeline.record(
      async (recording) => {
        await recording.task("all", () =>
          Promise.all([
            gather([1, 2, 3, 4, 5].map(() => hash(20_000))),
            compress(),
            lookup("localhost"),
            read(import.meta.filename),
          ]),
        );
      },
      { trace: true },
    );
    const { pool, poolThreads, lost, missing, clockError, cost, cpuOfLoop } = timeline.trace!;
    expect(new Set(pool.map(({ kind }) => kind))).toEqual(new Set(["crypto", "zlib", "dns", "fs"]));
    expect(missing).toEqual([]);
    expect(lost).toBe(0);
    const [task] = timeline.tasks;
    for (const { submitted, started, ended, received, thread, cpu, inferred } of pool) {
      expect([task!.started!, submitted, started, ended!, received!, task!.done!]).toEqual(
        [task!.started!, submitted, started, ended!, received!, task!.done!].sort((a, b) => a - b),
      );
      if (inferred) continue;
      expect(poolThreads.map(({ name }) => name)).toContain(thread);
      expect(cpu!).toBeLessThanOrEqual(ended! - started + 0.5);
    }
    expect(pool.filter(({ kind }) => kind === "crypto")).toHaveLength(5);
    expect(clockError).toBeLessThan(50);
    expect(cpuOfLoop!).toBeGreaterThan(0);
    expect(cost.events).toBeGreaterThan(20);
    expect(cost.stretches.every(({ duration }) => duration >= 0)).toBe(true);
  });

  it.runIf(process.platform === "linux")(
    "never names a wrong thread for a file behind eight hashes",
    async () => {
      // Whoever opens this file finds itself described in it.
      let opener = 0;
      const timeline = await Timeline.record(
        async () => {
          const hashes = gather(Array.from({ length: 8 }, () => hash(30_000)));
          opener = Number.parseInt(
            (await promisify(readFile)("/proc/thread-self/stat", "utf8")) as string,
            10,
          );
          await hashes;
        },
        { trace: true },
      );
      const { pool, poolThreads } = timeline.trace!;
      const [opened] = pool.filter(({ kind }) => kind === "fs");
      expect(opened!.started - opened!.submitted).toBeGreaterThan(5);
      if (opened!.thread === null) return;
      expect(poolThreads.find(({ name }) => name === opened!.thread)!.id).toBe(opener);
    },
  );

  it("has the garbage collections of the thread they stopped, and the CPU time of tasks", async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: "traced" });
    const timeline = await Timeline.record(() => pool.submit(litter), { trace: true });
    const { collections, cpu } = timeline.trace!;
    const [task] = timeline.tasks;
    const own = collections.filter(({ thread }) => thread === "traced-0");
    expect(own.filter(({ start, end }) => start >= task!.started! && end <= task!.done!)).not.toEqual([]);
    expect(cpu.get(task!.id)!).toBeGreaterThan(1);
    expect(cpu.get(task!.id)!).toBeLessThanOrEqual(task!.done! - task!.started! + 1);
  });

  it("may lie within another, and leaves nothing behind for the next", async () => {
    const outer = Timeline.start({ trace: true });
    const inner = await Timeline.record(() => toThread(() => 1), { trace: true });
    await toThread(() => 2);
    outer.stop();
    expect(inner.trace!.cpu.has(inner.tasks[0]!.id)).toBe(true);
    expect([...outer.trace!.cpu.keys()].sort()).toEqual(outer.tasks.map(({ id }) => id));
    expect(outer.tasks).toHaveLength(2);
    const without = await Timeline.record(() => toThread(() => 3));
    expect(without.trace).toBeUndefined();
  });

  it("is whole when a thread dies under it, and when its work throws", async () => {
    const timeline = Timeline.start({ trace: true });
    await toThread(() => process.exit(3)).catch(() => {});
    await Timeline.record(() => Promise.reject(new Error("no")), { trace: true }).catch(() => {});
    await hash(1000);
    timeline.stop();
    expect(timeline.trace!.pool.map(({ kind }) => kind)).toContain("crypto");
    expect(timeline.tasks[0]).toMatchObject({ failed: true });
    expect(timeline.trace!.cpu.has(timeline.tasks[0]!.id)).toBe(false);
  });

  it("says what is missing where Node cannot trace, and records the rest", async () => {
    const said = await toThread(async () => {
      const { Timeline } = require("kernel-helpers") as typeof import("kernel-helpers");
      const timeline = await Timeline.record((recording) => recording.task("here", () => {}), {
        trace: true,
      });
      return { missing: timeline.trace!.missing, tasks: timeline.tasks.length };
    });
    expect(said).toEqual({ missing: [expect.stringContaining("Node's tracing: ")], tasks: 1 });
  });
});

describe("CPU profiles of a recording", () => {
  const named = ({ profiles, duration }: Timeline, thread: string) =>
    callTree(profiles.find((profile) => profile.thread === thread)!, 0, duration);
  const names = ({ name, calls }: CallTree): string[] => [name, ...calls.flatMap(names)];
  const computeInThread = (): number => {
    const end = performance.now() + 60;
    let sum = 0;
    while (performance.now() < end) sum += Math.sqrt(sum + 1);
    return sum;
  };
  const computeOnLoop = (): number => computeInThread();

  it("are there of the loop and of each worker, an idle one's without a function", async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 2, threadNamePrefix: "profiled" });
    await gather([pool.submit(() => 1), pool.submit(() => 2)]);
    const timeline = await Timeline.record(
      async (recording) => {
        const computed = pool.submit(computeInThread);
        await recording.task("on the loop", computeOnLoop);
        await computed;
      },
      { cpuProfile: true },
    );
    expect(timeline.missing).toEqual([]);
    const [worked, idle] =
      timeline.tasks[0]!.thread === "profiled-0"
        ? ["profiled-0", "profiled-1"]
        : ["profiled-1", "profiled-0"];
    const tree = named(timeline, worked!);
    expect(names(tree)).toContain("computeInThread");
    expect(tree.total).toBeLessThanOrEqual(timeline.duration);
    expect(names(named(timeline, "event loop"))).toContain("computeOnLoop");
    expect(names(named(timeline, idle!))).not.toContain("computeInThread");
    expect(timeline.profileCost).toBeGreaterThan(0);
  });

  it("lack that of a thread which died, and say so", async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: "mortal" });
    await pool.submit(() => 1);
    const timeline = await Timeline.record(() => pool.submit(() => process.exit(3)).catch(() => {}), {
      cpuProfile: true,
    });
    expect(timeline.missing).toContain("the CPU profile of mortal-0, which has ended");
    expect(timeline.profiles.map(({ thread }) => thread)).not.toContain("mortal-0");
  });

  it("may lie within one another", async () => {
    const outer = await Timeline.record(
      () =>
        Timeline.record((recording) => recording.task("inner", computeOnLoop), {
          cpuProfile: { interval: 2 },
        }),
      { cpuProfile: true },
    );
    expect(names(named(outer, "event loop"))).toContain("computeOnLoop");
  });

  it("refuse an interval that is none", async () => {
    await expect(Timeline.record(() => {}, { cpuProfile: { interval: 0 } })).rejects.toThrow(RangeError);
  });

  it("ends what it has begun where another option is refused", async () => {
    const ended = vi.spyOn(Session.prototype, "disconnect");
    const options = { cpuProfile: true, threshold: -1 };
    await expect(Timeline.record(() => {}, options)).rejects.toThrow(RangeError);
    expect(ended).toHaveBeenCalledOnce();
    ended.mockRestore();
  });
});

/** Events as Node gives them, in ms for brevity. */
const pool = (ph: string, ts: number, tid: number, name = "crypto") => {
  return {
    ph,
    ts: ts * 1000,
    tts: ts * 500,
    tid,
    name,
    cat: "node,node.threadpoolwork,node.threadpoolwork.sync",
  };
};
const request = (ph: string, ts: number, id: string, name = "crypto") => {
  return { ph, ts: ts * 1000, tid: 1, id, name, cat: "node,node.threadpoolwork,node.threadpoolwork.async" };
};
const file = (ph: string, ts: number, id: string) => {
  return {
    ph,
    ts: ts * 1000,
    tid: 1,
    id,
    name: "open",
    cat: "node,node.fs,node.fs.async",
    args: { path: "/a/b.txt" },
  };
};
const work = (events: object[], size = 2, cpu?: object) => {
  const sorted = sortEvents(events, (us: number) => us / 1000);
  return { ...poolWorkOf(sorted, { size, cpu }), lost: sorted.lost };
};

describe("what Node's events tell of libuv's pool", () => {
  const two = [request("b", 1, "x"), request("b", 1, "y"), pool("B", 2, 8), pool("B", 2, 9)];

  it("gives a file to the thread that alone can have read it", () => {
    const events = [
      ...two,
      file("b", 3, "f"),
      pool("E", 10, 9),
      request("e", 11, "y"),
      file("e", 11.2, "f"),
      pool("E", 20, 8),
      request("e", 21, "x"),
    ];
    const [, , opened] = work(events).work;
    expect(opened).toEqual({
      kind: "fs",
      name: "open b.txt",
      thread: "libuv-2",
      submitted: 3,
      started: 10,
      ended: 11.2,
      received: 11.2,
      inferred: true,
    });
  });

  it("names none where two may have read it, or where a thread was never seen", () => {
    const both = [
      ...two,
      file("b", 3, "f"),
      pool("E", 10, 9),
      request("e", 11, "y"),
      pool("E", 12, 8),
      request("e", 13, "x"),
      file("e", 14, "f"),
    ];
    expect(work(both).work[2]).toMatchObject({ thread: null, started: 10, received: 14 });
    const events = [...two, file("b", 3, "f"), pool("E", 10, 9), request("e", 11, "y"), file("e", 11.2, "f")];
    expect(work(events, 4).work[2]).toMatchObject({ thread: null });
  });

  /** Thread 8 has x, thread 9 has y, which both end before the file is received. */
  const behind = [
    ...["a", "b", "x", "y"].map((id) => request("b", 1, id)),
    ...[pool("B", 2, 8), pool("E", 3, 8), request("e", 3.1, "a"), pool("B", 4, 8)],
    ...[pool("B", 2, 9), pool("E", 5, 9), request("e", 5.1, "b"), pool("B", 6, 9)],
    file("b", 7, "f"),
    ...[pool("E", 10, 8), pool("E", 11, 9)],
  ];

  it("knows by the order of the results which thread was done first", () => {
    const events = [...behind, request("e", 12, "x"), file("e", 12.1, "f"), request("e", 12.2, "y")];
    expect(work(events).work[4]).toMatchObject({ thread: "libuv-1", started: 10, ended: 12.1 });
  });

  it("names none where a noted start may be late: the thread can have waited for a core before it noted it", () => {
    // Either thread may have taken up either item, so the one whose result came first is not known.
    const events = [
      ...["x", "y"].map((id) => request("b", 1, id)),
      ...[pool("B", 2, 8), pool("B", 2.1, 9), file("b", 3, "f"), pool("E", 10, 8), pool("E", 11, 9)],
      ...[request("e", 12, "x"), file("e", 12.1, "f"), request("e", 12.2, "y")],
    ];
    expect(work(events).work[2]).toMatchObject({ thread: null });
  });

  it("names the thread that alone used a core meanwhile, where two may have read it", () => {
    const events = [...behind, request("e", 12, "x"), request("e", 12.1, "y"), file("e", 14, "f")];
    const readings = (...cpu: [number, number][]) => ({
      ids: [8, 9],
      isPool: true,
      readings: cpu.map((of, index) => {
        const from = [13, 14.1][index]!;
        return { from, to: from + 0.1, cpu: of };
      }),
    });
    const thread = (...cpu: [number, number][]) => work(events, 2, readings(...cpu)).work[4].thread;
    // Each has had half of the time until its last end: 5 and 5.5 ms.
    expect(thread([5.002, 5.51], [5.002, 5.55])).toBe("libuv-2");
    expect(thread([5.05, 5.51], [5.05, 5.51])).toBe("libuv-1");
    // Both have, or the one that has did so before the last result but one.
    expect(thread([5.002, 5.51], [5.04, 5.55])).toBeNull();
    expect(thread([5.09, 5.502], [5.09, 5.54])).toBeNull();
    // The reading came too late to tell it from what was asked next.
    expect(thread([5.002, 5.51])).toBeNull();
  });

  it("does not ask the CPU time where another call may have had it", () => {
    const other = { id: "g", ts: 7500 };
    const events = [
      ...behind,
      { ...file("b", 0, "g"), ...other },
      ...[request("e", 12, "x"), request("e", 12.1, "y"), file("e", 14, "f"), file("e", 14.1, "g")],
    ];
    const cpu = { ids: [8, 9], isPool: true, readings: [{ from: 14.2, to: 14.3, cpu: [5.002, 5.55] }] };
    expect(work(events, 2, cpu).work.slice(4)).toMatchObject([{ thread: null }, { thread: null }]);
  });

  it("starts at 0 what had begun before, and leaves open what goes on", () => {
    const events = [pool("E", 5, 8), pool("B", 6, 8), file("b", 7, "f")];
    expect(work(events).work).toMatchObject([
      { started: 0, ended: 5 },
      { started: 6, ended: null, received: null },
      { submitted: 7, ended: null },
    ]);
  });

  it("counts the halves that are missing in the middle", () => {
    expect(work([pool("B", 1, 8), pool("B", 3, 8), pool("E", 4, 8)]).lost).toBe(1);
    expect(work([pool("B", 1, 8), pool("E", 2, 8), pool("E", 4, 8)]).lost).toBe(1);
    expect(work([pool("E", 1, 8), pool("B", 2, 8)]).lost).toBe(0);
  });

  it("survives a clock that jumps back", () => {
    const [item] = work([request("b", 5, "x"), pool("B", 6, 8), pool("E", 2, 8), request("e", 1, "x")]).work;
    expect(item!.ended! >= item!.started).toBe(true);
  });

  it("shifts a clock that is another one, and says how wrong that may be", () => {
    expect(clockOffset(1_000_500, { from: 1000, to: 1001 })).toEqual({ offset: 0, error: 1 });
    expect(clockOffset(500_000, { from: 1000, to: 1002 })).toEqual({ offset: 501, error: 2 });
  });
});
