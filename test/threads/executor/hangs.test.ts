import {
  BrokenThreadPool,
  CancelledError,
  moduleTask,
  ThreadPoolExecutor,
  TimeoutError,
} from "kernel-helpers";
import { afterEach, describe, expect, test } from "vitest";
import { flag, node, raised } from "../helpers.ts";

/** Every future settles, whatever happens to its thread. */

let executor: ThreadPoolExecutor;
afterEach(() => executor?.shutdown({ cancelFutures: true, timeout: 0 }));

const one = () => 1;
const never = () => new Promise<never>(() => {});
const spin = (word: Int32Array) => {
  Atomics.store(word, 0, 1);
  Atomics.notify(word, 0);
  for (;;);
};

test("a module that does not load rejects its task alone", async () => {
  executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const file = new URL("../fixtures/throws-on-load.cjs", import.meta.url);
  await expect(executor.submit(moduleTask(file, "work"))).rejects.toThrow("this module does not load");
  await expect(executor.submit(moduleTask(new URL("../fixtures/none.cjs", import.meta.url)))).rejects.toThrow(
    /none\.cjs/,
  );
  await expect(
    executor.submit(moduleTask(new URL("../fixtures/work.cjs", import.meta.url), "sub")),
  ).rejects.toThrow(/no function exported as "sub"; it exports add, addLater/);
  expect(await executor.submit(one)).toBe(1);
});

test("an initializer that throws rejects all that is pending with BrokenThreadPool, and all that comes", async () => {
  executor = new ThreadPoolExecutor({
    maxWorkers: 1,
    initializer: (text: string) => {
      throw new RangeError(text);
    },
    initargs: ["no database"],
  });
  const futures = [executor.submit(one), executor.submit(one)];
  for (const future of futures) {
    await expect(future).rejects.toThrow(BrokenThreadPool);
    await expect(future).rejects.toThrow(/initializer of Worker-0 failed: no database/);
  }
  expect(() => executor.submit(one)).toThrow(BrokenThreadPool);
  await expect(executor.ready()).rejects.toThrow(BrokenThreadPool);
});

test("an initializer runs once in each thread, before its first task", async () => {
  executor = new ThreadPoolExecutor({
    maxWorkers: 1,
    initializer: (value: number) => {
      const state = globalThis as { started?: number[] };
      state.started ??= [];
      state.started.push(value);
    },
    initargs: [7],
  });
  const read = () => (globalThis as { started?: number[] }).started;
  expect(await executor.submit(read)).toEqual([7]);
  expect(await executor.submit(read)).toEqual([7]);
});

test("process.exit in a task", async () => {
  executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const leave = () => process.exit(3);
  const after = executor.submit(leave);
  const queued = executor.submit(one);
  await expect(after).rejects.toThrow(
    /Worker-0 exited with code 3 while it ran leave.*return or throw instead/,
  );
  await expect(after).rejects.toMatchObject({ code: "ERR_WORKER_EXITED", exitCode: 3 });
  expect(await queued).toBe(1);
});

test("an uncaught error in a timer, with its class", async () => {
  executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const task = executor.submit(() => {
    setTimeout(() => {
      throw new RangeError("in a timer");
    }, 1);
    return new Promise(() => {});
  });
  const queued = executor.submit(one);
  await expect(task).rejects.toThrow(RangeError);
  await expect(task).rejects.toThrow("in a timer");
  expect(await queued).toBe(1);
});

test("a rejection that nobody handles", async () => {
  executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const task = executor.submit(() => {
    void Promise.reject(new RangeError("unhandled"));
    return new Promise(() => {});
  });
  await expect(task).rejects.toThrow("unhandled");
});

test("an error in a timer that an earlier task left behind is told on stderr and fails no other task", async () => {
  const { stdout, stderr } = await node(`
    const { ThreadPoolExecutor } = require("kernel-helpers");
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    executor.submit(() => void setTimeout(() => { throw new RangeError("left behind"); }, 0));
    const next = executor.submit(() => new Promise((resolve) => setTimeout(resolve, 100, "the next task")));
    next.then(console.log).then(() => executor.shutdown());
  `);
  expect(stdout).toBe("the next task\n");
  expect(stderr).toMatch(
    /Uncaught in Worker-0, left behind by a task that was over: RangeError: left behind/,
  );
});

test("an endless loop under a timeout", async () => {
  executor = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 10 });
  await expect(executor.with({ timeout: 20 }).submit(spin, flag())).rejects.toThrow(TimeoutError);
  expect(await executor.submit(one)).toBe(1);
});

test("a promise that never resolves, under a timeout", async () => {
  executor = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 10 });
  await expect(executor.with({ timeout: 20 }).submit(never)).rejects.toThrow(TimeoutError);
  expect(await executor.submit(one)).toBe(1);
});

test("out of memory under resourceLimits", async () => {
  executor = new ThreadPoolExecutor({ maxWorkers: 1, resourceLimits: { maxOldGenerationSizeMb: 16 } });
  const hog = () => {
    const hoard: unknown[] = [];
    for (;;) hoard.push({});
  };
  const task = executor.submit(hog);
  await expect(task).rejects.toThrow(
    /hog ran out of memory in Worker-0 \(maxOldGenerationSizeMb: 16\).*resourceLimits/,
  );
  expect(await executor.submit(one)).toBe(1);
});

test("a thenable is taken for its value", async () => {
  executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  // biome-ignore lint/suspicious/noThenProperty: the subject
  expect(await executor.submit(() => ({ then: (yes: (value: string) => void) => yes("value") }))).toBe(
    "value",
  );
});

describe("shutdown in the middle", () => {
  test("lets running and queued tasks finish", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const futures = [executor.submit(one), executor.submit(one)];
    await executor.shutdown();
    expect(futures.map((future) => future.result())).toEqual([1, 1]);
    expect(executor.stats.threads).toBe(0);
  });

  test("cancelFutures drops the queue", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const word = flag();
    const wait = (at: Int32Array) => {
      Atomics.store(at, 0, 1);
      Atomics.notify(at, 0);
      Atomics.wait(at, 0, 1);
      return "ran";
    };
    const running = executor.submit(wait, word);
    const queued = executor.submit(one);
    await raised(word);
    const done = executor.shutdown({ cancelFutures: true });
    await expect(queued).rejects.toThrow(CancelledError);
    Atomics.store(word, 0, 2);
    Atomics.notify(word, 0);
    await done;
    expect(running.result()).toBe("ran");
  });

  test("timeout stops what still runs", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 10 });
    const word = flag();
    const running = executor.submit(spin, word);
    await raised(word);
    await executor.shutdown({ timeout: 10 });
    await expect(running).rejects.toThrow(/spin was cancelled by shutdown\(\{ timeout: 10 \}\)/);
  });

  test("wait: false returns at once, and the tasks still finish", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const future = executor.submit(one);
    await executor.shutdown({ wait: false });
    expect(await future).toBe(1);
  });

  test("asyncDispose shuts down", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const future = executor.submit(one);
    await executor[Symbol.asyncDispose]();
    expect(future.result()).toBe(1);
    expect(() => executor.submit(one)).toThrow(/shut down/);
  });

  test("shutdown before any task, and twice", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    await executor.shutdown();
    await executor.shutdown();
  });
});
