import { readFileSync } from "node:fs";
import {
  runCoroutineThreadsafe,
  runInExecutor,
  ThreadPoolExecutor,
  TimeoutError,
  toThread,
} from "kernel-helpers";
import { afterAll, describe, expect, test, vi } from "vitest";
import { collectGarbage } from "../../timing/compiled.ts";
import { flag, raised } from "../helpers.ts";

const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
afterAll(() => executor.shutdown());

test("runInExecutor and toThread use the default executor, which needs no shutdown", async () => {
  expect(await runInExecutor(null, (a: number) => a * 2, 4)).toBe(8);
  expect(await toThread((a: number) => a * 2, 5)).toBe(10);
});

test("a task runs in another thread", async () => {
  const { threadId } = await import("node:worker_threads");
  expect(await executor.submit(() => require("node:worker_threads").threadId)).not.toBe(threadId);
});

test("threads carry their name, in Node and in the operating system", async () => {
  const named = new ThreadPoolExecutor({ maxWorkers: 2, threadNamePrefix: "Crunch" });
  await named.ready();
  const word = flag();
  const hold = (at: Int32Array) => {
    Atomics.store(at, 0, 1);
    Atomics.notify(at, 0);
    Atomics.wait(at, 0, 1);
    return require("node:worker_threads").threadName as string;
  };
  const first = named.submit(hold, word);
  await raised(word);
  const second = await named.submit(() => require("node:worker_threads").threadName as string);
  Atomics.store(word, 0, 2);
  Atomics.notify(word, 0);
  expect([await first, second].sort()).toEqual(["Crunch-0", "Crunch-1"]);
  if (process.platform === "linux") {
    const comm = await named.submit(() =>
      require("node:fs").readFileSync("/proc/thread-self/comm", "utf8").trim(),
    );
    expect(comm).toMatch(/^Crunch-[01]$/);
    expect(readFileSync("/proc/thread-self/comm", "utf8")).not.toContain("Crunch");
  }
  await named.shutdown();
});

test("ready starts all threads", async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  expect(pool.stats.threads).toBe(0);
  await pool.ready();
  expect(pool.stats.threads).toBe(2);
  await pool.shutdown();
});

test("tasks start in the order of their submission, with signals or without", async () => {
  const single = new ThreadPoolExecutor({ maxWorkers: 1 });
  const order: number[] = [];
  const note = (n: number) => order.push(n);
  const { signal } = new AbortController();
  const futures = Array.from({ length: 20 }, (_, n) =>
    (n % 3 === 0 ? single.with({ signal }) : single).submit(
      (i: number) => runCoroutineThreadsafe(note, i).result(),
      n,
    ),
  );
  await Promise.all(futures);
  expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n));
  await single.shutdown();
});

describe("map", () => {
  const square = (x: number) => x * x;
  const numbers = Array.from({ length: 10 }, (_, n) => n);

  test.each([{}, { chunksize: 3 }, { buffersize: 2 }, { chunksize: 4, buffersize: 1 }])(
    "gives all results in order, %j",
    async (options) => {
      expect(await executor.map(square, numbers, options)).toEqual(numbers.map(square));
      const seen: number[] = [];
      for await (const result of executor.map(async (x: number) => x + 1, numbers, options))
        seen.push(result);
      expect(seen).toEqual(numbers.map((n) => n + 1));
    },
  );

  test("of nothing is nothing", async () => {
    expect(await executor.map(square, [])).toEqual([]);
  });

  test.each([1, 3])("gives the results before an error, then the error; chunksize %d", async (chunksize) => {
    const failAtFour = (x: number) => {
      if (x === 4) throw new RangeError("four");
      return x;
    };
    const seen: number[] = [];
    const take = async () => {
      for await (const result of executor.map(failAtFour, numbers, { chunksize })) seen.push(result);
    };
    await expect(take()).rejects.toThrow(RangeError);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test("with a buffersize, items are read as results are taken", async () => {
    let read = 0;
    function* items() {
      for (;;) yield read++;
    }
    const seen: number[] = [];
    for await (const result of executor.map(square, items(), { buffersize: 2 })) {
      seen.push(result);
      expect(read).toBeLessThanOrEqual(seen.length + 2);
      if (seen.length === 5) break;
    }
    expect(seen).toEqual([0, 1, 4, 9, 16]);
  });

  test("a break drops what has not started", async () => {
    const single = new ThreadPoolExecutor({ maxWorkers: 1 });
    let ran = 0;
    const count = () => ++ran;
    for await (const _ of single.map(() => runCoroutineThreadsafe(count).result(), numbers)) break;
    await single.shutdown();
    expect(ran).toBeLessThan(numbers.length);
  });

  test("timeout counts from the call", async () => {
    const word = flag();
    const impatient = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 10 });
    const wait = (at: Int32Array) => Atomics.wait(at, 0, 0);
    await expect(Promise.resolve(impatient.map(wait, [word], { timeout: 10 }))).rejects.toThrow(TimeoutError);
    await impatient.shutdown();
  });
});

test("stats count queued, running and completed tasks, and the time that threads were busy", async () => {
  const single = new ThreadPoolExecutor({ maxWorkers: 1 });
  expect(single.stats).toEqual({
    maxWorkers: 1,
    threads: 0,
    queued: 0,
    running: 0,
    completed: 0,
    waitTime: { mean: 0, max: 0 },
    runTime: { mean: 0, max: 0 },
    utilization: 0,
  });
  await single.ready();
  const word = flag();
  const running = single.submit((at: Int32Array) => {
    Atomics.store(at, 0, 1);
    Atomics.notify(at, 0);
    Atomics.wait(at, 0, 1);
  }, word);
  const queued = single.submit(() => 1);
  await raised(word);
  expect(single.stats).toMatchObject({ threads: 1, queued: 1, running: 1, completed: 0 });
  const before = single.stats.utilization;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  expect(single.stats.utilization).toBeGreaterThan(before);
  Atomics.store(word, 0, 2);
  Atomics.notify(word, 0);
  await Promise.all([running, queued]);
  const { completed, runTime, waitTime, utilization } = single.stats;
  expect(completed).toBe(2);
  expect(runTime.max).toBeGreaterThanOrEqual(49);
  expect(waitTime.max).toBeGreaterThanOrEqual(49);
  expect(utilization).toBeGreaterThan(0);
  expect(utilization).toBeLessThanOrEqual(1);
  await single.shutdown();
});

test("transfer moves a buffer there, and its owner no longer has it", async () => {
  const bytes = new Uint8Array(1024).fill(7);
  const sum = (b: Uint8Array) => b.reduce((a, x) => a + x, 0);
  expect(await executor.with({ transfer: [bytes.buffer] }).submit(sum, bytes)).toBe(7168);
  expect(bytes.length).toBe(0);
});

test("a source is compiled once in a thread", async () => {
  const single = new ThreadPoolExecutor({ maxWorkers: 1 });
  const base = 1;
  const make = () => (n: number) => n + base;
  expect(await single.submit(make(), 1)).toBe(2);
  expect(await single.submit(make(), 2)).toBe(3);
  await single.shutdown();
});

test("what a task took and gave is free when it is over, though its thread rests", async () => {
  const single = new ThreadPoolExecutor({ maxWorkers: 1 });
  const refs: WeakRef<object>[] = [];
  const runOne = async () => {
    const argument = { size: 3 };
    const give = (given: { size: number }) => ({ got: given.size });
    const results = [
      await single.submit(give, argument),
      await toThread.with({ executor: single })(give, argument),
    ];
    for (const each of [argument, ...results]) refs.push(new WeakRef(each));
  };
  for (let i = 0; i < 3; i++) await runOne();
  await vi.waitFor(() => {
    collectGarbage();
    expect(refs.filter((ref) => ref.deref())).toHaveLength(0);
  }, 20_000);
  await single.shutdown();
});
