import { createRequire } from "node:module";
import {
  callSoonThreadsafe,
  checkCancelled,
  runCoroutineThreadsafe,
  ThreadPoolExecutor,
  Timeline,
  toThread,
} from "kernel-helpers";
import { describe, expect, it } from "vitest";
import { flag, raised } from "../threads/helpers";
import { collectGarbage, compiledRecorder } from "./compiled";
import { sleep, spin } from "./spin";

const raise = (word: Int32Array): void => {
  Atomics.store(word, 0, 1);
  Atomics.notify(word, 0);
};

describe("Timeline", () => {
  it("tells a note to the loop, which has no answer, from a call that has one", async () => {
    const noted = () => {};
    const asked = () => 1;
    const { tasks } = await Timeline.record(() =>
      toThread(() => {
        callSoonThreadsafe(noted);
        return runCoroutineThreadsafe(asked).result(60_000);
      }),
    );
    const called = tasks.filter(({ caller }) => caller !== undefined);
    expect(called.map(({ name, soon }) => [name, soon])).toEqual([
      ["noted", true],
      ["asked", undefined],
    ]);
  });

  it("records tasks of the loop with their times, in order", async () => {
    const timeline = await Timeline.record(async (recording) => {
      await recording.task("first", () => sleep(20));
      await recording.task("second", () => sleep(10));
    });
    expect(timeline.tasks.map(({ name, thread }) => [name, thread])).toEqual([
      ["first", "event loop"],
      ["second", "event loop"],
    ]);
    const [first, second] = timeline.tasks;
    expect(first!.done! - first!.started!).toBeGreaterThan(15);
    expect(second!.started).toBeGreaterThanOrEqual(first!.done!);
    expect(timeline.duration).toBeGreaterThanOrEqual(second!.done!);
    expect(timeline.events.map(({ kind }) => kind)).toEqual([
      "queued",
      "started",
      "awaiting",
      "done",
      "queued",
      "started",
      "awaiting",
      "done",
    ]);
  });

  it("notes the blocks of the loop on the same clock", async () => {
    const timeline = await Timeline.record(async (recording) => {
      await sleep(20);
      recording.mark("blocking");
      spin(60);
      await sleep(20);
    });
    const { start, duration } = timeline.blocks.find((block) => block.duration >= 60)!;
    const mark = timeline.marks[0]!;
    expect(mark.name).toBe("blocking");
    expect(mark.time).toBeGreaterThanOrEqual(start);
    expect(mark.time).toBeLessThan(start + duration);
  });

  it("can be read while it records", async () => {
    const timeline = Timeline.start();
    const pending = timeline.task("slow", () => sleep(30));
    expect(timeline.tasks[0]).toMatchObject({ name: "slow", done: null });
    const before = timeline.duration;
    await pending;
    expect(timeline.tasks[0]!.done).toBeGreaterThan(0);
    expect(timeline.duration).toBeGreaterThan(before);
    timeline.stop();
  });

  it("stays as it was once stopped", async () => {
    const timeline = Timeline.start();
    await timeline.task("seen", () => {});
    timeline.stop();
    const { duration } = timeline;
    timeline.mark("too late");
    await timeline.task("unseen", () => {});
    expect(timeline.stop().duration).toBe(duration);
    expect(timeline.tasks.map(({ name }) => name)).toEqual(["seen"]);
    expect(timeline.marks).toEqual([]);
  });

  it("keeps recordings that overlap whole", async () => {
    const outer = Timeline.start();
    const inner = await Timeline.record((recording) => recording.task("both", () => {}));
    await outer.task("outer", () => {});
    outer.stop();
    expect(inner.tasks.map(({ name }) => name)).toEqual(["both"]);
    expect(outer.tasks.map(({ name }) => name)).toEqual(["both", "outer"]);
  });

  it("throws on the error of the work, and of a task, and records no longer", async () => {
    const failing = Timeline.record((recording) =>
      recording.task("fails", () => {
        throw new RangeError("no");
      }),
    );
    await expect(failing).rejects.toThrow(RangeError);
    const after = await Timeline.record(() => {});
    expect(after.tasks).toEqual([]);
  });

  it("tells what failed from what was done, on the loop and in a thread", async () => {
    const throwing = (x: number): number => {
      if (x === 0) throw new RangeError("no");
      return x;
    };
    const timeline = await Timeline.record(async (recording) => {
      await recording.task("on the loop", () => Promise.reject(new Error("no"))).catch(() => {});
      for (const x of [0, 1]) await toThread(throwing, x).catch(() => {});
    });
    expect(timeline.tasks.map(({ name, failed = false }) => [name, failed])).toEqual([
      ["on the loop", true],
      ["throwing 0", true],
      ["throwing 1", false],
    ]);
    expect(timeline.tasks.every(({ done }) => done! > 0)).toBe(true);
    expect(timeline.events.filter(({ kind }) => kind === "failed")).toHaveLength(2);
  });

  it("tells what was stopped: in the queue, with its thread, and where it heard of it", async () => {
    await using hasty = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 1, threadNamePrefix: "hasty" });
    await using patient = new ThreadPoolExecutor({ gracePeriod: 60_000, threadNamePrefix: "patient" });
    const [one, other, never] = [flag(), flag(), flag()];
    const deaf = (): void => {
      raise(one);
      Atomics.wait(never, 0, 0);
    };
    const hears = (): void => {
      raise(other);
      while (true) checkCancelled();
    };
    const timeline = await Timeline.record(async () => {
      const futures = [hasty.submit(deaf), hasty.submit(function dropped() {}), patient.submit(hears)];
      await Promise.all([raised(one), raised(other)]);
      for (const future of futures) future.cancel();
      await Promise.allSettled(futures);
      await hasty.submit(function after() {});
    });
    const seen = timeline.tasks.map(({ name, thread, failed, stopped }) => [name, thread, failed, stopped]);
    expect(seen).toEqual([
      ["deaf", "hasty-0", undefined, true],
      ["dropped", null, undefined, true],
      ["hears", "patient-0", undefined, true],
      ["after", "hasty-0", undefined, undefined],
    ]);
    expect(timeline.tasks.every(({ done }) => done! > 0)).toBe(true);
  });

  it("tells that a task failed of which its thread died, and when", async () => {
    const timeline = await Timeline.record(() => toThread(() => process.exit(3)).catch(() => {}));
    const [task] = timeline.tasks;
    expect(task).toMatchObject({ failed: true, done: expect.any(Number) });
    expect(task!.thread).not.toBe("event loop");
  });

  it("takes a task that was given up for stopped once it is over, in its own recording alone", async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const [runs, mayEnd] = [flag(), flag()];
    const stubborn = (): void => {
      raise(runs);
      Atomics.wait(mayEnd, 0, 0);
    };
    const giveUp = async () => {
      const future = pool.with({ abandonOnCancel: true }).submit(stubborn);
      await raised(runs);
      future.cancel();
      await future.catch(() => {});
    };
    const untilOver = async () => {
      const next = pool.submit(function next() {});
      raise(mayEnd);
      await next;
    };
    const first = await Timeline.record(giveUp);
    expect(first.tasks).toMatchObject([{ name: "stubborn", done: null }]);
    const second = await Timeline.record(untilOver);
    expect(second.tasks.map(({ name, stopped }) => [name, stopped])).toEqual([["next", undefined]]);
    for (const word of [runs, mayEnd]) word[0] = 0;
    const third = await Timeline.record(async () => {
      await giveUp();
      await untilOver();
    });
    expect(third.tasks[0]).toMatchObject({ name: "stubborn", stopped: true, done: expect.any(Number) });
  });

  it("counts the events that a small ring had no room for", async () => {
    const timeline = await Timeline.record(
      async (recording) => {
        for (let i = 0; i < 10; i++) await recording.task(`job ${i}`, () => {});
      },
      { capacity: 6 },
    );
    expect(timeline.lost).toBe(24);
    expect(timeline.tasks.map(({ name }) => name)).toEqual(["job 8", "job 9"]);
  });

  it.each([
    { threshold: 0 },
    { capacity: -1 },
    { capacity: Number.POSITIVE_INFINITY },
    { tickEvery: Number.NaN },
  ])("refuses %j, says what it expects, and records nothing", (options) => {
    const [name] = Object.keys(options);
    expect(() => Timeline.start(options)).toThrow(`\`${name}\` must be a number of`);
  });

  it.each([{}, { trace: true }])(
    "ends by itself when nobody holds it any more: the cell was run again, %o",
    async (options) => {
      const { sharedRing } = createRequire(import.meta.url)(compiledRecorder) as {
        sharedRing(): SharedArrayBuffer | undefined;
      };
      Timeline.start({ tickEvery: 5, ...options });
      expect(sharedRing()).toBeDefined();
      for (let i = 0; i < 50 && sharedRing(); i++) {
        await sleep(5);
        collectGarbage();
      }
      expect(sharedRing()).toBeUndefined();
    },
  );

  it("is stopped by Symbol.dispose", async () => {
    const timeline = Timeline.start();
    timeline[Symbol.dispose]();
    await timeline.task("unseen", () => {});
    expect(timeline.tasks).toEqual([]);
  });
});
