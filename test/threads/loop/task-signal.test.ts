import { setTimeout as sleep } from "node:timers/promises";
import {
  CancelledError,
  callSoonThreadsafe,
  runCoroutineThreadsafe,
  ThreadPoolExecutor,
  TimeoutError,
  taskSignal,
} from "kernel-helpers";
import { afterAll, describe, expect, test } from "vitest";

const executor = new ThreadPoolExecutor({ maxWorkers: 1, gracePeriod: 30_000 });
afterAll(() => executor.shutdown());

const notes: string[] = [];
const note = (text: string) => {
  notes.push(text);
};
const thread = () => require("node:worker_threads").threadId as number;
/** Waits until it is told to stop, and says why and what it did then. */
const obedient = async () => {
  const { setTimeout: sleep } = require("node:timers/promises") as typeof import("node:timers/promises");
  try {
    runCoroutineThreadsafe(note, "started").result();
    await sleep(60_000, undefined, { signal: taskSignal() });
  } finally {
    await sleep(5);
    (globalThis as { finallyRan?: boolean }).finallyRan = true;
  }
};
const until = async (text: string) => {
  while (!notes.includes(text)) await sleep(2);
};

describe("in an asynchronous task", () => {
  test("cancel: what it awaits ends, its finally runs, and the thread stays", async () => {
    const before = await executor.submit(thread);
    notes.length = 0;
    const future = executor.submit(obedient);
    await until("started");
    future.cancel();
    await expect(future).rejects.toThrow(CancelledError);
    expect(await executor.submit(thread)).toBe(before);
    expect(await executor.submit(() => (globalThis as { finallyRan?: boolean }).finallyRan)).toBe(true);
  });

  test("timeout and abort: the signal has their reason", async () => {
    const reason = async () => {
      const signal = taskSignal();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      (globalThis as { reason?: unknown }).reason = signal.reason;
    };
    const seen = () => {
      const { reason } = globalThis as { reason?: Error };
      return [reason?.name, reason?.message, taskSignal().aborted];
    };
    await expect(executor.with({ timeout: 20, name: "slow" }).submit(reason)).rejects.toThrow(TimeoutError);
    expect(await executor.submit(seen)).toEqual([
      "TimeoutError",
      expect.stringMatching(/^slow ran for more/),
      false,
    ]);
    const controller = new AbortController();
    const aborted = executor.with({ signal: controller.signal }).submit(reason);
    setTimeout(() => controller.abort(new RangeError("enough")), 20);
    await expect(aborted).rejects.toThrow("enough");
    expect(await executor.submit(seen)).toEqual(["RangeError", "enough", false]);
  });

  test("asked for after the task was cancelled it is aborted already", async () => {
    const gate = new Int32Array(new SharedArrayBuffer(8));
    const late = async (gate: Int32Array) => {
      callSoonThreadsafe(note, "waiting");
      while (Atomics.load(gate, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      Atomics.store(gate, 1, taskSignal().aborted ? 1 : 2);
    };
    notes.length = 0;
    const future = executor.submit(late, gate);
    await until("waiting");
    future.cancel();
    Atomics.store(gate, 0, 1);
    await expect(future).rejects.toThrow(CancelledError);
    while (Atomics.load(gate, 1) === 0) await sleep(2);
    expect(Atomics.load(gate, 1)).toBe(1);
  });
});

describe("on the loop, in a function that a thread has called", () => {
  const waits = async () => {
    note("called");
    const signal = taskSignal();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    note(`aborted: ${signal.reason.name}`);
  };

  test("the thread cancels the future", async () => {
    notes.length = 0;
    await executor.submit(async () => {
      const future = runCoroutineThreadsafe(waits);
      await new Promise((resolve) => setTimeout(resolve, 20));
      future.cancel();
    });
    await until("aborted: CancelledError");
    expect(notes).toEqual(["called", "aborted: CancelledError"]);
  });

  test("the task is timed out, or its thread ends", async () => {
    notes.length = 0;
    const call = () => runCoroutineThreadsafe(waits).result();
    await expect(executor.with({ timeout: 30 }).submit(call)).rejects.toThrow(TimeoutError);
    expect(notes).toEqual(["called", "aborted: TimeoutError"]);
    const leave = () => {
      void runCoroutineThreadsafe(waits);
      setTimeout(() => process.exit(1), 20);
      return new Promise(() => {});
    };
    await expect(executor.submit(leave)).rejects.toThrow(/exited with code 1/);
    await until("aborted: CancelledError");
  });

  test("elsewhere it is never aborted", () => {
    expect(taskSignal().aborted).toBe(false);
  });
});
