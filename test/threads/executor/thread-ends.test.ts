import { ThreadPoolExecutor } from "kernel-helpers";
import { afterEach, describe, expect, test } from "vitest";
import { flag } from "../helpers.ts";

let executor: ThreadPoolExecutor;
afterEach(() => executor?.shutdown({ cancelFutures: true, timeout: 0 }));

const one = () => 1;
const spin = (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return 1;
};

describe("a thread that ends takes no other task with it", () => {
  /** Runs tasks that end their threads, each followed by an innocent one, with a loop that works in between. */
  async function innocents(count: number, guilty: () => void): Promise<unknown[]> {
    const errors: unknown[] = [];
    for (let done = 0; done < count; ) {
      while (executor.stats.queued < 6) {
        guilty();
        done++;
        executor.submit(spin, 1).catch((error) => void errors.push((error as Error).message));
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
      spin(done % 4 === 0 ? 8 : 0);
    }
    await executor.shutdown();
    return errors;
  }

  test("tasks that are timed out around the end of the grace period", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 2, gracePeriod: 10 });
    const guilty = () =>
      void executor
        .with({ timeout: 5 })
        .submit(spin, 13 + Math.random() * 5)
        .catch(() => {});
    expect(await innocents(40, guilty)).toEqual([]);
  });

  test("a thread that ends while it rests, with nothing queued, and the next task comes", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    for (let i = 0; i < 10; i++) {
      await executor.submit(() => void setTimeout(() => process.exit(3), 1));
      expect(await executor.submit(spin, 5)).toBe(1);
    }
  });

  test("tasks that leave behind what ends the thread: an exit, an error of the thread", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 2, gracePeriod: 10 });
    const exitLater = () => void setImmediate(() => process.exit(3));
    const exitAtOnce = () => void queueMicrotask(() => process.exit(3));
    let which = 0;
    const guilty = () => void executor.submit(which++ % 2 ? exitLater : exitAtOnce).catch(() => {});
    expect(await innocents(20, guilty)).toEqual([]);
  });

  test("aborts and cancels", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 2, gracePeriod: 3 });
    const guilty = () => {
      const controller = new AbortController();
      executor
        .with({ signal: controller.signal })
        .submit(spin, 8)
        .catch(() => {});
      const future = executor.submit(spin, 8);
      future.catch(() => {});
      setTimeout(() => controller.abort(), 3);
      setTimeout(() => future.cancel(), 5);
    };
    expect(await innocents(30, guilty)).toEqual([]);
  });

  test("a thread that ends while nothing runs in it is replaced", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const gone = flag();
    await executor.submit((word: Int32Array) => {
      setTimeout(() => {
        Atomics.store(word, 0, 1);
        process.exit(0);
      }, 1);
    }, gone);
    while (executor.stats.threads > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await executor.submit(one)).toBe(1);
  });
});

describe("between tasks", () => {
  /** A server in the thread, which answers with the ticks of a timer there. */
  const serve = () => {
    const { createServer } = require("node:http") as typeof import("node:http");
    let ticks = 0;
    setInterval(() => ticks++, 5);
    const server = createServer((_, response) => response.end(String(ticks)));
    return new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
  };

  test("timers, servers and sockets that a task left go on", async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const port = await executor.submit(serve);
    const ticks = async () => Number(await (await fetch(`http://127.0.0.1:${port}`)).text());
    const first = await ticks();
    while ((await ticks()) < first + 3);
    await executor.shutdown();
  });

  test('with `atomics: "sync"` they stand still until the next task', async () => {
    executor = new ThreadPoolExecutor({ maxWorkers: 1, atomics: "sync" });
    await executor.submit(() => {
      setTimeout(() => {
        (globalThis as { fired?: boolean }).fired = true;
      }, 0);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await executor.submit(() => (globalThis as { fired?: boolean }).fired ?? false)).toBe(false);
    expect(() => new ThreadPoolExecutor({ atomics: "on" as "sync" })).toThrow(/must be "async" or "sync"/);
  });
});
