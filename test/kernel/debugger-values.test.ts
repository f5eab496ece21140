/** What a stopped thread shows: values, exceptions, and the variables without a stop. */

import { describe, expect, test } from "vitest";
import { debugged } from "./debug-client";

const { kernel, client, runTo, finish } = debugged();

describe("values", () => {
  const code = `const map = new Map([["a", 1], ["b", 2]]);
const set = new Set(["x"]);
const bytes = new Uint8Array(1000).fill(7);
const many = Array.from({ length: 250 }, (_, i) => i);
const done = Promise.resolve(3);
const open = new Promise(() => {});
const failed = new Error("outer", { cause: new TypeError("inner") });
let reads = 0;
class Point { #hidden = 1; x = 2; get y() { reads++; return this.#hidden + this.x } }
const point = new Point();
const text = "a \\"b\\"";
const odd = { undef: undefined, nil: null, big: 10n, nan: NaN, date: new Date(0), re: /x/g, [Symbol("s")]: 1, fn(a: number) { return a } };
odd`;

  test("of each kind are shown as a reader writes them, and open", async () => {
    const stop = await runTo(code, 13);
    const local = await client.scope(stop.frames[0].id);
    expect(Object.fromEntries(Object.entries(local).map(([name, { value }]) => [name, value]))).toMatchObject(
      {
        map: 'Map(2) { "a" => 1, "b" => 2 }',
        set: 'Set(1) { "x" }',
        bytes: expect.stringMatching(/^Uint8Array\(1000\) \[7, 7, .*…\]$/),
        done: "Promise { <fulfilled> 3 }",
        open: "Promise { <pending> }",
        failed: "Error: outer",
        reads: "0",
        text: '"a \\"b\\""',
        Point: "class Point",
      },
    );
    const open = async (name: string, page = {}) => client.children(local[name].variablesReference, page);
    expect(await open("failed")).toMatchObject({
      cause: { value: "TypeError: inner" },
      message: { value: '"outer"' },
    });
    expect(await open("done")).toMatchObject({ "[[PromiseState]]": { value: '"fulfilled"' } });
    const { entries } = await open("map");
    expect(await client.children(entries.variablesReference)).toMatchObject({ 0: { value: '{"a" => 1}' } });
    expect(await open("odd")).toMatchObject({
      undef: { value: "undefined" },
      nil: { value: "null", type: "null" },
      big: { value: "10n", type: "bigint" },
      nan: { value: "NaN" },
      re: { value: "/x/g" },
      "Symbol(s)": { value: "1" },
      fn: { value: "fn(a)", type: "function" },
    });
    await finish(stop);
  });

  test("in long lists come in parts, or by the page", async () => {
    const stop = await runTo(code, 13);
    const local = await client.scope(stop.frames[0].id);
    expect(local.many).toMatchObject({ indexedVariables: 250 });
    const parts = await client.children(local.many.variablesReference);
    expect(Object.keys(parts).slice(0, 3)).toEqual(["[0 … 99]", "[100 … 199]", "[200 … 249]"]);
    expect(Object.keys(await client.children(parts["[200 … 249]"].variablesReference))).toContain("249");
    const page = await client.children(local.bytes.variablesReference, {
      filter: "indexed",
      start: 990,
      count: 2,
    });
    expect(page).toMatchObject({ 990: { value: "7" }, 991: { value: "7" } });
    expect(Object.keys(page)).toHaveLength(2);
    await finish(stop);
  });

  test("of a getter are read only when it is opened", async () => {
    const stop = await runTo(code, 13);
    const { point } = await client.scope(stop.frames[0].id);
    const inside = await client.children(point.variablesReference);
    expect(inside).toMatchObject({ "#hidden": { value: "1" }, x: { value: "2" } });
    const prototype = await client.children(inside["[[Prototype]]"].variablesReference);
    expect(prototype.y).toMatchObject({ value: "(…)", presentationHint: { lazy: true } });
    const reads = async () =>
      (await client.do("evaluate", { expression: "reads", frameId: stop.frames[0].id })).result;
    expect(await reads()).toBe("0");
    await finish(stop);
  });

  test("can be set, for the cell and for later ones, and inside of objects", async () => {
    const cell = "let amount = 1;\nconst box = { held: 2 };\nconst sum = () => amount + box.held;\nsum();";
    const stop = await runTo(cell, 4);
    const { scopes } = await client.do("scopes", { frameId: stop.frames[0].id });
    const [{ variablesReference }] = scopes;
    expect(
      await client.do("setVariable", { variablesReference, name: "amount", value: "40 + 0" }),
    ).toMatchObject({
      value: "40",
    });
    const { box } = await client.scope(stop.frames[0].id);
    await client.do("setVariable", {
      variablesReference: box.variablesReference,
      name: "held",
      value: "'x'",
    });
    await finish(stop);
    const answer = await kernel.run("[amount, sum()].join()");
    expect(
      answer.published.find(({ header }) => header.msg_type === "execute_result")?.content.data["text/plain"],
    ).toBe("'40,40x'");
  });

  test("of each kind can be given to a variable; what is no place refuses", async () => {
    const cell =
      "let any: any = { m: new Map([['x', 1]]), s: new Set([1]), f: Object.freeze({ z: 1 }) };\nlet other: any = 0;\nother;";
    const stop = await runTo(cell, 3);
    const { scopes } = await client.do("scopes", { frameId: stop.frames[0].id });
    const [{ variablesReference }] = scopes;
    const set = async (name: string, value: string, reference = variablesReference) => {
      const { success, body, message } = await client.ask("setVariable", {
        variablesReference: reference,
        name,
        value,
      });
      return success ? body.value : message;
    };
    const given = {
      "5n": "5n",
      "'q\"'": '"q\\""',
      null: "null",
      undefined: "undefined",
      "-0": "-0",
      "{ a: 1 }": "{ a: 1 }",
      "[1]": "Array(1) [1]",
      any: expect.stringMatching(/^\{ m: Map/),
    };
    for (const [value, shown] of Object.entries(given)) expect(await set("other", value)).toEqual(shown);
    expect(await set("other", " ")).toMatch("needs a value");
    expect(await set("other", "x y")).toMatch("SyntaxError");
    const { any } = await client.scope(stop.frames[0].id);
    const { m, s, f } = await client.children(any.variablesReference);
    const { entries } = await client.children(m.variablesReference);
    expect(await set("0", "9", m.variablesReference)).toMatch("There is no variable 0");
    expect(await set("0", "9", s.variablesReference)).toMatch("There is no variable 0");
    expect(await set("0", "9", entries.variablesReference)).toMatch("map.set(key, value)");
    expect(await set("z", "9", f.variablesReference)).toMatch("read only");
    expect(
      await client.do("evaluate", { expression: "any.m.get('x')", frameId: stop.frames[0].id }),
    ).toMatchObject({ result: "1" });
    await finish(stop);
  });

  test("of an expression are those of the frame, else of the cells; what it throws is said", async () => {
    await kernel.run("const fromCells = 5");
    const stop = await runTo("function inner(a: number) {\n  return a;\n}\ninner(2)", 2);
    const frameId = stop.frames[0].id;
    expect(await client.do("evaluate", { expression: "a + fromCells", frameId })).toMatchObject({
      result: "7",
    });
    expect(await client.do("evaluate", { expression: "({ fromCells })" })).toMatchObject({
      result: "{ fromCells: 5 }",
    });
    expect(await client.ask("evaluate", { expression: "nowhere", frameId })).toMatchObject({
      success: false,
      message: "ReferenceError: nowhere is not defined",
    });
    expect(await client.do("richInspectVariables", { variableName: "a", frameId })).toMatchObject({
      data: { "text/plain": "2" },
    });
    await finish(stop);
    expect(await client.ask("scopes", { frameId })).toMatchObject({
      success: false,
      message: expect.stringContaining("gone on"),
    });
  });
});

describe("the variables panel", () => {
  test("shows without a stop what cells have made, kept current", async () => {
    await client.attach();
    await kernel.run("const shownHere = [1, 2]");
    const shown = async () =>
      Object.fromEntries(
        (await client.do("inspectVariables")).variables.map((each: { name: string }) => [each.name, each]),
      );
    expect((await shown()).shownHere).toMatchObject({
      value: "Array(2) [1, 2]",
      type: "Array",
      indexedVariables: 2,
    });
    await kernel.run("shownHere.push(3); const another = 'x'");
    expect(await shown()).toMatchObject({
      shownHere: { value: "Array(3) [1, 2, 3]" },
      another: { value: '"x"' },
    });
    expect(Object.keys(await shown()).filter((name) => /^__|^\[\[|tsLastExpr/.test(name))).toEqual([]);
  });
});

describe("exceptions", () => {
  const caught = "try {\n  throw new RangeError('in vain');\n} catch {}";

  test("stop where they are thrown, if all are asked for", async () => {
    await client.attach();
    await client.do("setExceptionBreakpoints", { filters: ["all"] });
    const id = await kernel.submit(caught);
    const stop = await client.stopped();
    expect(stop).toMatchObject({ reason: "exception", text: "RangeError: in vain" });
    expect(stop.frames[0].line).toBe(2);
    expect(await client.do("exceptionInfo", { threadId: 1 })).toMatchObject({ exceptionId: "RangeError" });
    await finish({ id, threadId: 1 });
  });

  test("stop only where they leave the cell, if uncaught ones are asked for", async () => {
    await client.attach();
    await client.do("setExceptionBreakpoints", { filters: ["uncaught"] });
    expect((await kernel.run(caught)).reply.status).toBe("ok");
    const id = await kernel.submit("function fails() {\n  throw new RangeError('out');\n}\nfails()");
    const stop = await client.stopped();
    expect(stop.place).toBe("fails 2");
    expect((await finish({ id, threadId: 1 })).reply).toMatchObject({ status: "error", ename: "RangeError" });
    expect(
      (await kernel.run(`${caught}\nawait (async () => { try { throw 1 } catch {} })()`)).reply.status,
    ).toBe("ok");
  });
});
