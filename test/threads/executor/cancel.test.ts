import { getEventListeners } from "node:events";
import {
  CancelledError,
  checkCancelled,
  runCoroutineThreadsafe,
  ThreadPoolExecutor,
  TimeoutError,
  toThread,
} from "kernel-helpers";
import { afterAll, describe, expect, test } from "vitest";
import { flag, raised } from "../helpers.ts";

const executor = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 30_000 });
const impatient = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 10 });
afterAll(() => Promise.all([executor.shutdown(), impatient.shutdown()]));

const raise = (word: Int32Array) => {
  Atomics.store(word, 0, 1);
  Atomics.notify(word, 0);
};
/** Holds a thread until the test lowers the flag. */
const hold = (word: Int32Array) => {
  raise(word);
  Atomics.wait(word, 0, 1);
  return "held";
};
const letGo = (word: Int32Array) => {
  Atomics.store(word, 0, 2);
  Atomics.notify(word, 0);
};
const name = () => require("node:worker_threads").threadId as number;

describe("running work is asked first, and keeps its thread when it obeys", () => {
  test("checkCancelled throws in a loop", async () => {
    const thread = await executor.submit(name);
    const word = flag();
    const future = executor.submit((at: Int32Array) => {
      raise(at);
      for (;;) checkCancelled();
    }, word);
    await raised(word);
    expect(future.cancel()).toBe(true);
    await expect(future).rejects.toThrow(CancelledError);
    expect(future.cancelled()).toBe(true);
    expect(await executor.submit(name)).toBe(thread);
  });

  test("a worker stuck in result() is freed", async () => {
    const thread = await executor.submit(name);
    const controller = new AbortController();
    let called!: () => void;
    const wasCalled = new Promise<void>((resolve) => {
      called = resolve;
    });
    const never = () => {
      called();
      return new Promise(() => {});
    };
    const task = executor
      .with({ signal: controller.signal })
      .submit(() => runCoroutineThreadsafe(never).result());
    await wasCalled;
    controller.abort();
    await expect(task).rejects.toMatchObject({ name: "AbortError" });
    expect(await executor.submit(name)).toBe(thread);
  });

  test("an awaited call rejects with CancelledError, which the task may handle", async () => {
    let called!: () => void;
    const wasCalled = new Promise<void>((resolve) => {
      called = resolve;
    });
    const log: string[] = [];
    const note = (text: string) => log.push(text);
    const never = () => {
      called();
      return new Promise(() => {});
    };
    const future = executor.submit(async () => {
      try {
        await runCoroutineThreadsafe(never);
      } catch (error) {
        runCoroutineThreadsafe(note, (error as Error).name);
        throw error;
      }
    });
    await wasCalled;
    future.cancel();
    await expect(future).rejects.toThrow(CancelledError);
    expect(log).toEqual(["CancelledError"]);
  });

  test("the next task on the thread is not cancelled", async () => {
    expect(await executor.submit(() => checkCancelled())).toBeUndefined();
  });
});

test("work that does not obey is terminated after the grace period", async () => {
  const word = flag();
  const thread = await impatient.submit(name);
  const future = impatient.submit((at: Int32Array) => {
    raise(at);
    for (;;);
  }, word);
  await raised(word);
  future.cancel();
  await expect(future).rejects.toThrow(CancelledError);
  expect(await impatient.submit(name)).not.toBe(thread);
});

test("abandonOnCancel rejects at once and lets the thread finish", async () => {
  const word = flag();
  const controller = new AbortController();
  const task = toThread.with({ executor, signal: controller.signal, abandonOnCancel: true })(hold, word);
  await raised(word);
  controller.abort(new Error("gone"));
  await expect(task).rejects.toThrow("gone");
  expect(executor.stats.running).toBe(1);
  letGo(word);
  expect(await executor.submit(() => "next")).toBe("next");
});

describe("queued work is dropped", () => {
  test("by cancel, by its signal, and by queueTimeout; the others keep their order", async () => {
    const word = flag();
    const ran: number[] = [];
    const note = (n: number) => ran.push(n);
    const task = (n: number) => runCoroutineThreadsafe(note, n).result();
    const first = executor.submit(hold, word);
    await raised(word);
    const controller = new AbortController();
    const kept = [executor.submit(task, 1)];
    const cancelled = executor.submit(task, 2);
    const aborted = executor.with({ signal: controller.signal }).submit(task, 3);
    const late = executor.with({ queueTimeout: 1 }).submit(task, 4);
    kept.push(
      executor.with({ signal: new AbortController().signal }).submit(task, 5),
      executor.submit(task, 6),
    );
    expect(executor.stats.queued).toBe(6);
    expect(cancelled.cancel()).toBe(true);
    expect(cancelled.cancel()).toBe(false);
    controller.abort();
    await expect(cancelled).rejects.toThrow(CancelledError);
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    await expect(late).rejects.toThrow(TimeoutError);
    await expect(late).rejects.toThrow(/queueTimeout` of 1 ms/);
    letGo(word);
    await Promise.all([first, ...kept]);
    expect(ran).toEqual([1, 5, 6]);
  });

  test("a signal that is aborted already", async () => {
    const reason = new Error("before");
    const task = toThread.with({ executor, signal: AbortSignal.abort(reason) })(() => 1);
    await expect(task).rejects.toBe(reason);
  });
});

test("timeout counts from the start of the run, not from the queue", async () => {
  const word = flag();
  const holding = executor.submit(hold, word);
  await raised(word);
  const queued = executor.with({ timeout: 10_000 }).submit(() => "in time");
  letGo(word);
  await holding;
  expect(await queued).toBe("in time");
});

test("the time that a new thread takes to load is not its first task's time", async () => {
  const start = performance.now();
  await using first = new ThreadPoolExecutor({ maxWorkers: 1 });
  await first.submit(() => 1);
  const loading = performance.now() - start;
  await using second = new ThreadPoolExecutor({ maxWorkers: 1 });
  expect(await second.with({ timeout: 0.7 * loading }).submit(() => 1)).toBe(1);
});

test("a shared signal has one listener for all tasks, and none when they are over", async () => {
  const { signal } = new AbortController();
  const tasks = Array.from({ length: 50 }, () => toThread.with({ executor, signal })(() => 1));
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  await Promise.all(tasks);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("result(timeoutMs) in a worker gives up alone; a late reply is dropped", async () => {
  let answer!: (value: string) => void;
  const slow = () =>
    new Promise<string>((resolve) => {
      answer = resolve;
    });
  const reply = () => answer("late");
  const quick = () => "quick";
  const seen = await executor.submit(() => {
    const names: string[] = [];
    try {
      runCoroutineThreadsafe(slow).result(1);
    } catch (error) {
      names.push((error as Error).name);
    }
    runCoroutineThreadsafe(reply).result();
    names.push(runCoroutineThreadsafe(quick).result());
    return names;
  });
  expect(seen).toEqual(["TimeoutError", "quick"]);
});

test("limitedParallelism runs at most n at once, in order, beside the rest of the pool", async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 3 });
  const view = pool.limitedParallelism(1, "database");
  let now = 0;
  let most = 0;
  const order: number[] = [];
  const enter = (n: number) => {
    order.push(n);
    most = Math.max(most, ++now);
  };
  const leave = () => now--;
  const work = (n: number) => {
    runCoroutineThreadsafe(enter, n).result();
    runCoroutineThreadsafe(leave).result();
  };
  const futures = [0, 1, 2, 3].map((n) => view.submit(work, n));
  const cancelled = view.submit(work, 4);
  cancelled.cancel();
  await Promise.allSettled([...futures, cancelled]);
  expect(most).toBe(1);
  expect(order).toEqual([0, 1, 2, 3]);
  await pool.shutdown();
});
