import { setTimeout as sleep } from "node:timers/promises";
import {
  CapacityLimiter,
  DeadlockError,
  gather,
  runCoroutineThreadsafe,
  sleepSync,
  TaskGroup,
  ThreadPoolExecutor,
  TimeoutError,
  toThread,
} from "kernel-helpers";
import { afterEach, describe, expect, test } from "vitest";
import { flag } from "../helpers.ts";

let executor: ThreadPoolExecutor;
afterEach(() => executor?.shutdown({ cancelFutures: true, timeout: 0 }));

const one = () => 1;

describe("what would wait for ever throws and says so", () => {
  test("a task that waits for a task of its own full pool", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const inner = () => executor.submit(one);
    await expect(executor.submit(() => runCoroutineThreadsafe(inner).result())).rejects.toThrow(
      DeadlockError,
    );
    await expect(executor.submit(async () => await runCoroutineThreadsafe(inner))).rejects.toThrow(
      /one would wait for ever: the only thread of its executor waits/,
    );
    expect(await executor.submit(one)).toBe(1);
  });

  test("every worker waits on loop functions that wait for workers", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 2 });
    const inner = () => toThread.with({ executor })(one);
    const outer = () => runCoroutineThreadsafe(inner).result();
    const results = await Promise.allSettled([executor.submit(outer), executor.submit(outer)]);
    expect(results.some(({ status }) => status === "rejected")).toBe(true);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toBeInstanceOf(DeadlockError);
      else expect(result.value).toBe(1);
    }
  });

  test("a task that waits for a task of its own full limitedParallelism view", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 2 });
    const view = executor.limitedParallelism(1);
    const inner = () => view.submit(one);
    await expect(view.submit(() => runCoroutineThreadsafe(inner).result())).rejects.toThrow(
      /one would wait for ever: the only place of its limitedParallelism view waits/,
    );
    expect(await view.submit(one)).toBe(1);
  });

  test("two executors whose tasks wait for one another", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const other = new ThreadPoolExecutor({ maxWorkers: 1 });
    const innermost = () => executor.submit(one);
    const inOther = () => runCoroutineThreadsafe(innermost).result();
    const inner = () => other.submit(inOther);
    await expect(executor.submit(() => runCoroutineThreadsafe(inner).result())).rejects.toThrow(
      DeadlockError,
    );
    expect(await gather([executor.submit(one), other.submit(one)])).toEqual([1, 1]);
    await other.shutdown();
  });

  test("but not while one thread, or one place of the view, is held by a task that goes on", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 2 });
    const inner = () => executor.submit(one);
    const word = flag();
    const busy = executor.submit((word: Int32Array) => void Atomics.wait(word, 0, 0), word);
    const waiting = executor.submit(() => runCoroutineThreadsafe(inner).result());
    // Long enough for several looks, which must find nothing.
    await new Promise((resolve) => setTimeout(resolve, 100));
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
    expect(await gather([busy, waiting])).toEqual([undefined, 1]);
  });

  test("but a loop function that does not wait for the task it submits is no deadlock", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    let later: PromiseLike<number> | undefined;
    const submitOnly = () => {
      later = executor.submit(one);
    };
    await executor.submit(() => runCoroutineThreadsafe(submitOnly).result());
    expect(await later).toBe(1);
  });

  test("result() on the event loop", () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    expect(() => executor.submit(one).result()).toThrow(/would block the event loop.*await future/);
    expect(() => runCoroutineThreadsafe(one).result()).toThrow(DeadlockError);
  });

  test("a function that awaits several, some of them, or a TaskGroup", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const both = () => gather([executor.submit(one), executor.submit(one)]);
    const mapped = async () => await executor.map(one, [1, 2]);
    const group = () => TaskGroup.run(async (group) => await group.createTask(() => executor.submit(one)));
    const wait = (fn: () => PromiseLike<unknown>) =>
      executor.submit(() => runCoroutineThreadsafe(fn).result());
    await expect(wait(both)).rejects.toThrow(DeadlockError);
    await expect(wait(mapped)).rejects.toThrow(DeadlockError);
    await expect(wait(group)).rejects.toMatchObject({ errors: [{ name: "DeadlockError" }] });
    expect(await executor.submit(one)).toBe(1);
  });

  test("a task that somebody else has queued; he gets its result all the same", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    let shared: Promise<number> | undefined;
    const getShared = () => (shared ??= executor.submit(one));
    const outer = executor.submit(() => {
      sleepSync(50);
      return runCoroutineThreadsafe(getShared).result();
    });
    const ofSomebodyElse = getShared();
    await expect(outer).rejects.toThrow(DeadlockError);
    expect(await ofSomebodyElse).toBe(1);
  });

  test("a place of a CapacityLimiter", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const limiter = new CapacityLimiter(1);
    const inner = () => limiter.run(() => executor.submit(one));
    const outer = () => executor.submit(() => runCoroutineThreadsafe(inner).result());
    await expect(limiter.run(outer)).rejects.toThrow(
      /CapacityLimiter would wait for ever: those who hold its 1/,
    );
    expect(await limiter.run(() => executor.submit(one))).toBe(1);
  });

  test("the shutdown of the executor in which the task runs", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const end = () => executor.shutdown();
    await expect(executor.submit(() => runCoroutineThreadsafe(end).result())).rejects.toThrow(
      /shutdown\(\) would wait for ever/,
    );
  });
});

describe("what somebody else may end is no deadlock", () => {
  const wait = (fn: () => unknown) => executor.submit(() => runCoroutineThreadsafe(fn).result());

  test("work that the function submits and nobody awaits", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 4 });
    const written: unknown[] = [];
    const note = (line: string) => {
      executor
        .submit((text: string) => text, line)
        .then(
          (text) => void written.push(text),
          (error) => void written.push((error as Error).name),
        );
    };
    const noteAsync = async (line: string) => {
      written.push(
        await executor.submit((text: string) => text, line).catch((error) => (error as Error).name),
      );
    };
    const rate = async () => {
      note("asked");
      void noteAsync("asked");
      await sleep(100);
      return 11;
    };
    expect(await gather([1, 2, 3, 4].map(() => wait(rate)))).toEqual([11, 11, 11, 11]);
    await executor.shutdown();
    expect(written).toEqual(Array(8).fill("asked"));
  });

  test("a race with a fallback, of the function's own or from outside", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const fallback = sleep(400, "from outside");
    const nested = async () => await executor.submit(one);
    const own = () => Promise.race([executor.submit(one), sleep(100, "its own")]);
    const hidden = () => Promise.race([nested(), sleep(100, "its own")]);
    const signalled = async () => {
      const signal = AbortSignal.timeout(100);
      const aborted = new Promise((resolve) => signal.addEventListener("abort", () => resolve("aborted")));
      return Promise.race([toThread.with({ executor })(one), aborted]);
    };
    const outside = () => Promise.race([executor.submit(one), fallback]);
    expect(await wait(outside)).toBe("from outside");
    expect(await wait(own)).toBe("its own");
    expect(await wait(hidden)).toBe("its own");
    expect(await wait(signalled)).toBe("aborted");
  });

  test("result with a timeout, a race in the thread, a queueTimeout", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const submitted: Promise<number>[] = [];
    const inner = () => {
      submitted.push(executor.submit(one));
      return submitted[0];
    };
    await expect(executor.submit(() => runCoroutineThreadsafe(inner).result(100))).rejects.toThrow(
      TimeoutError,
    );
    expect(await submitted[0]).toBe(1);
    const inThread = executor.submit(() => {
      const late = new Promise((resolve) => setTimeout(resolve, 5000, "late"));
      return Promise.race([runCoroutineThreadsafe(inner), late]);
    });
    expect(await inThread).toBe(1);
    const impatient = () => toThread.with({ executor, queueTimeout: 100 })(one);
    await expect(wait(impatient)).rejects.toThrow(/waited in the queue for more than its `queueTimeout`/);
  });
});
