// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are code
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Kernel } from "./client";

let kernel: Kernel;
const cwd = realpathSync(mkdtempSync(join(tmpdir(), "kernel-questions-")));
beforeAll(async () => {
  writeFileSync(join(cwd, "beside.ts"), "export const beside = 1;");
  writeFileSync(join(cwd, "data.json"), "{}");
  kernel = await Kernel.start({ cwd });
  await kernel.run(
    'import { toThread, runInExecutor, ThreadPoolExecutor } from "kernel-helpers"; import { readFileSync } from "node:fs"; const executor = new ThreadPoolExecutor();',
  );
  await kernel.run(`/** Adds two numbers.
 * @param left the first one
 * @param right the second one
 * @returns their sum
 * @example
 * add(1, 2)
 */
function add(left: number, right: number): number { return left + right }
function over(text: string): string; function over(count: number, unit: string): number; function over(x: any): any { return x }
class Shape { constructor(readonly sides: number, name?: string) {} area(scale: number): number { return scale } }
const point = { x: 1, y: { z: 'deep' } }; const many = (first: string, ...rest: number[]) => rest;`);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(cwd, { recursive: true });
});

/** Asks about code with a cursor, `¦`. */
async function ask(type: "inspect" | "complete", text: string) {
  const code = text.replace("¦", "");
  const cursor_pos = [...text.slice(0, text.indexOf("¦"))].length;
  const { reply } = await kernel.ask(`${type}_request`, { code, cursor_pos, detail_level: 0 });
  expect(reply.status).toBe("ok");
  return reply;
}

describe("inspection inside a call", () => {
  test.for([
    ["await toThread(¦", ["toThread(fn:"], /\*\*fn: /],
    ["await toThread(¦)", ["toThread(fn:"], /\*\*fn: /],
    ["runInExecutor(null, ¦", ["runInExecutor"], /\*\*f/],
    ["new ThreadPoolExecutor(¦", ["ThreadPoolExecutor(options"], /\*\*options/],
    ['readFileSync("x"¦', ["readFileSync(path"], /\*\*path: /],
    ['readFileSync("x", ¦)', ["readFileSync(path"], /\*\*options/],
    ["add(¦", ["add(left: number, right: number): number"], /\*\*left: number\*\*: the first one/],
    ["add(1,¦ 2)", ["add(left: number"], /\*\*right: number\*\*: the second one/],
    ["add(1, 2¦", ["add(left: number"], /\*\*right: number\*\*/],
    [
      "over(5, ¦",
      ["over(count: number, unit: string): number", "over(text: string): string"],
      /\*\*unit: string/,
    ],
    ["new Shape(¦", ["Shape(sides: number, name?: string)"], /\*\*sides/],
    ["new Shape(3).area(¦", ["area(scale: number): number"], /\*\*scale/],
    ["many('a', 1, 2, ¦", ["many(first: string, ...rest: number[])"], /\*\*...rest: number\[\]/],
    ["[1].map(¦", ["map(callbackfn"], /\*\*callbackfn/],
    ["add(add(1, ¦", ["add(left"], /\*\*right/],
    ["add(\n  1,\n  ¦\n)", ["add(left"], /\*\*right/],
    ["`${add(¦)}`", ["add(left"], /\*\*left/],
    ["fetch(¦", ["fetch("], /\*\*input/],
  ] as [string, string[], RegExp][])("%s", async ([code, parts, active]) => {
    const { found, data } = await ask("inspect", code);
    expect(found).toBe(true);
    for (const part of parts) expect(data["text/plain"]).toContain(part);
    expect(data["text/markdown"]).toMatch(active);
    expect(data["text/plain"]).not.toMatch(/^\*\*/m);
  });

  test("says what the function and its parameters are for", async () => {
    const { data } = await ask("inspect", "add(¦");
    expect(data["text/plain"]).toContain("Adds two numbers.");
    expect(data["text/markdown"]).toMatch(
      /^```typescript\nadd\(left: number, right: number\): number\n```\n/,
    );
  });
});

describe("inspection of a name", () => {
  test("shows how a callable interface is called", async () => {
    const { data } = await ask("inspect", "toTh¦read");
    expect(data["text/plain"]).toContain("toThread<");
    expect(data["text/markdown"]).toContain("```typescript");
  });

  test.for([
    ["po¦int", "const point: {"],
    ["point.y.z¦", "(property) z: string"],
    ["add¦(1, 2)", "function add(left: number, right: number): number"],
    ["add(po¦int.x, 1)", "const point"],
    ["Math.ma¦x(1)", "max(...values: number[]): number"],
    ["new Sha¦pe(3)", "Shape"],
    ["let s: Sha¦pe", "class Shape"],
  ])("%s", async ([code, text]) => {
    const { found, data } = await ask("inspect", code!);
    expect([found, data["text/plain"]]).toEqual([true, expect.stringContaining(text!)]);
  });

  test("keeps documentation apart from examples", async () => {
    const { data } = await ask("inspect", "ad¦d");
    expect(data["text/markdown"]).toContain("*@returns* their sum");
    expect(data["text/markdown"]).toContain("```typescript\nadd(1, 2)\n```");
  });

  test.for(["¦", "unknownName¦", "1¦2", "'te¦xt'", "// a com¦ment", "point.¦"])(
    "finds nothing: %s",
    async (code) => {
      expect(await ask("inspect", code)).toMatchObject({ found: false, data: {} });
    },
  );
});

describe("completion", () => {
  test.for([
    ["toTh¦", "toThread", "function", /^</],
    ["point.¦", "x", "property", /^number$/],
    ["point.y.¦", "z", "property", /^string$/],
    ["new Sha¦", "Shape", "class", /./],
    ["new Shape(3).a¦", "area", "method", /^\(scale: number\): number$/],
    ["readFileS¦", "readFileSync", /./, /./],
    ["let s: Sha¦", "Shape", "class", /.*/],
    ["cons¦", "const", "keyword", /^$/],
  ] as [string, string, string | RegExp, RegExp][])(
    "%s: %s with its kind and signature",
    async ([code, text, type, signature]) => {
      const { matches, metadata } = await ask("complete", code);
      const types = metadata._jupyter_types_experimental;
      expect(matches).toContain(text);
      expect(types.map((each: { text: string }) => each.text)).toEqual(matches);
      const entry = types.find((each: { text: string }) => each.text === text);
      expect(entry.signature).toMatch(signature);
      if (typeof type === "string" && text !== "toThread") expect(entry.type).toBe(type);
    },
  );

  test.for([
    ['import {} from "node:f¦"', "node:fs", "node:f"],
    ['import {} from "node:fs/¦"', "promises", "node:fs/"],
    ['import {} from "./¦"', "beside", ""],
    ['import {} from "./be¦"', "beside", "be"],
    ['await import("./be¦")', "beside", "be"],
  ])("%s: %s", async ([text, match, written]) => {
    const { matches, cursor_start, cursor_end } = await ask("complete", text!);
    const code = text!.replace("¦", "");
    expect(matches).toContain(match);
    // What is replaced with an entry leaves a whole name.
    const replaced = code.slice(0, cursor_start) + match + code.slice(cursor_end);
    expect(replaced).toMatch(/"(?:\.\/beside|node:fs|node:fs\/promises)"/);
    expect(code.slice(cursor_start, cursor_end).endsWith(written!.slice(written!.lastIndexOf("/") + 1))).toBe(
      true,
    );
  });

  test("counts characters, as Jupyter does", async () => {
    const { matches, cursor_start, cursor_end } = await ask("complete", "const s = '🙂🙂'; poin¦");
    expect(matches).toEqual(["point"]);
    expect([cursor_start, cursor_end]).toEqual([16, 20]);
  });

  test("knows no name of a cell that failed", async () => {
    expect((await kernel.run("const neverMade = 1; throw new Error('fails')")).reply.status).toBe("error");
    expect((await ask("complete", "neverMa¦")).matches).toEqual([]);
    expect((await ask("complete", "poin¦")).matches).toEqual(["point"]);
  });

  test("finds a name from its middle, and what begins with it first", async () => {
    expect((await ask("complete", "point.y.z.toFix¦")).matches).toEqual([]);
    const { matches } = await ask("complete", "(1).to¦");
    expect(matches[0]).toMatch(/^to/);
  });
});

describe("while a cell keeps the main thread", () => {
  test("all are answered, with what that cell declares, and the cell goes on", async () => {
    // Until the sockets have found the compiler, questions wait.
    await kernel.run("await new Promise((done) => setTimeout(done, 1500))");
    await kernel.run("const stop = new Int32Array(new SharedArrayBuffer(4)); let spins = 0");
    const id = await kernel.submit(
      "const declaredHere = 1; console.log('started'); const until = Date.now() + 20_000; while (Date.now() < until) spins++",
    );
    await kernel.until(() => kernel.of(id, "stream")[0]);
    expect((await ask("complete", "declaredH¦")).matches).toEqual(["declaredHere"]);
    expect((await ask("inspect", "add(¦")).data["text/plain"]).toContain("add(left: number");
    expect((await kernel.ask("is_complete_request", { code: "f(" })).reply.status).toBe("incomplete");
    expect(kernel.of(id, "execute_reply")).toEqual([]);
    // Front ends read the last status, and the cell still runs: what says idle for a question is followed by its busy.
    const lastStatus = () => kernel.received.findLast(({ header }) => header.msg_type === "status")!;
    await kernel.until(() => (lastStatus().parent.msg_id === id ? true : undefined));
    expect(lastStatus().content.execution_state).toBe("busy");
    expect(kernel.of(id, "execute_reply")).toEqual([]);
    await kernel.ask("interrupt_request", {}, "control");
    expect((await kernel.answer(id)).reply.ename).toBe("Interrupted");
    expect((await ask("complete", "toThre¦")).matches).toContain("toThread");
  });
});

describe("is_complete", () => {
  test.for([
    ["1 + 1", "complete"],
    ["const a = 1", "complete"],
    ["", "complete"],
    ["// only a comment", "complete"],
    ["function f() {\n  return 1\n}", "complete"],
    ["await fetch('x')", "complete"],
    ["await (async () => 1)()", "complete"],
    ["const s = `abc`", "complete"],
    ["const el = <b>x</b>", "complete"],
    ["using x = y", "complete"],
    ["export const a = 1", "complete"],
    ["import x from 'y' with { type: 'json' }", "complete"],
    ["const same = <T>(x: T) => x", "complete"],
    ["x\n\n", "complete"],
    ["const s = `abc", "incomplete"],
    ["const s = `abc ${", "incomplete"],
    ["const s = `abc ${1", "incomplete"],
    ["const x: ", "incomplete"],
    ["const x =", "incomplete"],
    ["const x", "complete"],
    ["function f() {", "incomplete"],
    ["foo(", "incomplete"],
    ["foo(1,", "incomplete"],
    ["[1, 2", "incomplete"],
    ["({ a: 1", "incomplete"],
    ["1 +", "incomplete"],
    ["if (a)", "incomplete"],
    ["for (const x of", "incomplete"],
    ["class A {", "incomplete"],
    ["class A {\n  m() {", "incomplete"],
    ["/* a comment", "incomplete"],
    ["x =>", "incomplete"],
    ["import { a } from", "incomplete"],
    ["try {\n}", "incomplete"],
    ["await", "incomplete"],
    ["type A =", "incomplete"],
    ["interface A {", "incomplete"],
    ["const el = <b>", "incomplete"],
    ["enum E {", "incomplete"],
    ["do {} while (", "incomplete"],
    ["const f = async () => {\n", "incomplete"],
    ["@dec", "incomplete"],
    ["switch (a) {", "incomplete"],
    ["const s = `a\n\n", "incomplete"],
    ["}", "invalid"],
    [")", "invalid"],
    ["const 1x = 2", "invalid"],
    ["const = 5", "invalid"],
    ["'unterminated", "invalid"],
    ["foo)", "invalid"],
    ["function f() {} }", "invalid"],
    ["let x = ;", "invalid"],
    ["a b c", "invalid"],
    ["if (a) } {", "invalid"],
    ["1 + * 2", "invalid"],
  ] as [string, string][])("%j is %s", async ([code, status]) => {
    expect((await kernel.ask("is_complete_request", { code })).reply.status).toBe(status);
  });

  test("says how far the next line is indented", async () => {
    const indent = async (code: string) => (await kernel.ask("is_complete_request", { code })).reply.indent;
    expect(await indent("function f() {")).toBe("  ");
    expect(await indent("class A {\n  m() {")).toBe("    ");
    expect(await indent("foo(\n  1,")).toBe("  ");
  });
});

describe("inspection tells where a name is defined", () => {
  const definitionOf = async (code: string) =>
    (await ask("inspect", code)).metadata["kernel-helpers:definition"];

  test("in the source of a helper, in a file beside the notebook, in a package's types, in a cell", async () => {
    const helper = await definitionOf("toTh¦read");
    expect(helper.path).toMatch(/kernel-helpers\/threads\/executor\/[\w-]+\.ts$/);
    const line = readFileSync(join(cwd, helper.path), "utf8").split("\n")[helper.line - 1];
    expect(line).toMatch(/\btoThread\b/);
    expect(await definitionOf('import { besi¦de } from "./beside"; beside')).toEqual({
      name: "beside",
      path: "beside.ts",
      line: 1,
    });
    expect((await definitionOf("readFile¦Sync")).path).toMatch(/@types\/node\/fs\.d\.ts$/);
    expect(await definitionOf("ad¦d")).toEqual({ name: "add" });
    expect(await definitionOf("const inside = 1; insi¦de")).toEqual({ name: "inside" });
  });

  test("and nothing of a name that nothing defines", async () => {
    expect(await definitionOf("nowhe¦re")).toBeUndefined();
    expect(await definitionOf("¦")).toBeUndefined();
  });
});
