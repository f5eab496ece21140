/**
 * What types flow through the public functions. The compiler is the judge (`npm run check`): the bodies are
 * not run, and a `@ts-expect-error` that no longer finds its error is an error itself.
 */
import {
  asCompleted,
  CapacityLimiter,
  Context,
  ContextVar,
  callSoonThreadsafe,
  copyContext,
  type ExecutorOptions,
  type ExecutorStats,
  Future,
  gather,
  iterateInThread,
  moduleTask,
  Queue,
  runCoroutineThreadsafe,
  runInExecutor,
  TaskGroup,
  type TaskOptions,
  ThreadPoolExecutor,
  type Token,
  toThread,
  wait,
} from "kernel-helpers";
import { expect, expectTypeOf, test } from "vitest";

declare const executor: ThreadPoolExecutor;
declare const signal: AbortSignal;

const add = (a: number, b: number): number => a + b;
const read = async (path: string): Promise<Uint8Array> => new TextEncoder().encode(path);
const optional = (required: string, maybe?: number): string => `${required}${maybe}`;
const many = (first: string, ...rest: number[]): number => rest.length + first.length;

function ofToThread() {
  expectTypeOf(toThread(add, 1, 2)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(toThread(read, "a")).toEqualTypeOf<Promise<Uint8Array>>();
  expectTypeOf(toThread(optional, "a")).toEqualTypeOf<Promise<string>>();
  expectTypeOf(toThread(optional, "a", 1)).toEqualTypeOf<Promise<string>>();
  expectTypeOf(toThread(many, "a", 1, 2)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(toThread(() => {})).toEqualTypeOf<Promise<void>>();
  expectTypeOf(toThread((x: number) => [x, "a"] as const, 1)).toEqualTypeOf<
    Promise<readonly [number, "a"]>
  >();
  expectTypeOf(toThread(<T>(x: T) => [x], 1)).toEqualTypeOf<Promise<number[]>>();
  // @ts-expect-error: an argument of the wrong type
  toThread(add, 1, "2");
  // @ts-expect-error: an argument is missing
  toThread(add, 1);
  // @ts-expect-error: one too many
  toThread(add, 1, 2, 3);
  // @ts-expect-error: the result of a call is not a function
  toThread(add(1, 2));
}

function ofOptions() {
  const options: TaskOptions = { signal, timeout: 1, queueTimeout: 1, name: "n", abandonOnCancel: true };
  expectTypeOf(toThread.with({ ...options, executor })(add, 1, 2)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(executor.with(options).submit(read, "a")).toEqualTypeOf<Future<Uint8Array>>();
  expectTypeOf(executor.limitedParallelism(2, "name").submit(add, 1, 2)).toEqualTypeOf<Future<number>>();
  toThread.with({ transfer: [new ArrayBuffer(1)] })((buffer: ArrayBuffer) => buffer, new ArrayBuffer(1));
  // @ts-expect-error: milliseconds are a number
  toThread.with({ timeout: "1s" });
  // @ts-expect-error: an unknown option
  toThread.with({ timeOut: 1 });
  // @ts-expect-error: an argument of the wrong type behind the options
  toThread.with(options)(add, 1, "2");
}

async function ofExecutors() {
  const settings: ExecutorOptions = {
    maxWorkers: 2,
    threadNamePrefix: "Worker",
    initializer: (n: number) => n,
    initargs: [1],
    maxQueue: 10,
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  };
  await using made = new ThreadPoolExecutor(settings);
  expectTypeOf(made.submit(read, "a")).toEqualTypeOf<Future<Uint8Array>>();
  expectTypeOf(made.stats).toEqualTypeOf<ExecutorStats>();
  expectTypeOf(made.ready()).toEqualTypeOf<Promise<void>>();
  expectTypeOf(made.shutdown({ wait: true, cancelFutures: true, timeout: 1 })).toEqualTypeOf<Promise<void>>();
  expectTypeOf(await made.map((n: number) => `${n}`, [1, 2])).toEqualTypeOf<string[]>();
  expectTypeOf(await made.map(read, new Set(["a"]), { chunksize: 2 })).toEqualTypeOf<Uint8Array[]>();
  for await (const text of made.map((n: number) => `${n}`, [1])) expectTypeOf(text).toEqualTypeOf<string>();
  // @ts-expect-error: the items do not fit the function
  made.map((n: number) => n, ["a"]);
  // @ts-expect-error: a misspelt option
  new ThreadPoolExecutor({ maxworkers: 2 });
  expectTypeOf(runInExecutor(null, add, 1, 2)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(runInExecutor(made, read, "a")).toEqualTypeOf<Promise<Uint8Array>>();
  // @ts-expect-error: an executor or null comes first
  runInExecutor(add, 1, 2);
}

async function ofFutures(future: Future<number>) {
  expectTypeOf(future.result()).toEqualTypeOf<number>();
  expectTypeOf(future.result(1000)).toEqualTypeOf<number>();
  expectTypeOf(future.exception()).toEqualTypeOf<unknown>();
  expectTypeOf(future.done()).toEqualTypeOf<boolean>();
  expectTypeOf(future.cancel()).toEqualTypeOf<boolean>();
  expectTypeOf(await future).toEqualTypeOf<number>();
  future.addDoneCallback((done) => expectTypeOf(done).toEqualTypeOf<Future<number>>());
  const promise: Promise<number> = future;
  void promise;
}

function ofTheWayBack() {
  expectTypeOf(runCoroutineThreadsafe(read, "a")).toEqualTypeOf<Future<Uint8Array>>();
  expectTypeOf(runCoroutineThreadsafe(add, 1, 2).result(5000)).toEqualTypeOf<number>();
  expectTypeOf(callSoonThreadsafe(add, 1, 2)).toEqualTypeOf<void>();
  // @ts-expect-error: an argument of the wrong type
  runCoroutineThreadsafe(add, "1", 2);
  // @ts-expect-error: an argument is missing
  callSoonThreadsafe(add, 1);
}

function ofModuleTasks() {
  const square = moduleTask<(x: number) => number>("./square.js", "square");
  expectTypeOf(square).toEqualTypeOf<(x: number) => number>();
  expectTypeOf(toThread(square, 3)).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error: the module's function takes a number
  toThread(square, "3");
}

async function ofGathering() {
  const both = await gather([toThread(add, 1, 2), toThread(read, "a"), () => optional("a")]);
  expectTypeOf(both).toEqualTypeOf<[number, Uint8Array, string]>();
  const settled = await gather([toThread(add, 1, 2), executor.submit(read, "a")], { returnExceptions: true });
  expectTypeOf(settled).toEqualTypeOf<[number | Error, Uint8Array | Error]>();
  expectTypeOf(await gather(["a", "b"].map((path) => toThread(read, path)))).toEqualTypeOf<Uint8Array[]>();
  // @ts-expect-error: an array, not arguments in a row
  gather(toThread(add, 1, 2), toThread(read, "a"));
}

async function ofWaiting(futures: Future<number>[]) {
  const { done, pending } = await wait(futures, { timeout: 1, returnWhen: "FIRST_EXCEPTION" });
  expectTypeOf(done).toEqualTypeOf<Set<Future<number>>>();
  expectTypeOf(pending).toEqualTypeOf<Set<Future<number>>>();
  for (const next of asCompleted(futures)) expectTypeOf(next).toEqualTypeOf<Promise<number>>();
  for await (const value of asCompleted(futures)) expectTypeOf(value).toEqualTypeOf<number>();
  // @ts-expect-error: not one of the three
  wait(futures, { returnWhen: "FIRST" });
}

async function ofTaskGroups() {
  const result = await TaskGroup.run(async (group) => {
    expectTypeOf(group).toEqualTypeOf<TaskGroup>();
    const sum = group.createTask((signal) => {
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return toThread.with({ signal })(add, 1, 2);
    });
    expectTypeOf(sum).toEqualTypeOf<Promise<number>>();
    expectTypeOf(group.createTask(executor.submit(read, "a"))).toEqualTypeOf<Promise<Uint8Array>>();
    return `${await sum}`;
  });
  expectTypeOf(result).toEqualTypeOf<string>();
}

async function ofQueues(queue: Queue<number>) {
  expectTypeOf(queue.syncQ.get({ timeout: 1 })).toEqualTypeOf<number>();
  expectTypeOf(queue.asyncQ.get({ signal })).toEqualTypeOf<Promise<number>>();
  expectTypeOf(queue.asyncQ.getNowait()).toEqualTypeOf<number>();
  expectTypeOf(queue.asyncQ.put(1)).toEqualTypeOf<Promise<void>>();
  for (const item of queue.syncQ) expectTypeOf(item).toEqualTypeOf<number>();
  for await (const item of queue.asyncQ) expectTypeOf(item).toEqualTypeOf<number>();
  // @ts-expect-error: an item of the wrong type
  queue.syncQ.put("1");
  // @ts-expect-error: the loop's side has signals, the blocking one timeouts
  queue.asyncQ.get({ timeout: 1 });
}

async function ofGenerators() {
  const count = function* (to: number) {
    for (let i = 0; i < to; i++) yield i;
  };
  const lines = async function* (path: string) {
    yield path;
  };
  for await (const n of iterateInThread(count, 3)) expectTypeOf(n).toEqualTypeOf<number>();
  for await (const line of iterateInThread(lines, "a")) expectTypeOf(line).toEqualTypeOf<string>();
  for await (const n of iterateInThread.with({ credit: 1, executor })(async () => new Set([1]))) {
    expectTypeOf(n).toEqualTypeOf<number>();
  }
  // @ts-expect-error: an argument of the wrong type
  iterateInThread(count, "3");
  // @ts-expect-error: a number has no items
  iterateInThread(add, 1, 2);
}

function ofContexts() {
  const id = new ContextVar("id", { default: "unknown" });
  expectTypeOf(id).toEqualTypeOf<ContextVar<string>>();
  expectTypeOf(id.get()).toEqualTypeOf<string>();
  expectTypeOf(id.get(null)).toEqualTypeOf<string | null>();
  expectTypeOf(id.set("a")).toEqualTypeOf<Token<string>>();
  expectTypeOf(id.run("a", add, 1, 2)).toEqualTypeOf<number>();
  expectTypeOf(copyContext()).toEqualTypeOf<Context>();
  expectTypeOf(copyContext().run(read, "a")).toEqualTypeOf<Promise<Uint8Array>>();
  expectTypeOf(copyContext().get(id)).toEqualTypeOf<string | undefined>();
  // @ts-expect-error: a value of the wrong type
  id.set(1);
  // @ts-expect-error: a token of another type
  id.reset(new ContextVar<number>("n").set(1));
}

function ofLimiters(limiter: CapacityLimiter) {
  expectTypeOf(limiter.run(add, 1, 2)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(limiter.run(toThread, read, "a")).toEqualTypeOf<Promise<Uint8Array>>();
  // @ts-expect-error: an argument is missing
  limiter.run(add, 1);
}

test("the types above are checked by the compiler", () => {
  const checked = [
    ofToThread,
    ofOptions,
    ofExecutors,
    ofFutures,
    ofTheWayBack,
    ofModuleTasks,
    ofGathering,
    ofWaiting,
    ofTaskGroups,
    ofQueues,
    ofGenerators,
    ofContexts,
    ofLimiters,
  ];
  expect(checked).toHaveLength(13);
});
