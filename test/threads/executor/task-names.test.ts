import { gather, ThreadPoolExecutor, Timeline, toThread } from "kernel-helpers";
import { afterAll, expect, it } from "vitest";

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());

function fetchPage(_site: unknown, _page?: number): void {}

it("tells calls of one function apart by a short first argument", async () => {
  const timeline = await Timeline.record(() =>
    gather(
      ["site1.com", 2, "a text of more than twenty characters", [4]].map((one) =>
        executor.submit(fetchPage, one),
      ),
    ),
  );
  expect(timeline.tasks.map(({ name }) => name)).toEqual([
    "fetchPage site1.com",
    "fetchPage 2",
    "fetchPage",
    "fetchPage",
  ]);
});

it("keeps a name that was given", async () => {
  const timeline = await Timeline.record(() => toThread.with({ executor, name: "first page" })(fetchPage, 1));
  expect(timeline.tasks.map(({ name }) => name)).toEqual(["first page"]);
});

it("calls a function without a name (anonymous), in charts and in messages", async () => {
  const timeline = await Timeline.record(() => executor.submit(() => 1));
  expect(timeline.tasks.map(({ name }) => name)).toEqual(["(anonymous)"]);
  await expect(executor.submit(() => process.exit(3))).rejects.toThrow("while it ran (anonymous).");
});

it("has threads enough for calls that wait, whatever the number of cores", async () => {
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  const meet = (count: Int32Array) => {
    Atomics.add(count, 0, 1);
    for (let seen = Atomics.load(count, 0); seen < 5; seen = Atomics.load(count, 0))
      Atomics.wait(count, 0, seen);
    Atomics.notify(count, 0);
    return "met";
  };
  const five = Array.from({ length: 5 }, () => toThread(meet, waiting));
  expect(await gather(five)).toEqual(Array(5).fill("met"));
});
