/** The debugger and the threads that cells start. */

import { describe, expect, test } from "vitest";
import { debugged } from "./debug-client";

const { kernel, client, runTo, finish } = debugged();

const square = `import { toThread } from "kernel-helpers";
const offset = 100;
let ticks = 0;
const ticking = setInterval(() => ticks++, 1);
const found = await toThread((n: number) => {
  const squared = n * n;
  return squared + offset;
}, 5);
clearInterval(ticking);
found`;

const result = (answer: {
  published: { header: { msg_type: string }; content: { data: Record<string, string> } }[];
}) => answer.published.find(({ header }) => header.msg_type === "execute_result")?.content.data["text/plain"];

describe("a function that travels to a thread", () => {
  test("is stopped there, at its line in the cell, and the event loop goes on", async () => {
    const stop = await runTo(square, 7);
    expect(stop.threadId).toBeGreaterThan(1);
    expect(stop.frames.map(({ line, source }) => [line, source.name])).toEqual([
      [7, expect.stringMatching(/^cell \d+$/)],
    ]);
    const { threads } = await client.do("threads");
    expect(threads[0]).toEqual({ id: 1, name: "event loop" });
    expect(threads.find(({ id }: { id: number }) => id === stop.threadId).name).toMatch(/Worker-\d/);
    expect(threads.map(({ name }: { name: string }) => name).join()).not.toMatch(/sockets/);
    expect(await client.scope(stop.frames[0].id)).toMatchObject({
      n: { value: "5" },
      squared: { value: "25" },
    });
    expect(
      await client.do("evaluate", { expression: "squared + offset", frameId: stop.frames[0].id }),
    ).toMatchObject({ result: "125" });
    const ticks = async () => Number((await client.do("evaluate", { expression: "ticks" })).result);
    const before = await ticks();
    while ((await ticks()) < before + 3);
    expect(result(await finish(stop))).toBe("125");
  });

  test("is stopped where the engine has put the breakpoint in its cell", async () => {
    const chain = `import { toThread } from "kernel-helpers";
await toThread(() => {
  const all = [1, 2];
  const chain = all
    .map((n) => n + 1)
    .join();
  return chain;
});`;
    const stop = await runTo(chain, 4);
    expect(stop).toMatchObject({ reason: "breakpoint", frames: [{ line: 5 }] });
    expect(stop.threadId).toBeGreaterThan(1);
    await finish(stop);
  });

  test("is stepped through; stepping past its end lets the thread go on", async () => {
    const stop = await runTo(square, 6);
    await client.do("next", { threadId: stop.threadId });
    expect(await client.stopped()).toMatchObject({
      threadId: stop.threadId,
      reason: "step",
      frames: [{ line: 7 }],
    });
    await client.do("next", { threadId: stop.threadId });
    expect(result(await kernel.answer(stop.id))).toBe("125");
  });

  test("is stepped over on the event loop, behind its await", async () => {
    const stop = await runTo(square, 5);
    expect(stop.threadId).toBe(1);
    await client.do("next", { threadId: 1 });
    expect(await client.stopped()).toMatchObject({ threadId: 1, reason: "step", frames: [{ line: 9 }] });
    await finish(stop);
  });

  test("is stepped into from the event loop, which then stops behind its await", async () => {
    const stop = await runTo(square, 5);
    await client.do("stepIn", { threadId: 1 });
    const inside = await client.stopped();
    expect(inside).toMatchObject({ reason: "step", frames: [{ line: 6 }] });
    expect(inside.threadId).toBeGreaterThan(1);
    await client.do("continue", { threadId: inside.threadId });
    expect(await client.stopped()).toMatchObject({ threadId: 1, reason: "step", frames: [{ line: 9 }] });
    expect(result(await finish(stop))).toBe("125");
    // The next task begins unnoticed.
    expect(result(await kernel.run(`${square};`))).toBe("125");
  });

  test("stops with what it captured from an earlier cell, which can be read and set", async () => {
    await kernel.run("let earlier = 3");
    const code = `import { toThread } from "kernel-helpers";\nconst used = await toThread(() => {\n  return earlier * 2;\n});\nused`;
    const stop = await runTo(code, 3);
    const closure = await client.scope(stop.frames[0].id, "Closure");
    expect(closure.earlier).toMatchObject({ value: "3" });
    expect(
      await client.do("evaluate", { expression: "earlier + 1", frameId: stop.frames[0].id }),
    ).toMatchObject({ result: "4" });
    const { scopes } = await client.do("scopes", { frameId: stop.frames[0].id });
    const { variablesReference } = scopes.find(({ name }: { name: string }) => name === "Closure");
    await client.do("setVariable", { variablesReference, name: "earlier", value: "21" });
    expect(result(await finish(stop))).toBe("42");
  });

  test("is stopped on its errors that leave it, and not on those that it catches", async () => {
    await client.attach();
    await client.do("setExceptionBreakpoints", { filters: ["uncaught"] });
    const code = `import { toThread } from "kernel-helpers";
await toThread(() => {
  try { throw new Error("kept") } catch {}
  throw new Error("gone");
});`;
    const id = await kernel.submit(code);
    const stop = await client.stopped();
    expect(stop).toMatchObject({ reason: "exception", text: "Error: gone", frames: [{ line: 4 }] });
    expect((await finish({ id, threadId: stop.threadId })).reply).toMatchObject({
      status: "error",
      evalue: "gone",
    });
  });
});

describe("several threads", () => {
  const two = `import { toThread } from "kernel-helpers";
const work = (name: string) => {
  const said = name.toUpperCase();
  return said;
};
(await Promise.all([toThread(work, "a"), toThread(work, "b")])).join()`;

  test("are stopped one by one, and go on one by one", async () => {
    const first = await runTo(two, 4);
    const second = await client.stopped();
    expect(second.threadId).not.toBe(first.threadId);
    expect((await client.do("debugInfo")).stoppedThreads.sort()).toEqual(
      [first.threadId, second.threadId].sort(),
    );
    await client.do("continue", { threadId: second.threadId });
    // A front end that shows one thread is led back to the other.
    expect((await client.stopped()).threadId).toBe(first.threadId);
    expect(result(await finish({ id: first.id, threadId: first.threadId }))).toBe("'A,B'");
  });

  test("go on by a continue of JupyterLab's, which always says thread 1", async () => {
    await client.attach("jupyterlab");
    await client.breakAt(two, 4);
    const id = await kernel.submit(two);
    await client.stopped();
    await client.stopped();
    await client.do("continue", { threadId: 1 });
    await client.stopped();
    expect(result(await finish({ id, threadId: 1 }))).toBe("'A,B'");
  });

  test("that a cell makes by hand are there as well, by the names that it gave", async () => {
    await client.attach();
    await kernel.run(`import { Worker } from "node:worker_threads";
const own = new Worker("setInterval(() => {}, 1000)", { eval: true, name: "by hand" });`);
    const names = async () => {
      const { threads } = await client.do("threads");
      return threads.map(({ name }: { name: string }) => name) as string[];
    };
    while (!(await names()).includes("by hand"));
    await kernel.run("await own.terminate()");
    while ((await names()).includes("by hand"));
  });
});
