import { runCoroutineThreadsafe, runInExecutor, ThreadPoolExecutor, toThread } from "kernel-helpers";
import { afterAll, expect, test } from "vitest";

const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
afterAll(() => executor.shutdown());

test("submit gives a future of the function's result", async () => {
  expect(await executor.submit((a: number, b: number) => a + b, 1, 2)).toBe(3);
});

test("map keeps the order of the items, in chunks too", async () => {
  const squares = executor.map((x: number) => x * x, [1, 2, 3, 4, 5], { chunksize: 2 });
  expect(await squares).toEqual([1, 4, 9, 16, 25]);
});

test("runInExecutor and toThread use the default executor", async () => {
  expect(await runInExecutor(null, (a: number) => a * 2, 4)).toBe(8);
  expect(await toThread((a: number) => a * 2, 5)).toBe(10);
});

test("a worker asks the loop and waits for the answer", async () => {
  let calls = 0;
  const ask = async (x: number) => {
    calls++;
    return x + 1;
  };
  expect(await toThread(() => runCoroutineThreadsafe(ask, 1).result())).toBe(2);
  expect(calls).toBe(1);
});
