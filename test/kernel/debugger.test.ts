/** The debugger of the kernel: conversations in the Debug Adapter Protocol, over a real kernel's sockets. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { streamText } from "./client";
import { debugged } from "./debug-client";

const { kernel, client, runTo, finish } = debugged();

const add = `let total = 10;
function add(n: number): number {
  const twice = n * 2;

  // a comment
  total += twice;
  return total;
}
const result = add(4);
result + 1`;

describe("what the kernel says of its debugger", () => {
  test("is in kernel_info, and in debugInfo before anybody has attached", async () => {
    const { reply } = await kernel.ask("kernel_info_request");
    expect(reply).toMatchObject({ debugger: true, supported_features: expect.arrayContaining(["debugger"]) });
    expect(await client.do("debugInfo")).toMatchObject({
      isStarted: false,
      hashMethod: "Murmur2",
      breakpoints: [],
      stoppedThreads: [],
    });
  });

  test("dumpCell gives the path that JupyterLab computes from the code", async () => {
    const { hashSeed, tmpFilePrefix, tmpFileSuffix } = await client.do("debugInfo");
    expect(hashSeed).toBe(0xc70f6907);
    // From JupyterLab's own murmur2, for texts of each length modulo 4.
    const hashes = {
      "": 3990065800,
      a: 2167009006,
      ab: 2805137849,
      abc: 3350977461,
      "let x = 1;": 67329842,
      "const é = 'д😀';\n": 2115714657,
    };
    for (const [code, hash] of Object.entries(hashes)) {
      const { sourcePath } = await client.do("dumpCell", { code });
      expect(sourcePath).toBe(`${tmpFilePrefix}${hash}${tmpFileSuffix}`);
    }
  });

  test("an unknown request is answered, with success false", async () => {
    expect(await client.ask("readMemory")).toMatchObject({
      type: "response",
      success: false,
      command: "readMemory",
      message: 'This kernel\'s debugger does not know the request "readMemory".',
    });
    expect(await client.ask("next", { threadId: 1 })).toMatchObject({
      message: "The debugger is not attached.",
    });
  });
});

describe("a breakpoint in a cell", () => {
  test("stops at its line, with the reader's names and lines, and without the kernel's frames", async () => {
    const stop = await runTo(add, 6);
    expect(stop).toMatchObject({ reason: "breakpoint", threadId: 1 });
    expect(stop.frames.map(({ name, line }) => [name, line])).toEqual([
      ["add", 6],
      [expect.stringMatching(/^cell \d+$/), 9],
    ]);
    expect(await client.scope(stop.frames[0].id)).toMatchObject({ n: { value: "4" }, twice: { value: "8" } });
    const outer = await client.scope(stop.frames[1].id);
    expect(Object.keys(outer).sort()).toEqual(["add", "result", "total"].filter((name) => name in outer));
    expect(outer.total).toMatchObject({ value: "10", type: "number" });
    const { reply } = await finish(stop);
    expect(reply.status).toBe("ok");
  });

  test("on a line without code is moved to the next one that has some, and says so", async () => {
    const [moved, none] = await client.breakAt(`${add}\n\n// the end`, 5, 12);
    expect(moved).toMatchObject({
      verified: true,
      line: 6,
      message: "Nothing runs on line 5: moved to line 6.",
    });
    expect(none).toMatchObject({ verified: false, message: "Nothing runs on line 12 or below it." });
    const types =
      "interface A {\n  a: number;\n}\ntype B = A;\nimport fs from 'fs';\ndeclare const c: B;\nlet d: A;\nconst e = 1;";
    expect(await client.breakAt(types, 1, 4, 7)).toMatchObject([{ line: 8 }, { line: 8 }, { line: 8 }]);
  });

  test("that was set before anybody attached holds", async () => {
    await client.breakAt("const early = 1;\nearly", 2);
    await client.attach();
    const id = await kernel.submit("const early = 1;\nearly");
    const stop = await client.stopped();
    expect(stop.place).toMatch(/^cell \d+ 2$/);
    await finish({ id, threadId: 1 });
  });

  test("does not stop another source, and is gone when it is taken away", async () => {
    await client.attach();
    const code = "const here = 1;\nhere + 1";
    await client.breakAt(code, 2);
    expect((await kernel.run(`${code};`)).reply.status).toBe("ok");
    await client.breakAt(code);
    expect((await kernel.run(code)).reply.status).toBe("ok");
  });

  test("in a function of an earlier cell stops when a later cell calls it", async () => {
    await client.attach();
    const code = "function later(k: number) {\n  return k + 1;\n}";
    await kernel.run(code);
    await client.breakAt(code, 2);
    const id = await kernel.submit("later(41)");
    const stop = await client.stopped();
    expect(stop.frames.map(({ name, line }) => [name, line])).toEqual([
      ["later", 2],
      [expect.stringMatching(/^cell \d+$/), 1],
    ]);
    expect(stop.frames[0].source.path).not.toBe(stop.frames[1].source.path);
    expect(await client.do("source", { source: stop.frames[0].source })).toMatchObject({ content: code });
    await finish({ id, threadId: 1 });
  });

  test("in a file that a cell imports stops at its line", async () => {
    await client.attach();
    const path = join(import.meta.dirname, "../fixtures/kernel/language/helper.ts");
    const lines = readFileSync(path, "utf8").split("\n");
    const line = lines.findIndex((text) => text.includes("throw new Error"));
    // The line above is the function's own.
    await client.do("setBreakpoints", { source: { path }, breakpoints: [{ line }] });
    const id = await kernel.submit(
      'import { fail } from "./test/fixtures/kernel/language/helper";\ntry {\n  fail();\n} catch {}',
    );
    const stop = await client.stopped();
    expect(stop).toMatchObject({ place: `fail ${line + 1}`, frames: [{ source: { path } }, { line: 3 }] });
    expect((await client.do("modules")).modules).toMatchObject([{ path }]);
    await client.do("setBreakpoints", { source: { path }, breakpoints: [] });
    await finish({ id, threadId: 1 });
  });

  test("with a condition stops when it holds; names of earlier cells are known to it", async () => {
    await kernel.run("const limit = 3");
    const code = "for (let i = 0; i < 6; i++) {\n  Math.abs(i);\n}";
    const stop = await runTo(code, { line: 2, condition: "i > limit" });
    expect(await client.scope(stop.frames[0].id)).toMatchObject({ i: { value: "4" } });
    await client.breakAt(code);
    await finish(stop);
  });

  test("with a condition that throws does not stop, and says so once", async () => {
    await client.attach();
    const code = "for (let i = 0; i < 3; i++) {\n  Math.abs(i);\n}";
    await client.breakAt(code, { line: 2, condition: "nothing.at.all" });
    const answer = await kernel.run(code);
    expect(
      streamText(answer, "stderr").match(
        /The condition of the breakpoint in cell \d+, line 2, threw TypeError/g,
      ),
    ).toHaveLength(1);
    const [bad] = await client.breakAt(code, { line: 2, condition: "i >" });
    expect(bad).toMatchObject({ verified: false, message: expect.stringContaining("no expression") });
  });

  test("with a log message prints under the cell and goes on", async () => {
    await client.attach();
    const code = "for (let i = 0; i < 2; i++) {\n  Math.abs(i);\n}";
    await client.breakAt(code, { line: 2, logMessage: "i is {i}, `twice` {i * 2}" });
    expect(streamText(await kernel.run(code))).toBe("i is 0, `twice` 0\ni is 1, `twice` 2\n");
  });
});

describe("steps", () => {
  test("over, into and out of a function go by the reader's statements", async () => {
    const stop = await runTo(add, 9);
    const places: string[] = [];
    for (const command of ["stepIn", "next", "next", "stepOut"]) {
      await client.do(command, { threadId: 1 });
      const { place, reason } = await client.stopped();
      expect(reason).toBe("step");
      places.push(place.replace(/cell \d+/, "cell"));
    }
    expect(places).toEqual(["add 3", "add 6", "add 7", "cell 10"]);
    expect((await finish(stop)).reply.status).toBe("ok");
  });

  test("over an await stops behind it", async () => {
    const code = "const waited = await new Promise<number>((resolve) => setTimeout(resolve, 5, 7));\nwaited";
    const stop = await runTo(code, 1);
    await client.do("next", { threadId: 1 });
    expect((await client.stopped()).place).toMatch(/^cell \d+ 2$/);
    await finish(stop);
  });

  test("past the last statement end the cell", async () => {
    const stop = await runTo("const last = 1;\nlast", 2);
    await client.do("next", { threadId: 1 });
    expect((await kernel.answer(stop.id)).reply.status).toBe("ok");
  });
});

describe("a pause", () => {
  test("stops a loop that would never end", async () => {
    await client.attach();
    const id = await kernel.submit(
      "const state = { on: true };\nconsole.log('in');\nwhile (state.on) {\n  Math.random();\n}",
    );
    await kernel.until(() => kernel.of(id, "stream")[0]);
    await client.do("pause", { threadId: 1 });
    const { reason, frames } = await client.stopped();
    expect(reason).toBe("pause");
    expect([2, 3, 4]).toContain(frames[0].line);
    await client.do("evaluate", { expression: "state.on = false", frameId: frames[0].id });
    await finish({ id, threadId: 1 });
  });
});
