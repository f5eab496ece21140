import { setImmediate as turn } from "node:timers/promises";
import { asCompleted, TimeoutError, wait } from "kernel-helpers";
import { expect, expectTypeOf, test } from "vitest";

function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

test("wait: ALL_COMPLETED waits for all, rejections included, and gives the same promises", async () => {
  const bad = Promise.reject(new Error("bad"));
  const good = turn().then(() => 1);
  const { done, pending } = await wait([bad, good]);
  expect([...done]).toEqual([bad, good]);
  expect(pending.size).toBe(0);
});

test("wait: FIRST_COMPLETED returns at the first, the rest stays pending and is not cancelled", async () => {
  const slow = deferred<number>();
  const fast = Promise.resolve("fast");
  const { done, pending } = await wait([slow.promise, fast], { returnWhen: "FIRST_COMPLETED" });
  expect([done.has(fast), pending.has(slow.promise)]).toEqual([true, true]);
  slow.resolve(1);
  expect(await slow.promise).toBe(1);
  expect(pending.size).toBe(1);
});

test("wait: FIRST_EXCEPTION passes over results and returns at a rejection", async () => {
  const never = deferred<number>();
  const bad = turn().then(() => {
    throw new Error("bad");
  });
  const good = Promise.resolve(1);
  const outcome = await wait([never.promise, good, bad], { returnWhen: "FIRST_EXCEPTION" });
  expect([...outcome.done]).toEqual([good, bad]);
  const allGood = await wait([good], { returnWhen: "FIRST_EXCEPTION" });
  expect(allGood.done.size).toBe(1);
});

test("wait: the timeout returns what there is; 0 gives what is settled now", async () => {
  const never = deferred<number>();
  const settled = Promise.resolve(1);
  for (const timeout of [0, 1]) {
    const { done, pending } = await wait([never.promise, settled], { timeout });
    expect([...done, ...pending]).toEqual([settled, never.promise]);
  }
});

test("wait: an empty collection, a wrong returnWhen and a wrong timeout are refused", async () => {
  await expect(wait([])).rejects.toThrow(/at least one promise, got none/);
  await expect(wait([turn()], { returnWhen: "SOON" as never })).rejects.toThrow(
    /FIRST_EXCEPTION", got "SOON"/,
  );
  for (const timeout of [-1, Number.NaN]) {
    await expect(wait([turn()], { timeout })).rejects.toThrow(/number of milliseconds, 0 or more, got/);
  }
});

test("asCompleted: for … of gives promises in the order of completion, each caught by itself", async () => {
  const [a, b, c] = [deferred<string>(), deferred<string>(), deferred<string>()];
  const seen: string[] = [];
  const completions = asCompleted([a.promise, b.promise, c.promise]);
  c.resolve("c");
  await turn();
  a.reject(new Error("a"));
  await turn();
  b.resolve("b");
  for (const next of completions) {
    expectTypeOf(next).toEqualTypeOf<Promise<string>>();
    seen.push(await next.catch((error) => `failed ${error.message}`));
  }
  expect(seen).toEqual(["c", "failed a", "b"]);
});

test("asCompleted: for await gives values, and the first rejection ends the loop", async () => {
  const bad = turn().then(() => {
    throw new Error("bad");
  });
  const seen: number[] = [];
  const loop = async () => {
    for await (const value of asCompleted([bad, Promise.resolve(1)])) {
      expectTypeOf(value).toEqualTypeOf<number>();
      seen.push(value);
    }
  };
  await expect(loop()).rejects.toThrow("bad");
  expect(seen).toEqual([1]);
});

test("asCompleted: what is not done after the timeout rejects with TimeoutError, results before it stay", async () => {
  const [first, second] = asCompleted([new Promise(() => {}), Promise.resolve(1)], { timeout: 5 });
  expect(await first).toBe(1);
  await expect(second).rejects.toThrow(TimeoutError);
  await expect(second).rejects.toThrow("1 of 2 were not done after 5 ms");
});

test("asCompleted: a promise taken from it times out even when the iteration was closed", async () => {
  const [first] = asCompleted([new Promise(() => {})], { timeout: 5 });
  await expect(first).rejects.toThrow(TimeoutError);
});

test("asCompleted: nothing, and the same promise twice", async () => {
  expect([...asCompleted([])]).toEqual([]);
  const one = Promise.resolve(1);
  expect([...asCompleted([one, one])]).toHaveLength(1);
});
