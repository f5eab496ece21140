import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Kernel, kernels } from "./client";

describe("a failure after the cell has been answered", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  /** Runs a cell and returns the message that reports its failure. */
  async function failureOf(code: string) {
    const id = await kernel.submit(code);
    const answer = await kernel.answer(id);
    expect(answer.reply.status).toBe("ok");
    // Another cell runs meanwhile: the failure must not be taken for its own.
    const other = kernel.run("await new Promise((r) => setTimeout(r, 80))");
    const message = await kernel.until(() => kernel.of(id).find(({ metadata }) => metadata.late_failure));
    expect((await other).published.some(({ metadata }) => metadata.late_failure)).toBe(false);
    return message;
  }

  test("of a timer reaches the cell that set it", async () => {
    const { content, metadata } = await failureOf(
      "setTimeout(() => { throw new RangeError('late') }, 20); 1",
    );
    expect(metadata).toEqual({ late_failure: true, ename: "RangeError", evalue: "late" });
    expect(content.name).toBe("stderr");
    expect(content.text).toMatch(/^UncaughtException: RangeError: late\n> 1 \| setTimeout/);
    expect(content.text).toMatch(/at .*\(cell \d+:1:26\)\n$/);
  });

  test("of a promise that nobody handles reaches the cell that made it", async () => {
    const { content, metadata } = await failureOf(
      "const later = async () => { await new Promise((r) => setTimeout(r, 20)); throw new Error('rejected') }\nlater(); 1",
    );
    expect(metadata).toEqual({ late_failure: true, ename: "Error", evalue: "rejected" });
    expect(content.text).toMatch(/^UnhandledPromiseRejection: Error: rejected\n/);
  });

  test("of a worker reaches the cell that started it", async () => {
    const { content, metadata } = await failureOf(
      "import { Worker } from 'node:worker_threads'\nnew Worker('throw new RangeError(\"in the worker\")', { eval: true }); 1",
    );
    expect(metadata).toEqual({ late_failure: true, ename: "RangeError", evalue: "in the worker" });
    expect(content.text).toMatch(/^UncaughtException: RangeError: in the worker\n/);
  });

  test("leaves the kernel alive and its names as they were", async () => {
    await kernel.run("const kept = 7");
    await failureOf("queueMicrotask(() => { throw new Error('micro') }); 1");
    expect((await kernel.run("if (kept !== 7) throw new Error('lost')")).reply.status).toBe("ok");
  });
});

test("stock tslab shows it to whichever cell runs then, without a mark", async () => {
  await using kernel = await Kernel.start({ argv: kernels.stock });
  const waits =
    "let go = () => {}; new Promise<void>((r) => { go = r }).then(() => setTimeout(() => { throw new Error('late') }, 0)); undefined";
  const first = await kernel.submit(waits);
  await kernel.answer(first);
  const second = await kernel.run("go(); await new Promise((r) => setTimeout(r, 120))");
  const late = second.published.find(({ header }) => header.msg_type === "stream");
  expect(late?.content.text).toMatch(/^UncaughtException: Error: late/);
  expect(late?.metadata).toEqual({});
  expect(kernel.of(first, "stream")).toEqual([]);
});
