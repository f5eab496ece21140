import { createRequire } from "node:module";
import {
  type Executor,
  moduleTask,
  runInExecutor,
  ThreadPoolExecutor,
  TimeoutError,
  toThread,
} from "kernel-helpers";
import { afterAll, describe, expect, test } from "vitest";
import { flag, raised } from "../helpers.ts";

/** One contract for every kind of task, on every kind of executor, through every way in. */

interface Tasks {
  add(a: number, b: number): number;
  addLater(a: number, b: number): Promise<number>;
  fail(code: string): never;
  spin(word: Int32Array): void;
}

const commonJs = createRequire(import.meta.url)("../fixtures/work.cjs") as Tasks;
const file = (name: string) => new URL(`../fixtures/${name}`, import.meta.url);
const fromFile = (name: string): Tasks => ({
  add: moduleTask<Tasks["add"]>(file(name), "add"),
  addLater: moduleTask<Tasks["addLater"]>(file(name), "addLater"),
  fail: moduleTask<Tasks["fail"]>(file(name), "fail"),
  spin: moduleTask<Tasks["spin"]>(file(name), "spin"),
});

const withoutCaptures: Tasks = {
  add: (a, b) => a + b,
  addLater: async (a, b) => a + b,
  fail: (code) => {
    throw Object.assign(new RangeError("no good"), { code });
  },
  spin: (word) => {
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
    for (;;);
  },
};
const withCaptures: Tasks = {
  add: (a, b) => withoutCaptures.add(a, b),
  addLater: async (a, b) => withoutCaptures.addLater(a, b),
  fail: (code) => withoutCaptures.fail(code),
  spin: (word) => withoutCaptures.spin(word),
};

const executor = new ThreadPoolExecutor({ maxWorkers: 2, gracePeriod: 10 });
const limited = executor.limitedParallelism(1, "one at a time");
afterAll(() => executor.shutdown());

interface Options {
  signal?: AbortSignal;
  timeout?: number;
}
type Way = <A extends unknown[], R>(
  options: Options,
  fn: (...args: A) => R,
  ...args: A
) => PromiseLike<Awaited<R>>;
const through =
  (pool: Executor): Way =>
  (options, fn, ...args) =>
    pool.with(options).submit(fn, ...args);

const kinds: [string, Tasks][] = [
  ["a function without captures", withoutCaptures],
  ["a closure", withCaptures],
  ["an export of a loaded CommonJS module", commonJs],
  ["moduleTask of a CommonJS file", fromFile("work.cjs")],
  ["moduleTask of an ES module", fromFile("work.mjs")],
];
const ways: [string, Way][] = [
  ["submit", through(executor)],
  ["submit of a limited view", through(limited)],
  ["runInExecutor", ({ ...options }, fn, ...args) => runInExecutor(executor.with(options), fn, ...args)],
  ["toThread", ({ ...options }, fn, ...args) => toThread.with({ ...options, executor })(fn, ...args)],
];

describe.each(kinds)("%s", (_kind, tasks) => {
  describe.each(ways)("by %s", (_way, run) => {
    test("gives its value, or what its promise resolves to", async () => {
      expect(await run({}, tasks.add, 1, 2)).toBe(3);
      expect(await run({}, tasks.addLater, 3, 4)).toBe(7);
    });

    test("gives its error with class, properties, frames and where it was submitted", async () => {
      const error = await Promise.resolve(run({}, tasks.fail, "E_CODE")).catch((reason) => reason);
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({ message: "no good", code: "E_CODE" });
      expect(error.stack).toMatch(
        /no good\n\s+at .*(fail|worker thread).*submitted to Worker-\d.*contract\.test/s,
      );
      expect(error.stack).not.toContain("piscina");
    });

    test("is stopped by its signal, in an endless loop, and the thread is replaced", async () => {
      const controller = new AbortController();
      const word = flag();
      const task = Promise.resolve(run({ signal: controller.signal }, tasks.spin, word));
      await raised(word);
      controller.abort(new Error("enough"));
      await expect(task).rejects.toThrow("enough");
      expect(await run({}, tasks.add, 1, 1)).toBe(2);
    });

    test("is stopped by its timeout", async () => {
      const task = run({ timeout: 20 }, tasks.spin, flag());
      await expect(Promise.resolve(task)).rejects.toThrow(TimeoutError);
    });
  });
});
