import { setImmediate as turn } from "node:timers/promises";
import {
  CancelledError,
  ContextVar,
  checkCancelled,
  iterateInThread,
  ThreadPoolExecutor,
  toThread,
} from "kernel-helpers";
import { afterAll, describe, expect, expectTypeOf, test } from "vitest";

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());
const iterate = iterateInThread.with({ executor });

/** Words that a generator in the worker writes and the test reads. */
const sharedWords = (count: number) => new Int32Array(new SharedArrayBuffer(4 * count));

const kinds = {
  "a generator": function* (words: Int32Array) {
    try {
      for (let i = 0; ; i++) {
        Atomics.store(words, 0, i + 1);
        yield i;
      }
    } finally {
      Atomics.add(words, 1, 1);
    }
  },
  "an async generator": async function* (words: Int32Array) {
    try {
      for (let i = 0; ; i++) {
        Atomics.store(words, 0, i + 1);
        yield i;
      }
    } finally {
      Atomics.add(words, 1, 1);
    }
  },
};

describe.each(Object.entries(kinds))("%s", (_, count) => {
  test("gives its items in order; break ends it in the worker and its finally has run by then", async () => {
    const words = sharedWords(2);
    const seen: number[] = [];
    for await (const item of iterate(count, words)) {
      expectTypeOf(item).toEqualTypeOf<number>();
      seen.push(item);
      if (item === 50) break;
    }
    expect(seen).toEqual(Array.from({ length: 51 }, (_, i) => i));
    expect(Atomics.load(words, 1)).toBe(1);
  });

  test("is never further ahead than its credit and the item in hand", async () => {
    const words = sharedWords(2);
    const items = iterateInThread.with({ executor, credit: 3 })(count, words);
    let most = 0;
    for (let taken = 1; taken <= 30; taken++) {
      await items.next();
      for (let i = 0; i < 5; i++) await turn();
      most = Math.max(most, Atomics.load(words, 0) - taken);
    }
    await items.return();
    expect(most).toBeLessThanOrEqual(3 + 1);
    expect(most).toBeGreaterThan(0);
  });

  test("ends when the consumer's body throws, and the body's error stays", async () => {
    const words = sharedWords(2);
    const consume = async () => {
      for await (const _ of iterate(count, words)) throw new RangeError("consumer");
    };
    await expect(consume()).rejects.toThrow(new RangeError("consumer"));
    expect(Atomics.load(words, 1)).toBe(1);
  });
});

test("an error in the generator comes out after the items before it, with its class", async () => {
  const seen: number[] = [];
  const consume = async () => {
    const items = iterate(function* () {
      yield 1;
      yield 2;
      throw new RangeError("third");
    });
    for await (const item of items) seen.push(item);
  };
  await expect(consume()).rejects.toThrow(new RangeError("third"));
  expect(seen).toEqual([1, 2]);
});

test("an item that cannot be cloned is an error, and the generator's finally runs", async () => {
  const words = sharedWords(1);
  const consume = async () => {
    for await (const _ of iterate(function* (words: Int32Array): Generator<unknown> {
      try {
        yield () => 1;
      } finally {
        Atomics.store(words, 0, 1);
      }
    }, words)) {
      // Nothing comes.
    }
  };
  await expect(consume()).rejects.toThrow(/could not be cloned/);
  expect(Atomics.load(words, 0)).toBe(1);
});

test("a function that returns an iterable, or a promise of one, will do; an empty one ends at once", async () => {
  const collect = async <T>(items: AsyncIterable<T>) => {
    const seen: T[] = [];
    for await (const item of items) seen.push(item);
    return seen;
  };
  expect(await collect(iterate(() => [1, 2, 3]))).toEqual([1, 2, 3]);
  expect(await collect(iterate(async () => new Set(["a"])))).toEqual(["a"]);
  expect(await collect(iterate(() => []))).toEqual([]);
  await expect(collect(iterate((() => 5) as never))).rejects.toThrow(/iterable/);
});

test("it runs in a worker, with its arguments, captures and context; nothing runs before the first next()", async () => {
  const id = new ContextVar("id", { default: "unknown" });
  const factor = 3;
  const items = id.run("REQ-001", () =>
    iterate(function* (from: number) {
      yield [process.getBuiltinModule("node:worker_threads").threadId, from * factor, id.get()] as const;
    }, 7),
  );
  const { value } = await id.run("REQ-002", () => items.next());
  expect(value![0]).toBeGreaterThan(0);
  expect(value!.slice(1)).toEqual([21, "REQ-002"]);
  await items.return();
});

test("an abort ends both sides with its reason", async () => {
  const controller = new AbortController();
  const words = sharedWords(1);
  const consume = async () => {
    const forever = function* (words: Int32Array) {
      try {
        for (;;) yield 1;
      } finally {
        Atomics.store(words, 0, 1);
      }
    };
    for await (const _ of iterateInThread.with({ executor, signal: controller.signal })(forever, words)) {
      controller.abort(new Error("enough"));
    }
  };
  await expect(consume()).rejects.toThrow("enough");
  expect(Atomics.load(words, 0)).toBe(1);
});

test("a generator that computes without yielding is asked through checkCancelled when the consumer leaves", async () => {
  const words = sharedWords(1);
  const patient = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 30_000 });
  const items = iterateInThread.with({ executor: patient })(function* (words: Int32Array) {
    yield 1;
    try {
      for (;;) checkCancelled();
    } catch (error) {
      Atomics.store(words, 0, error instanceof CancelledError ? 1 : 2);
      throw error;
    }
  }, words);
  await items.next();
  await items.return();
  expect(Atomics.load(words, 0)).toBe(1);
  await patient.shutdown();
});

test("one that does not stop at all is terminated after the grace period, and the executor goes on", async () => {
  const hasty = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 1 });
  const items = iterateInThread.with({ executor: hasty })(function* () {
    yield 1;
    for (;;);
  });
  await items.next();
  await items.return();
  expect(await toThread.with({ executor: hasty })(() => "alive")).toBe("alive");
  await hasty.shutdown();
});

test("a thread that dies rejects the loop, it does not hang it", async () => {
  const consume = async () => {
    for await (const _ of iterate(function* () {
      yield 1;
      process.exit(3);
    })) {
      // Goes on.
    }
  };
  await expect(consume()).rejects.toThrow();
});

test("credit must be at least 1", () => {
  expect(() => iterateInThread.with({ credit: 0 })).toThrow(
    /`credit` must be an integer of at least 1, got 0/,
  );
});
