import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Kernel, kernels, published, streamText } from "./client";

let kernel: Kernel;
beforeAll(async () => {
  kernel = await Kernel.start();
});
afterAll(() => kernel[Symbol.asyncDispose]());

test("a cell may use for await at its top, with no other await beside it", async () => {
  await kernel.run("async function* pair() { yield 1; yield 2 }");
  const answer = await kernel.run("let sum = 0\nfor await (const n of pair()) sum += n\nsum");
  expect(answer.reply.status).toBe("ok");
  expect(published(answer, "execute_result").data["text/plain"]).toBe("3");
});

test("a for await inside a function does not make its cell wait", async () => {
  const answer = await kernel.run(
    "async function drain(xs: AsyncIterable<number>) { for await (const _ of xs); }\n'sync'",
  );
  expect(answer.reply.status).toBe("ok");
});

test("a name of an earlier cell may stand alone in an object, in a target, and be hidden by a closer one", async () => {
  await kernel.run("let cores = 3, other = 0; const name = 'outer';");
  const answer = await kernel.run(`
    const inner = (name: string) => ({ name });
    const nested = [{ cores, deep: { cores, name } }, inner("inner")];
    ({ cores, other = 7 } = { cores: 4 } as { cores: number; other?: number });
    JSON.stringify([nested, { cores, other }])`);
  expect(answer.reply.status).toBe("ok");
  expect(published(answer, "execute_result").data["text/plain"]).toBe(
    `'[[{"cores":3,"deep":{"cores":3,"name":"outer"}},{"name":"inner"}],{"cores":4,"other":7}]'`,
  );
});

test("an error beside such a name is still told at its own place", async () => {
  const answer = await kernel.run("const both = { cores, name };\nnull!.x({ cores });");
  const text = stripVTControlCharacters(answer.reply.traceback.join("\n"));
  expect(text).toMatch(/> 2 \| null!\.x/);
});

test("stock tslab loses a name that stands alone in an object", async () => {
  await using stock = await Kernel.start({ argv: kernels.stock });
  await stock.run("const cores = 3;");
  expect((await stock.run("({ cores })")).reply.status).toBe("error");
});

test("`using` is refused with the version that brought it and the way out", async () => {
  const answer = await kernel.run("const open = () => ({})\nusing file = open()");
  const text = stripVTControlCharacters(answer.reply.traceback.join("\n"));
  expect(answer.reply.status).toBe("error");
  expect(text).toContain("This kernel compiles with TypeScript 5.0.4: `using` came with TypeScript 5.2.");
  expect(text).toContain("try { … } finally { … }");
});

for (const [code, name] of [
  ["[1, 2].findLast((n) => n > 1)", "findLast"],
  ["Promise.withResolvers()", "withResolvers"],
  ["Array.fromAsync([])", "fromAsync"],
  ["new Set([1]).union(new Set([2]))", "union"],
]) {
  test(`${name} is refused with the library that the compiler knows and the way out`, async () => {
    const answer = await kernel.run(code!);
    expect(answer.reply.status).toBe("error");
    const text = answer.reply.traceback.join("\n");
    expect(text).toContain(`whose library ends at ES2022 and does not know \`${name}\``);
    expect(text).toContain(`(value as any).${name}`);
  });
}

test("a misspelt name gets no such hint", async () => {
  const answer = await kernel.run("[1].fliter(Boolean)");
  expect(answer.reply.traceback.join("\n")).not.toContain("This kernel compiles");
});

test("stock tslab fails on a top-level for await", async () => {
  await using stock = await Kernel.start({ argv: kernels.stock });
  await stock.run("async function* pair() { yield 1; yield 2 }");
  const answer = await stock.run("for await (const n of pair()) console.log(n)");
  expect(answer.reply.status).toBe("error");
  expect(streamText(answer, "stderr")).toContain("SyntaxError");
});
