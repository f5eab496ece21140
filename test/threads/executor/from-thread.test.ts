import {
  CancelledError,
  ContextVar,
  checkCancelled,
  DeadlockError,
  type Executor,
  gather,
  runInExecutor,
  ThreadPoolExecutor,
  toThread,
} from "kernel-helpers";
import { afterAll, describe, expect, test, vi } from "vitest";
import { flag, raised } from "../helpers.ts";

/** Tasks that are submitted from inside a thread. */

const executor = new ThreadPoolExecutor({ maxWorkers: 2, gracePeriod: 30_000 });
const other = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => Promise.all([executor.shutdown(), other.shutdown()]));

const add = (a: number, b: number) => a + b;
const fail = () => {
  throw new RangeError("inner");
};
const thread = () => require("node:worker_threads").threadName as string;

describe("to another executor", () => {
  test("submit gives a future: result() blocks, await does not", async () => {
    expect(await executor.submit(() => other.submit(add, 1, 2).result())).toBe(3);
    expect(await executor.submit(async () => (await other.submit(add, 1, 2)) + 1)).toBe(4);
    expect(await executor.submit(() => other.with({ name: "named" }).submit(thread).result())).toBe(
      "Worker-0",
    );
  });

  test("toThread, runInExecutor and map; context variables go along as they do on the loop", async () => {
    const user = new ContextVar("user", { default: "nobody" });
    const read = () => user.get();
    const inner = async () => {
      user.set("Ann");
      return gather([
        toThread(read),
        runInExecutor(null, read),
        runInExecutor(other, read),
        toThread(add, 2, 3),
      ]);
    };
    expect(await toThread(inner)).toEqual(["Ann", "nobody", "nobody", 5]);
    const square = (x: number) => x * x;
    expect(await executor.submit(async () => await other.map(square, [1, 2, 3], { chunksize: 2 }))).toEqual([
      1, 4, 9,
    ]);
  });

  test("errors keep their class; of a map come the results before", async () => {
    await expect(executor.submit(() => other.submit(fail).result())).rejects.toThrow(RangeError);
    const odd = (x: number) => {
      if (x === 3) throw new RangeError("three");
      return x;
    };
    const collect = async () => {
      const seen: number[] = [];
      try {
        for await (const each of other.map(odd, [1, 2, 3, 4], { chunksize: 4 })) seen.push(each);
      } catch (error) {
        return [...seen, (error as Error).message];
      }
    };
    expect(await executor.submit(collect)).toEqual([1, 2, "three"]);
  });

  test("cancelling the outer task, or its future, cancels the inner one", async () => {
    const word = flag();
    const spin = (at: Int32Array) => {
      Atomics.store(at, 0, 1);
      Atomics.notify(at, 0);
      for (;;) checkCancelled();
    };
    const outer = executor.submit((at: Int32Array) => other.submit(spin, at).result(), word);
    await raised(word);
    outer.cancel();
    await expect(outer).rejects.toThrow(CancelledError);
    expect(await other.submit(add, 1, 1)).toBe(2);
  });
});

describe("to its own executor, which has no thread to spare", () => {
  const fibonacci = (pool: Executor, n: number): number => {
    if (n < 2) return n;
    const left = pool.submit(fibonacci, pool, n - 1);
    return fibonacci(pool, n - 2) + left.result();
  };

  test("divide and conquer: a thread that waits makes room for one more", async () => {
    const small = new ThreadPoolExecutor({ maxWorkers: 1 });
    expect(await small.submit(fibonacci, small, 5)).toBe(5);
    const awaiting = async (pool: Executor, n: number): Promise<number> =>
      n < 2 ? n : (await pool.submit(awaiting, pool, n - 1)) + 1;
    expect(await small.submit(awaiting, small, 4)).toBe(4);
    await vi.waitFor(() => expect(small.stats.threads).toBe(1), 20_000);
    await small.shutdown();
  });

  test("a recursion starts no more threads than it is deep", async () => {
    const small = new ThreadPoolExecutor({ maxWorkers: 1 });
    const ids = async (pool: Executor, n: number): Promise<number[]> => {
      const own = require("node:worker_threads").threadId as number;
      if (n === 0) return [own];
      return [own, ...(await pool.submit(ids, pool, n - 1)), ...(await pool.submit(ids, pool, n - 1))];
    };
    const ran = await small.submit(ids, small, 3);
    expect(ran).toHaveLength(15);
    expect(new Set(ran).size).toBeLessThanOrEqual(4);
    await small.shutdown();
  });

  test("work that nobody waits for runs when there is a thread", async () => {
    const small = new ThreadPoolExecutor({ maxWorkers: 1 });
    const word = flag();
    const mark = (at: Int32Array) => void Atomics.store(at, 0, 1);
    await small.submit((at: Int32Array) => void small.submit(mark, at), word);
    await small.shutdown();
    expect(Atomics.load(word, 0)).toBe(1);
  });

  test("what cannot be: a pool made in a thread, a view made there, a transfer", async () => {
    await expect(
      executor.submit(() => new ThreadPoolExecutor({ maxWorkers: 1 }).submit(add, 1, 2)),
    ).rejects.toThrow(DeadlockError);
    await expect(executor.submit(() => void other.limitedParallelism(1))).rejects.toThrow(
      /on the event loop/,
    );
    await expect(
      executor.submit(() => toThread.with({ transfer: [new ArrayBuffer(8)] })(add, 1, 2)),
    ).rejects.toThrow(/`transfer` is for tasks that the event loop submits/);
  });
});
