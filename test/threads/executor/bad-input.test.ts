import { MessageChannel, type MessagePort } from "node:worker_threads";
import {
  callSoonThreadsafe,
  checkCancelled,
  ExecutorShutDown,
  iterateInThread,
  runCoroutineThreadsafe,
  runInExecutor,
  runSync,
  ThreadPoolExecutor,
  toThread,
} from "kernel-helpers";
import { afterAll, expect, test } from "vitest";

/** Errors name the expected, the given and the way out. */

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());
const one = () => 1;
// biome-ignore lint/suspicious/noExplicitAny: wrong on purpose
const wrong = (value: unknown) => value as any;

test.each([0, -1, 1.5, Number.NaN, "2"])("maxWorkers: %j", (maxWorkers) => {
  expect(() => new ThreadPoolExecutor({ maxWorkers: wrong(maxWorkers) })).toThrow(
    /`maxWorkers` must be an integer of at least 1, got .*\. Leave it out for .*cores\./,
  );
});

test.each([-1, Number.NaN, "5"])("a timeout of %j", (timeout) => {
  expect(() => toThread.with({ timeout: wrong(timeout) })).toThrow(
    /`timeout` must be a number of milliseconds/,
  );
  expect(() => executor.with({ queueTimeout: wrong(timeout) })).toThrow(/`queueTimeout` must be/);
  expect(() => executor.map(one, [1], { timeout: wrong(timeout) })).toThrow(/`timeout` must be/);
  expect(() => runCoroutineThreadsafe(one).result(wrong(timeout))).toThrow(/`timeoutMs` must be/);
  expect(() => executor.shutdown({ timeout: wrong(timeout) })).toThrow(/`timeout` must be/);
});

test("a signal that is none", () => {
  expect(() => executor.with({ signal: wrong({}) })).toThrow(
    /must be an AbortSignal, got an object.*AbortController/,
  );
});

test("no function, or the result of a call", async () => {
  expect(() => executor.submit(wrong(undefined))).toThrow(/must be a function, got undefined/);
  await expect(toThread(wrong(Promise.resolve(1)))).rejects.toThrow(
    /got a Promise.*not the result of a call/,
  );
  await expect(runInExecutor(executor, wrong("f"))).rejects.toThrow(/got "f"/);
  expect(() => callSoonThreadsafe(wrong(1))).toThrow(/callSoonThreadsafe needs a function/);
});

test("map without an iterable, and with a chunksize of 0", () => {
  expect(() => executor.map(one, wrong(5))).toThrow(/`map` needs an iterable of items, got number/);
  expect(() => executor.map(one, [1], { chunksize: 0 })).toThrow(
    /`chunksize` must be an integer of at least 1, got 0/,
  );
  expect(() => executor.map(one, [1], { buffersize: 0 })).toThrow(
    /`buffersize` must be an integer of at least 1/,
  );
});

test("options that do not exist, with the one that is meant", () => {
  expect(() => new ThreadPoolExecutor(wrong({ max_workers: 4 }))).toThrow(
    /`max_workers` is no option of an executor\. Did you mean `maxWorkers`\? It takes maxWorkers, threadNamePrefix/,
  );
  expect(() => new ThreadPoolExecutor(wrong({ colour: 1 }))).toThrow(/of an executor\. It takes/);
  const resourceLimits = wrong({ maxOldGenerationSize: 64 });
  expect(() => new ThreadPoolExecutor({ resourceLimits })).toThrow(/mean `maxOldGenerationSizeMb`/);
  expect(() => toThread.with(wrong({ timeOut: 1 }))).toThrow(/of a task\. Did you mean `timeout`/);
  expect(() => executor.with(wrong({ executor }))).toThrow(/`executor` is no option of a task/);
  expect(() => iterateInThread.with(wrong({ credits: 1 }))).toThrow(/mean `credit`/);
  expect(() => runSync.with(wrong({ captured: {} }))).toThrow(/mean `captures`/);
  expect(() => executor.map(one, [1], wrong({ chunkSize: 1 }))).toThrow(/mean `chunksize`/);
  expect(() => executor.shutdown(wrong({ cancel_futures: true }))).toThrow(/mean `cancelFutures`/);
});

test("a queue over its limit", async () => {
  const small = new ThreadPoolExecutor({ maxWorkers: 1, maxQueue: 1 });
  const futures = [small.submit(one), small.submit(one)];
  expect(() => small.submit(one)).toThrow(/has 1 tasks? waiting, as many as `maxQueue` allows.*buffersize/);
  await Promise.all(futures);
  expect(await small.submit(one)).toBe(1);
  await small.shutdown();
});

test("a task after shutdown", async () => {
  const over = new ThreadPoolExecutor({ maxWorkers: 1 });
  await over.shutdown();
  expect(() => over.submit(one)).toThrow(ExecutorShutDown);
  expect(() => over.submit(one)).toThrow(
    /was shut down and takes no more tasks. Make a new ThreadPoolExecutor/,
  );
  await expect(toThread.with({ executor: over })(one)).rejects.toThrow(/shut down/);
});

test("a detached buffer as an argument, and in the transfer list", async () => {
  const bytes = new Uint8Array(8);
  await executor.with({ transfer: [bytes.buffer] }).submit((b: Uint8Array) => b.length, bytes);
  expect(() => executor.submit((b: Uint8Array) => b.length, bytes)).toThrow(/a detached buffer.*Send a copy/);
  expect(() => executor.with({ transfer: [bytes.buffer] }).submit(one)).toThrow(/`transfer\[0\]`.*detached/);
});

test("a pooled Buffer in a transfer list", () => {
  const pooled = Buffer.from("abc");
  expect(() => executor.with({ transfer: [pooled.buffer] }).submit((b: Buffer) => b.length, pooled)).toThrow(
    /`transfer\[0\]` is the memory that Node shares among small Buffers.*Uint8Array/s,
  );
});

test("a transfer list with what cannot move", () => {
  expect(() => executor.with({ transfer: [wrong("text")] }).submit(one)).toThrow(
    /`transfer\[0\]` .* got "text"/,
  );
  expect(() => executor.with({ transfer: [new SharedArrayBuffer(1)] }).submit(one)).toThrow(
    /is shared already/,
  );
  expect(() => executor.with({ transfer: wrong(5) })).toThrow(/`transfer` must be an array/);
});

test("a thing that is listed or sent twice moves once", async () => {
  const buffer = new ArrayBuffer(8);
  const size = (b: ArrayBuffer) => b.byteLength;
  expect(
    await executor.with({ transfer: [buffer, buffer, new Uint8Array(buffer)] }).submit(size, buffer),
  ).toBe(8);
  const { port1, port2 } = new MessageChannel();
  const same = (a: MessagePort, b: MessagePort) => a === b;
  expect(await executor.with({ transfer: [port1] }).submit(same, port1, port1)).toBe(true);
  port2.close();
});

test("options that are no object, an executor that is none, limits that Node cannot start with", async () => {
  expect(() => toThread.with(wrong(null))).toThrow(/Task options must be an object such as .*, got null/);
  expect(() => new ThreadPoolExecutor(wrong(4))).toThrow(/options of an executor must be an object.*got 4/);
  await expect(runInExecutor(wrong({}), one)).rejects.toThrow(
    /must be a ThreadPoolExecutor, a view of one, or null/,
  );
  for (const maxOldGenerationSizeMb of [-1, 1, Number.NaN]) {
    expect(() => new ThreadPoolExecutor({ resourceLimits: { maxOldGenerationSizeMb } })).toThrow(
      /`resourceLimits.maxOldGenerationSizeMb` must be megabytes, at least 8, got/,
    );
  }
  expect(() => new ThreadPoolExecutor({ resourceLimits: { stackSizeMb: 0 } })).toThrow(/more than 0, got 0/);
});

test("a typed array in a transfer list means its buffer", async () => {
  const numbers = new Float64Array([1, 2]);
  expect(await executor.with({ transfer: [numbers] }).submit((n: Float64Array) => n[1], numbers)).toBe(2);
  expect(numbers.length).toBe(0);
});

test("checkCancelled outside of a task does nothing", () => {
  expect(checkCancelled()).toBeUndefined();
});
