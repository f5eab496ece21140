import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { CapacityLimiter, gather, WouldBlock } from "kernel-helpers";
import { expect, test } from "vitest";

test("run lets at most totalTokens in at a time, first come, first served, and passes arguments and results", async () => {
  const limiter = new CapacityLimiter(2);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  async function job(n: number) {
    order.push(n);
    most = Math.max(most, ++running);
    await turn();
    running--;
    return n * 10;
  }
  const results = await gather([1, 2, 3, 4, 5].map((n) => limiter.run(job, n)));
  expect({ results, order, most }).toEqual({
    results: [10, 20, 30, 40, 50],
    order: [1, 2, 3, 4, 5],
    most: 2,
  });
  expect(limiter.statistics()).toEqual({ totalTokens: 2, borrowedTokens: 0, tasksWaiting: 0 });
});

test("a failing task gives its token back", async () => {
  const limiter = new CapacityLimiter(1);
  const bad = limiter.run(() => Promise.reject(new Error("bad")));
  await expect(bad).rejects.toThrow("bad");
  expect(limiter.availableTokens).toBe(1);
});

test("a newcomer does not overtake those who wait", async () => {
  const limiter = new CapacityLimiter(1);
  await limiter.acquire();
  const waiting = limiter.acquire();
  limiter.release();
  expect(() => limiter.acquireNowait()).toThrow(WouldBlock);
  await waiting;
  expect(limiter.borrowedTokens).toBe(1);
});

test("raising totalTokens lets the waiting in, lowering takes nothing away", async () => {
  const limiter = new CapacityLimiter(1);
  await limiter.acquire();
  const waiting = [limiter.acquire(), limiter.acquire()];
  limiter.totalTokens = 3;
  await gather(waiting);
  limiter.totalTokens = 1;
  expect([limiter.borrowedTokens, limiter.availableTokens]).toEqual([3, -2]);
});

test("an abort gives up the place and leaves no listener", async () => {
  const limiter = new CapacityLimiter(1);
  await limiter.acquire();
  const controller = new AbortController();
  const first = limiter.acquire({ signal: controller.signal });
  const second = limiter.acquire();
  controller.abort(new Error("enough"));
  await expect(first).rejects.toThrow("enough");
  limiter.release();
  await second;
  await expect(limiter.acquire({ signal: controller.signal })).rejects.toThrow("enough");
  const { signal } = new AbortController();
  limiter.totalTokens = 2;
  await limiter.acquire({ signal });
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("a named borrower holds one token; misuse is refused in words", async () => {
  const limiter = new CapacityLimiter(2);
  limiter.acquireOnBehalfOfNowait("job 1");
  expect(() => limiter.acquireOnBehalfOfNowait("job 1")).toThrow(/job 1 already holds/);
  await expect(limiter.acquireOnBehalfOf("job 1")).rejects.toThrow(/job 1 already holds/);
  limiter.releaseOnBehalfOf("job 1");
  expect(() => limiter.releaseOnBehalfOf("job 1")).toThrow(/job 1 holds no token/);
  expect(() => limiter.release()).toThrow(/without an acquire/);
});

test.each([0, -1, 1.5, Number.NaN, "2" as never])("totalTokens of %s is refused", (total) => {
  expect(() => new CapacityLimiter(total)).toThrow(/integer of at least 1, or Infinity, got/);
});

test("totalTokens may be Infinity", async () => {
  const limiter = new CapacityLimiter(Number.POSITIVE_INFINITY);
  await gather([limiter.acquire(), limiter.acquire()]);
  expect(limiter.availableTokens).toBe(Number.POSITIVE_INFINITY);
});
