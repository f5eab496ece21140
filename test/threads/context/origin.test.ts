import { AsyncLocalStorage } from "node:async_hooks";
import { callSoonThreadsafe, runCoroutineThreadsafe, ThreadPoolExecutor } from "kernel-helpers";
import { afterAll, expect, test } from "vitest";

/** What a thread causes on the loop runs in the async context in which its task was submitted. */

const requests = new AsyncLocalStorage<string>();
const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
const seen: unknown[] = [];
const note = (what: string) => seen.push([what, requests.getStore()]);
const write = process.stdout.write;
afterAll(() => {
  process.stdout.write = write;
  return executor.shutdown();
});

test("calls, coroutines, prints and done callbacks see the stores of the submitter, not of who started the thread", async () => {
  process.stdout.write = ((text: Uint8Array) => note(`print ${text}`)) as never;
  const handle = (name: string) =>
    requests.run(name, async () => {
      const future = executor.submit(() => {
        callSoonThreadsafe(note, "soon");
        runCoroutineThreadsafe(note, "coroutine").result();
        process.stdout.write("now");
      });
      future.addDoneCallback(() => note("done"));
      await future;
      note("after");
    });
  await Promise.all([handle("A"), handle("B")]);
  process.stdout.write = write;
  const of = (name: string) =>
    seen.filter((each) => (each as string[])[1] === name).map((each) => (each as string[])[0]);
  for (const name of ["A", "B"]) {
    expect(of(name).slice(0, 4)).toEqual(["soon", "coroutine", "print now", "done"]);
    expect(of(name)[4]).toBe("after");
  }
});

test("what a task leaves behind belongs to it, also while the next one runs", async () => {
  seen.length = 0;
  const leave = () => void setTimeout(() => callSoonThreadsafe(note, "left"), 20);
  await requests.run("first", () => executor.submit(leave));
  await requests.run("second", () =>
    executor.submit(() => new Promise((resolve) => setTimeout(resolve, 60))),
  );
  expect(seen).toEqual([["left", "first"]]);
});
