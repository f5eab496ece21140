// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are code
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, Kernel, published } from "./client";

let kernel: Kernel;
beforeAll(async () => {
  kernel = await Kernel.start();
});
afterAll(() => kernel[Symbol.asyncDispose]());

const value = (answer: Answer) => published(answer, "execute_result")?.data["text/plain"];
const traceback = ({ reply }: Answer) => stripVTControlCharacters((reply.traceback ?? []).join("\n"));

/** Runs a cell that must succeed, and returns what it shows. */
async function shown(code: string): Promise<string | undefined> {
  const answer = await kernel.run(code);
  expect([code, answer.reply.status, traceback(answer)]).toEqual([code, "ok", ""]);
  return value(answer);
}

describe("await at the top of a cell", () => {
  const p = "const p = <T,>(x: T) => Promise.resolve(x);";
  test.for([
    ["await p(1)", "1"],
    ["await (p(1))", "1"],
    ["await (async () => 1)()", "1"],
    ["await (await fetch('data:,x')).text()", "'x'"],
    ["const d = await (await fetch('data:,1')).json(); d", "1"],
    ["await [1]", "[ 1 ]"],
    ["await { a: 1 }", "{ a: 1 }"],
    ["await `a${1}`", "'a1'"],
    ["await /x/", "/x/"],
    ["await /x/.test('x')", "true"],
    ["await -1", "-1"],
    ["await +1", "1"],
    ["await !1", "false"],
    ["await typeof 1", "'number'"],
    ["await function () {}.name", "''"],
    ["await class A {}.name", "'A'"],
    ["await new Promise<number>((done) => done(3))", "3"],
    ["await import('node:path').then((path) => typeof path.join)", "'function'"],
    ["const { a } = await { a: 1 }; a", "1"],
    ["const [b = await p(2)] = []; b", "2"],
    ["const { [await p('k')]: k } = { k: 4 } as Record<string, number>; k", "4"],
    ["if (await p(true)) 5; else 6", undefined],
    ["let c = 0; { c = await p(7) } c", "7"],
    ["let e = 0; for (const x of await p([1, 2])) e += x; e", "3"],
    ["let f = 0; for (let i = 0; i < (await p(3)); i++) f++; f", "3"],
    ["let g = 0; while (await p(g < 3)) g++; g", "3"],
    ["let h = 0; do h++; while (await p(h < 2)); h", "2"],
    ["let j = ''; switch (await p(1)) { case await p(1): j = 'one' } j", "'one'"],
    ["let l = ''; try { throw await p('t') } catch (error) { l = String(error) } l", "'t'"],
    ["let m = 0; try { } finally { m = await p(8) } m", "8"],
    ["let n = 0; outer: for (;;) { n = await p(9); break outer } n", "9"],
    ["`${await p(1)}${await p(2)}`", "'12'"],
    ["[await p(1), ...(await p([2]))]", "[ 1, 2 ]"],
    ["({ [await p('x')]: await p(1), ...(await p({ y: 2 })) })", "{ x: 1, y: 2 }"],
    ["(await p(0)) || (await p(5))", "5"],
    ["(await p(true)) ? await p(1) : await p(2)", "1"],
    ["(await p(2)) ** 2", "4"],
    ["Math.max(await p(1), await p(2))", "2"],
    ["(await p({ q: { r: 1 } }))?.q.r", "1"],
    ["(await p([7]))[await p(0)]", "7"],
    ["(await p((x: number) => x + 1))(1)", "2"],
    ["class B extends (await p(Array)) {} new B().length", "0"],
    ["class C { [await p('m')]() { return 1 } } (new C() as any).m()", "1"],
    ["class D { static async m() { return await p(2) } } await D.m()", "2"],
    ["typeof ({ async m() { return await p(1) } }).m", "'function'"],
    ["let s = 0; for await (const x of [p(1), p(2)]) s += x; s", "3"],
    ["await using r = { async [Symbol.asyncDispose]() {} }; typeof r", "'object'"],
    ["let u = 0; { await using r = { async [Symbol.asyncDispose]() { u = 1 } } } u", "1"],
    ["const v = async () => await p(1); typeof v", "'function'"],
    ["await\np(3)", "3"],
    ["(await p(1)) as number", "1"],
    ["(await p(1))!", "1"],
    ["delete (await p({ x: 1 } as { x?: number })).x", "true"],
    ["void (await p(1))", undefined],
    ["throwIt()\nfunction throwIt() { return 1 }\nawait p(1)", "1"],
  ] as [string, string | undefined][])("%s", async ([code, result]) => {
    await kernel.run(p);
    expect(await shown(code)).toBe(result);
  });

  test.for([
    "const o = { m() { return await 1 } }",
    "const o = { get m() { return await 1 } }",
    "class A { m() { await 1 } }",
    "class A { constructor() { await 1 } }",
    "class A { static { await 1 } }",
    "class A { x = await 1 }",
    "function f() { await 1 }",
    "const f = () => await 1",
    "const f = () => { for await (const x of []) ; }",
    "namespace N { export const x = await 1 }",
  ])("is refused at its place where no module may have one: %s", async (code) => {
    const { reply } = await kernel.run(code);
    expect(reply.status).toBe("error");
    expect(reply.evalue).toMatch(/^TS\d+ at cell \d+, line 1, column \d+: /);
  });

  test("inside a function does not make its cell wait", async () => {
    await kernel.run("let order = ''");
    await kernel.run(
      "queueMicrotask(() => { order += 'later' }); const f = async () => { await null }; order += 'now '",
    );
    expect(await shown("order")).toBe("'now later'");
  });
});

describe("the language of a cell", () => {
  test.for([
    [
      "using a resource, which is disposed at the end of the cell",
      "let log = ''; using x = { [Symbol.dispose]() { log += 'closed' } }; log",
      "''",
    ],
    [
      "a standard decorator",
      "function twice<T extends (...a: never[]) => number>(f: T, _: ClassMethodDecoratorContext) { return ((...a: never[]) => f(...a) * 2) as T }\nclass Dec { @twice static one() { return 1 } }\nDec.one()",
      "2",
    ],
    [
      "a class decorator with its context",
      "let named = ''; function note(c: unknown, { name }: ClassDecoratorContext) { named = String(name) }\n@note class Noted {}\nnamed",
      "'Noted'",
    ],
    ["an accessor", "class Acc { accessor n = 3 } new Acc().n", "3"],
    ["NoInfer", "function pick<T>(a: T, b: NoInfer<T>) { return [a, b] } pick(1, 2)", "[ 1, 2 ]"],
    ["const type parameters", "const tuple = <const T,>(x: T) => x; tuple([1, 2])", "[ 1, 2 ]"],
    ["a generic arrow, which is no JSX", "const same = <T>(x: T) => x; same(4)", "4"],
    ["iterator helpers", "Iterator.from([1, 2, 3]).map((x) => x * 2).toArray()", "[ 2, 4, 6 ]"],
    ["set methods", "[...new Set([1]).union(new Set([2]))]", "[ 1, 2 ]"],
    ["grouping", "Object.groupBy([1, 2, 3], (n) => (n % 2 ? 'odd' : 'even')).odd", "[ 1, 3 ]"],
    [
      "promises with resolvers",
      "const { promise, resolve } = Promise.withResolvers<number>(); resolve(6); await promise",
      "6",
    ],
    ["arrays from async iterables", "await Array.fromAsync((async function* () { yield 1 })())", "[ 1 ]"],
    ["regular expressions with sets", "/[\\p{L}--[a-z]]/v.test('A')", "true"],
    ["findLast and toSorted", "[[3, 1].findLast((n) => n > 0), [3, 1].toSorted()]", "[ 1, [ 1, 3 ] ]"],
    ["export of a constant", "export const exported = 5; exported", "5"],
    [
      "export of a function, a class, a type, and a list",
      "export function ef() { return 1 }\nexport class EC { x = 2 }\nexport interface EI { y: number }\nexport { ef as other }\nef() + new EC().x",
      "3",
    ],
    ["export default of an expression", "export default 7", "7"],
    [
      "export from a module",
      "export { join as joinPaths } from 'node:path'; joinPaths('a', 'b').length",
      "3",
    ],
    [
      "enum, const enum and namespace of an earlier cell",
      "enum E1 { A = 3 } const enum E2 { B = 4 } namespace N1 { export const c = 5 }\n[E1.A, E2.B, N1.c]",
      "[ 3, 4, 5 ]",
    ],
    ["a global augmentation", "declare global { interface Array<T> { mine?: T } } [1].mine", undefined],
    ["nothing", "", undefined],
    [
      "a name that a property also has",
      "interface Spot { x: number } const spot: Spot = { x: 1 }; spot.x",
      "1",
    ],
    [
      "a pattern over a type of an earlier cell",
      "const { x: spotX } = spot; spotX + spot.x + Object.keys({ x: 0 }).length",
      "3",
    ],
    [
      "JSX with a factory of an earlier cell",
      "const React = { createElement: (name: string, _: unknown, ...inside: unknown[]) => [name, ...inside] }; 0",
      "0",
    ],
    ["JSX that uses it", "const el = <b>{spotX}</b>; el", "[ 'b', 1 ]"],
  ] as [string, string, string | undefined][])("has %s", async ([, code, result]) => {
    expect(await shown(code)).toBe(result);
  });

  test("later cells know what an exporting cell declared", async () => {
    expect(await shown("const ei: EI = { y: exported }; [ei.y, ef()]")).toBe("[ 5, 1 ]");
  });

  test("a const enum of an earlier cell keeps its values", async () => {
    expect(await shown("[E1.A, E1[3], E2.B, N1.c]")).toBe("[ 3, 'A', 4, 5 ]");
  });

  test("a function of an earlier cell is called without an object", async () => {
    await kernel.run("'use strict'; const self = function (this: unknown) { return this }");
    expect(await shown("self() === undefined")).toBe("true");
  });

  test("a name of an earlier cell may stand alone in an object, in a target, and be hidden by a closer one", async () => {
    await kernel.run("let cores = 3, other = 0; const name = 'outer';");
    const text = await shown(`
      const inner = (name: string) => ({ name });
      const nested = [{ cores, deep: { cores, name } }, inner("inner")];
      ({ cores, other = 7 } = { cores: 4 } as { cores: number; other?: number });
      JSON.stringify([nested, { cores, other }])`);
    expect(text).toBe(
      `'[[{"cores":3,"deep":{"cores":3,"name":"outer"}},{"name":"inner"}],{"cores":4,"other":7}]'`,
    );
  });

  test("a name of an earlier cell may be assigned, counted, spread and be a default", async () => {
    await kernel.run("let n1 = 1, list1 = [1];");
    expect(await shown("n1++; n1 += 2; [n1] = [n1 * 2]; const d1 = (x = n1) => x; [d1(), ...list1]")).toBe(
      "[ 8, 1 ]",
    );
  });
});

describe("strict, and what a comment says of it", () => {
  test.for([
    ["const n: number = null", "TS2322"],
    ["function maybe(): string | undefined { return undefined } const ml: string = maybe()", "TS2322"],
    ["let u: string | undefined; u.length", "TS18048"],
    ["function f(a, b) { return a + b }", "TS7006"],
    ["class A { x: number }", "TS2564"],
    ["try { } catch (error) { error.message }", "TS18046"],
  ])("refuses %s", async ([code, expected]) => {
    expect((await kernel.run(code!)).reply.evalue).toContain(expected);
  });

  test.for([
    ["// @ts-nocheck\nconst loose1: number = 'x'; loose1", "'x'"],
    ["// @ts-ignore\nconst loose2: number = 'x'\nloose2", "'x'"],
    ["// @ts-expect-error\nconst loose3: number = 'x'\nloose3", "'x'"],
    ["/* a comment */\n// @ts-nocheck\nconst loose4: number = 'x'; loose4", "'x'"],
  ])("runs %s", async ([code, result]) => {
    expect(await shown(code!)).toBe(result);
  });

  test("says that an expected error is none", async () => {
    expect((await kernel.run("// @ts-expect-error\nconst fine = 1")).reply.evalue).toContain("TS2578");
  });
});

describe("where a cell is", () => {
  test("import.meta, __dirname and __filename agree", async () => {
    const answer = await kernel.run(
      "JSON.stringify([import.meta.dirname === __dirname, import.meta.filename === __filename, __dirname === process.cwd(), new URL(import.meta.url).pathname === __filename, __filename])",
    );
    const file = `${process.cwd()}/cell-${answer.reply.execution_count}.js`;
    expect(value(answer)).toBe(`'${JSON.stringify([true, true, true, true, file])}'`);
  });

  test("import.meta resolves files, packages and Node's own modules, and is an object", async () => {
    expect(
      await shown(
        "[import.meta.resolve('./x.js').endsWith('/x.js'), import.meta.resolve('fs'), import.meta.resolve('node:fs'), import.meta.resolve('kernel-helpers').startsWith('file:///'), Object.keys(import.meta).includes('url')]",
      ),
    ).toBe("[ true, 'node:fs', 'node:fs', true, true ]");
  });

  test("a name of the reader's own is left alone", async () => {
    expect(await shown("((__dirname: string) => __dirname)('mine')")).toBe("'mine'");
  });
});
