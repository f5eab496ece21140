import { activeExecutors, assertNoLeaks, ThreadPoolExecutor, toThread } from "kernel-helpers";
import { expect, test } from "vitest";
import { node } from "../helpers.ts";

test("activeExecutors names where each was made; assertNoLeaks throws the list", async () => {
  assertNoLeaks();
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  await executor.submit(() => 1);
  expect(activeExecutors()).toEqual([
    { executor, madeAt: expect.stringMatching(/leaks\.test\.ts:\d+/), threads: 1, tasks: 0 },
  ]);
  expect(assertNoLeaks).toThrow(/1 is active:\n\s+at .*leaks\.test\.ts.*\(1 thread, 0 tasks\)\nCall/s);
  await executor.shutdown();
  assertNoLeaks();
});

test("the default executor is no leak", async () => {
  await toThread(() => 1);
  assertNoLeaks();
});

test("a process ends by itself with idle threads, and warns of executors that were not shut down", async () => {
  const { stdout, stderr } = await node(`
    const { ThreadPoolExecutor, toThread } = require("kernel-helpers");
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    Promise.all([executor.submit(() => 1), toThread(() => 2)]).then((all) => console.log(all.join()));
  `);
  expect(stdout).toBe("1,2\n");
  expect(stderr).toMatch(
    /ResourceWarning: a ThreadPoolExecutor with 1 thread was never shut down, made at .*eval/,
  );
});

test("no warning after shutdown", async () => {
  const { stderr } = await node(`
    const { ThreadPoolExecutor } = require("kernel-helpers");
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    executor.submit(() => 1).then(() => executor.shutdown());
  `);
  expect(stderr).toBe("");
});

test("a task keeps the process alive until it is done", async () => {
  const { stdout } = await node(`
    const { toThread } = require("kernel-helpers");
    toThread(() => new Promise((resolve) => setTimeout(resolve, 50, "done"))).then(console.log);
  `);
  expect(stdout).toBe("done\n");
});

test("a cell that runs again warns of the executor of its first run", async () => {
  const { stderr } = await node(`
    globalThis.__tslab__ = {};
    const { ThreadPoolExecutor } = require("kernel-helpers");
    const { write } = process.stdout;
    const cell = (run) => {
      process.stdout.write = function (...args) { return write.apply(this, args); };
      return new ThreadPoolExecutor({ maxWorkers: 1 });
    };
    const executors = [1, 2].map(cell);
    for (const executor of executors) executor.shutdown();
  `);
  expect(stderr).toMatch(
    /ResourceWarning: The cell that made a ThreadPoolExecutor runs again.*not shut down/,
  );
});
