import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Kernel, kernels, streamText } from "./client";

describe("cells behind a failing one", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  async function submitAll(cells: [string, object?][]) {
    const ids: string[] = [];
    for (const [code, options] of cells) ids.push(await kernel.submit(code, options));
    return Promise.all(ids.map((id) => kernel.answer(id)));
  }

  test("are answered aborted when stop_on_error asks for it, each with busy and idle", async () => {
    const fails = "await new Promise((r) => setTimeout(r, 50)); throw new Error('x')";
    const [first, second, third] = await submitAll([[fails, { stop_on_error: true }], ["1"], ["2"]]);
    expect(first!.reply.status).toBe("error");
    for (const answer of [second!, third!]) {
      expect(answer.reply).toEqual({ status: "aborted" });
      expect(answer.published.map(({ content }) => content.execution_state)).toEqual(["busy", "idle"]);
    }
  });

  test("run when stop_on_error is false", async () => {
    const answers = await submitAll([
      ["throw new Error('x')", { stop_on_error: false }],
      ["console.log('ran')"],
    ]);
    expect(streamText(answers[1]!)).toBe("ran\n");
  });

  test("run when they are sent after the error's reply: there is no waiting window", async () => {
    await kernel.run("throw new Error('x')");
    const answers = [await kernel.run("console.log('ran')"), await kernel.run("console.log('ran too')")];
    expect(answers.map((answer) => streamText(answer))).toEqual(["ran\n", "ran too\n"]);
    expect(answers.map(({ reply }) => reply.status)).toEqual(["ok", "ok"]);
  });

  test("do not take other requests with them", async () => {
    const failing = await kernel.submit("await new Promise((r) => setTimeout(r, 50)); throw new Error('x')");
    const question = await kernel.send("is_complete_request", { code: "1" });
    await kernel.answer(failing);
    expect((await kernel.answer(question)).reply).toEqual({ status: "complete" });
  });
});

test("stock tslab does not run a cell sent right after an error", async () => {
  await using kernel = await Kernel.start({ argv: kernels.stock });
  await kernel.run("throw new Error('x')");
  expect((await kernel.run("console.log('ran')")).reply).toEqual({ status: "abort" });
});
