import {
  ContextVar,
  callSoonThreadsafe,
  Future,
  runCoroutineThreadsafe,
  ThreadPoolExecutor,
  toThread,
} from "kernel-helpers";
import { afterAll, expect, test } from "vitest";

const executor = new ThreadPoolExecutor({ maxWorkers: 4 });
afterAll(() => executor.shutdown());
const inThread = toThread.with({ executor });

test("the loop runs the live function: its variables change here", async () => {
  let total = 0;
  const add = (n: number) => {
    total += n;
    return total;
  };
  const seen = await inThread(() => [
    runCoroutineThreadsafe(add, 2).result(),
    runCoroutineThreadsafe(add, 3).result(),
  ]);
  expect(seen).toEqual([2, 5]);
  expect(total).toBe(5);
});

test("a function made in the worker runs on the loop, as a copy with its captures", async () => {
  const where = await inThread((base: number) => {
    const { isMainThread } = require("node:worker_threads");
    const here = isMainThread;
    return runCoroutineThreadsafe((n: number) => {
      const { threadId } = require("node:worker_threads");
      return { onLoop: threadId, here, sum: base + n };
    }, 2).result();
  }, 40);
  expect(where).toEqual({ onLoop: require("node:worker_threads").threadId, here: false, sum: 42 });
});

test("callSoonThreadsafe keeps the order of 1,000 calls and returns at once", async () => {
  const seen: number[] = [];
  const push = (n: number) => seen.push(n);
  const seenByWorker = await inThread(() => {
    for (let i = 0; i < 1000; i++) callSoonThreadsafe(push, i);
    return "returned";
  });
  expect(seenByWorker).toBe("returned");
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});

test("calls of eight tasks over four workers each get their own answer", async () => {
  const slow = async (job: number, call: number) => {
    await new Promise((resolve) => setTimeout(resolve, (job * call) % 3));
    return `${job}:${call}`;
  };
  const work = (job: number) => {
    const answers: string[] = [];
    for (let call = 0; call < 20; call++) answers.push(runCoroutineThreadsafe(slow, job, call).result());
    return answers;
  };
  const all = await executor.map(work, [0, 1, 2, 3, 4, 5, 6, 7]);
  for (const [job, answers] of all.entries()) {
    expect(answers).toEqual(Array.from({ length: 20 }, (_, call) => `${job}:${call}`));
  }
});

test("several calls at once, awaited in another order", async () => {
  const later = async (n: number) => n;
  const got = await inThread(async () => {
    const futures = [1, 2, 3].map((n) => runCoroutineThreadsafe(later, n));
    return [await futures[2]!, futures[0]!.result(), await futures[1]!];
  });
  expect(got).toEqual([3, 1, 2]);
});

test("the future in a worker: done, exception, cancel, callbacks", async () => {
  const good = () => "good";
  const bad = () => {
    throw new RangeError("bad");
  };
  const seen = await inThread(() => {
    const log: unknown[] = [];
    const future = runCoroutineThreadsafe(good);
    log.push(future.done());
    future.addDoneCallback((f) => log.push(`called with ${f.result()}`));
    log.push(future.result(), future.done(), future.exception());
    future.addDoneCallback(() => log.push("at once"));
    log.push((runCoroutineThreadsafe(bad).exception() as Error).message);
    const dropped = runCoroutineThreadsafe(good);
    log.push(dropped.cancel(), dropped.cancelled(), dropped.cancel());
    return log;
  });
  expect(seen).toEqual([
    false,
    "called with good",
    "good",
    true,
    undefined,
    "at once",
    "bad",
    true,
    true,
    false,
  ]);
});

test("the future of submit: the same on the loop", async () => {
  const future = executor.submit(() => 5);
  expect(future).toBeInstanceOf(Future);
  expect(future.done()).toBe(false);
  const called = new Promise((resolve) => future.addDoneCallback((same) => resolve([same])));
  expect(await called).toEqual([future]);
  expect([future.done(), future.result(), future.exception(), future.cancelled(), future.cancel()]).toEqual([
    true,
    5,
    undefined,
    false,
    false,
  ]);
  expect(await Promise.all([future, future.then((x) => x + 1), future.finally(() => {})])).toEqual([5, 6, 5]);
});

test("a future that nobody awaits keeps its error to itself", async () => {
  const future = executor.submit(() => {
    throw new Error("unseen");
  });
  await executor.submit(() => 1);
  while (!future.done()) await new Promise((resolve) => setImmediate(resolve));
  expect(future.exception()).toMatchObject({ message: "unseen" });
});

test("arguments and answers may hold functions, Buffers and Maps", async () => {
  const shout = (text: Buffer, tools: { up: (s: string) => string }) =>
    new Map([["said", tools.up(text.toString())]]);
  const said = await inThread(() => {
    const tools = { up: (s: string) => s.toUpperCase() };
    return runCoroutineThreadsafe(shout, Buffer.from("hey"), tools).result().get("said");
  });
  expect(said).toBe("HEY");
});

test("an answer that cannot go is an error in the worker", async () => {
  const bad = () => Object.assign(new (class Thing {})(), {});
  await expect(inThread(() => runCoroutineThreadsafe(bad).result())).rejects.toThrow(
    /The value is an instance of Thing/,
  );
});

test("context goes along with toThread and back with the calls, but not with runInExecutor", async () => {
  const request = new ContextVar("request", { default: "none" });
  const read = () => request.get();
  await request.run("REQ-1", async () => {
    expect(await inThread(() => [request.get(), runCoroutineThreadsafe(read).result()])).toEqual([
      "REQ-1",
      "REQ-1",
    ]);
    expect(await executor.submit(() => request.get())).toBe("none");
    const inner = await inThread(() => request.run("inner", () => runCoroutineThreadsafe(read).result()));
    expect(inner).toBe("inner");
  });
});

test("a set in one task is not seen by the next on the same thread", async () => {
  const single = new ThreadPoolExecutor({ maxWorkers: 1 });
  const mark = new ContextVar("mark", { default: "clean" });
  await single.submit(() => {
    mark.set("dirty");
  });
  expect(await single.submit(() => mark.get())).toBe("clean");
  await single.shutdown();
});

test("interleaved requests keep their contexts apart", async () => {
  const request = new ContextVar<number>("request");
  const read = async () => request.get();
  const handle = (n: number) =>
    request.run(n, async () => {
      const before = request.get();
      const there = await inThread(() => runCoroutineThreadsafe(read).result());
      return [before, there, request.get()];
    });
  const all = await Promise.all(Array.from({ length: 12 }, (_, n) => handle(n)));
  expect(all).toEqual(Array.from({ length: 12 }, (_, n) => [n, n, n]));
});

test("on the loop itself: callSoonThreadsafe in a later turn, runCoroutineThreadsafe to await", async () => {
  const order: string[] = [];
  callSoonThreadsafe((text: string) => order.push(text), "later");
  order.push("now");
  expect(await runCoroutineThreadsafe(async (n: number) => n * 2, 4)).toBe(8);
  expect(order).toEqual(["now", "later"]);
});
