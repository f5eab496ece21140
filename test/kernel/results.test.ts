import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Kernel, kernels, published, streamText } from "./client";

describe("the value of the last expression", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  test("is an execute_result with the execution count of its input", async () => {
    const answer = await kernel.run("({ a: 1, b: ['x'] })");
    const input = published(answer, "execute_input");
    expect(input.code).toBe("({ a: 1, b: ['x'] })");
    expect(published(answer, "execute_result")).toEqual({
      data: { "text/plain": "{ a: 1, b: [ 'x' ] }" },
      metadata: {},
      execution_count: input.execution_count,
    });
    expect(answer.reply).toMatchObject({ status: "ok", execution_count: input.execution_count });
    expect(streamText(answer)).toBe("");
  });

  test("is shown as deep as fits, and never less deep than Node shows it", async () => {
    const text = async (code: string) =>
      published(await kernel.run(code), "execute_result").data["text/plain"];
    expect(await text("({ a: { b: { c: { d: { e: [[[1]]] } } } } })")).toContain("e: [ [ [ 1 ] ] ]");
    const wide = "Array.from({ length: 90 }, (_, i) => ({ i, in: { in: { deep: 'x'.repeat(80) } } }))";
    expect(await text(wide)).toContain("in: { in: [Object] }");
    expect(await text("const loop: any = { n: {} }; loop.n.back = loop; loop")).toContain("[Circular *1]");
    expect((await text("globalThis")).length).toBeLessThan(20_000);
  });

  test("of a class that shows itself has its text, too", async () => {
    const answer = await kernel.run(
      "class Chart { points = [1]; [Symbol.for('Jupyter.display')]() { return { 'text/html': '<b>x</b>' } } }\nnew Chart()",
    );
    expect(published(answer, "execute_result").data).toEqual({
      "text/html": "<b>x</b>",
      "text/plain": "Chart { points: [ 1 ] }",
    });
  });

  test("is nothing after a declaration, and for undefined", async () => {
    for (const code of ["const n = 1", "undefined", ""]) {
      expect(published(await kernel.run(code), "execute_result")).toBeUndefined();
    }
  });

  test("renders itself through Jupyter.display, also as a promise", async () => {
    const answer = await kernel.run(
      "({ [Symbol.for('Jupyter.display')]: async () => ({ 'text/html': '<b>x</b>', 'text/plain': 'x' }) })",
    );
    expect(published(answer, "execute_result").data).toEqual({ "text/html": "<b>x</b>", "text/plain": "x" });
  });

  test("may hold bytes, values with a toJSON, and functions that JSON leaves out", async () => {
    const answer = await kernel.run(`({ [Symbol.for('Jupyter.display')]: () => ({
      'image/png': new Uint8Array([1, 2, 3]),
      'application/json': { at: new Date(0), format() { return '' }, toJSON() { return { at: this.at } } },
    }) })`);
    expect(published(answer, "execute_result").data).toEqual({
      "image/png": "AQID",
      "application/json": { at: "1970-01-01T00:00:00.000Z" },
      "text/plain": "[image/png, application/json]",
    });
  });

  test("that holds its cell, as a timer does, shows no more of it than its name", async () => {
    const { execution_count } = (await kernel.run("1")).reply;
    const answer = await kernel.run("setImmediate(() => {})");
    const text = published(answer, "execute_result").data["text/plain"];
    expect(text).toMatch(/^Immediate \{/);
    expect(text).not.toContain("source:");
    if (text.includes("AsyncContextFrame")) expect(text).toContain(`=> cell ${execution_count + 1} }`);
  });

  test("whose Jupyter.display returns no object is told what it must return", async () => {
    const answer = await kernel.run("({ [Symbol.for('Jupyter.display')]: () => 'text' })");
    expect(answer.reply.evalue).toMatch(/must return an object of MIME types, .* got 'text'$/);
  });

  test("whose Jupyter.display throws is an error of the cell", async () => {
    const answer = await kernel.run(
      "({ [Symbol.for('Jupyter.display')]() { throw new RangeError('no picture') } })",
    );
    expect(answer.reply).toMatchObject({ status: "error", ename: "RangeError", evalue: "no picture" });
  });

  test("is not sent by a silent cell, which does not count either", async () => {
    const before = (await kernel.run("1")).reply.execution_count;
    const answer = await kernel.run("2", { silent: true, store_history: false });
    expect(answer.published.map(({ header }) => header.msg_type)).toEqual(["status", "status"]);
    expect((await kernel.run("3")).reply.execution_count).toBe(before + 1);
  });

  test("keeps its type for later cells", async () => {
    await kernel.run("const typed = { count: 2 }");
    expect((await kernel.run("typed.missing")).reply.ename).toBe("TypeScriptError");
    expect(published(await kernel.run("typed.count * 21"), "execute_result").data["text/plain"]).toBe("42");
  });
});

test("stock tslab prints it on stdout, without execute_result or execute_input", async () => {
  await using kernel = await Kernel.start({ argv: kernels.stock });
  const answer = await kernel.run("1 + 1");
  expect(streamText(answer)).toBe("2\n");
  expect(published(answer, "execute_result")).toBeUndefined();
  expect(published(answer, "execute_input")).toBeUndefined();
});
