/** The debugger of the kernel: conversations in the Debug Adapter Protocol, over a real kernel's sockets. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { murmur2 } from "../../kernel-helpers/kernel/debugger/murmur2";
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
    expect(await client.ask("toString")).toMatchObject({ success: false });
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

  test("is where the engine has put it: a client hears when that is another line", async () => {
    const code = "const all = [3, 1, 2];\nconst chain = all\n  .filter((n) => n > 1)\n  .join();\nchain";
    await client.attach();
    await client.breakAt(code, 2);
    const id = await kernel.submit(code);
    const { reason, breakpoint } = await client.event("breakpoint");
    const stop = await client.stopped();
    expect([reason, breakpoint.line, breakpoint.verified]).toEqual(["changed", 3, true]);
    expect(stop).toMatchObject({ reason: "breakpoint", frames: [{ line: 3 }] });
    await finish({ id, threadId: 1 });
    const empty =
      "let turns = 0;\ntry {\n  turns++;\n} finally {\n  turns++;\n}\ndo {\n  turns--;\n} while (turns > 0);";
    const lines = (await client.breakAt(empty, 2, 4, 7, 9)).map(({ line }) => line);
    expect(lines).toEqual([3, 5, 8, 9]);
  });

  test("in a source that nobody has seen is found when that runs", async () => {
    const code = "// unseen\n\nconst seen = 1;\nseen";
    const { sourcePath } = await client.do("dumpCell", { code });
    const other = await client.do("dumpCell", { code: `${code};` });
    expect(other.sourcePath).not.toBe(sourcePath);
    await client.attach();
    const { hashSeed, tmpFilePrefix, tmpFileSuffix } = await client.do("debugInfo");
    const unseen = `${code}\n// never dumped`;
    const path = `${tmpFilePrefix}${murmur2(unseen, hashSeed)}${tmpFileSuffix}`;
    const { breakpoints } = await client.do("setBreakpoints", {
      source: { path },
      breakpoints: [{ line: 2 }],
    });
    expect(breakpoints).toMatchObject([{ verified: false, line: 2 }]);
    const id = await kernel.submit(unseen);
    expect((await client.event("breakpoint")).breakpoint).toMatchObject({
      id: breakpoints[0].id,
      verified: true,
      line: 3,
    });
    const stop = await client.stopped();
    expect(stop.frames[0].line).toBe(3);
    await finish({ id, threadId: 1 });
  });

  test("needs a line and a source", async () => {
    expect(await client.ask("setBreakpoints", {})).toMatchObject({ success: false });
    const bad = await client.breakAt("const a = 1;", { line: 0 }, { line: "1" }, { line: 1.5 }, {});
    expect(bad.map(({ verified }) => verified)).toEqual([false, false, false, false]);
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

  test.each([
    ["shadow === undefined", true, "a local of no value hides an earlier cell's variable"],
    ["shadow === 7", false, "as the one before"],
    ["list.some((shadow) => shadow === 2)", true, "parameters of its own hide"],
    ["[shadow2].map(({ toFixed: shadow2 }) => typeof shadow2)[0] === 'function'", true, "patterns, too"],
    ["typeof typo === 'undefined'", true, "typeof asks of what there is not"],
    ["typo > 1", false, "anything else says that it does not know the name"],
  ])("with the condition %s stops: %s, since %s", async (condition, stops) => {
    await kernel.run("let shadow = 7; let shadow2 = 7; let list = [1, 2]");
    const code = `function cond(p: number, shadow?: number) {\n  return p;\n}\ncond(5); // ${condition}`;
    await client.attach();
    await client.breakAt(code, { line: 2, condition });
    const id = await kernel.submit(code);
    if (stops) await finish({ id, threadId: (await client.stopped()).threadId });
    const answer = await kernel.answer(id);
    const said = condition.startsWith("typo") ? /threw ReferenceError: typo is not defined/ : /^$/;
    expect(streamText(answer, "stderr")).toMatch(said);
  });

  test("with a condition that throws does not stop, and says so once", async () => {
    await client.attach();
    const code = "for (let i = 0; i < 3; i++) {\n  Math.abs(i);\n}";
    await client.breakAt(code, { line: 2, condition: "nothing.at.all" });
    const answer = await kernel.run(code);
    expect(
      streamText(answer, "stderr").match(
        /The condition of the breakpoint in cell \d+, line 2, threw ReferenceError: nothing is not defined/g,
      ),
    ).toHaveLength(1);
    const [bad] = await client.breakAt(code, { line: 2, condition: "i >" });
    expect(bad).toMatchObject({ verified: false, message: expect.stringContaining("no expression") });
  });

  test("with a log message of any braces prints values, and errors in their place", async () => {
    await client.attach();
    const code = "const o = { a: [1] };\no; // braces";
    const logMessage = "{o.a} `t` ${o} {nosuch} {JSON.stringify({ b: 2 })} {} { \\ {'}'}";
    await client.breakAt(code, { line: 2, logMessage });
    expect(streamText(await kernel.run(code))).toBe(
      '[ 1 ] `t` ${ a: [ 1 ] } ReferenceError: nosuch is not defined {"b":2} {} { \\ }\n'.replace(
        "${",
        "$" + "{",
      ),
    );
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
