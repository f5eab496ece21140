/** What is read once because it cannot change; and what changes, as late as it may. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";
import { runInExecutor, ThreadPoolExecutor } from "kernel-helpers/threads";
import { afterAll, describe, expect, test } from "vitest";
import { constantsOf } from "../../../kernel-helpers/dist/threads/closures/constants.js";
import { node } from "../helpers";

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());

type Fn = (...args: unknown[]) => unknown;

/** The code, as a sloppy script of its own, around a function that returns what it names last. */
function script(code: string, filename = "script.cjs"): Fn {
  return runInThisContext(`(function () { ${code} })()`, { filename }) as Fn;
}

describe("a captured variable is constant", () => {
  const cases: [what: string, code: string, isConstant: boolean][] = [
    ["const", "const v = 1; return () => v", true],
    ["a part of a const pattern", "const { a: [v] } = { a: [1] }; return () => v", true],
    ["a function", "function v() {} return () => v", true],
    ["a function further down", "return () => v; function v() {}", true],
    ["a class", "class v {} return () => v", true],
    ["the const of a loop", "for (const v of [1]) return () => v", true],
    ["the name of a function expression", "return (function v() { return () => v })()", true],
    ["let", "let v = 1; return () => v", false],
    ["var", "var v = 1; return () => v", false],
    ["a parameter", "return ((v) => () => v)(1)", false],
    ["what catch gives", "try { throw 1 } catch (v) { return () => v }", false],
    ["a function that another replaces", "function v() {} v = 1; return () => v", false],
    ["one that a pattern replaces", "function v() {} [v] = [1]; return () => v", false],
    ["one that a loop replaces", "function v() {} for (v of [1]); return () => v", false],
    ["one that is declared twice", "function v() {} function v() {} return () => v", false],
    ["one that `if` declares", "if (true) function v() {} return () => v", false],
    ["one that a block declares, seen outside", "{ function v() {} } return () => v", false],
    ["a const of that name elsewhere", "{ const v = 2 } var w = 1; return () => [w, typeof v]", false],
    ["const, and let elsewhere", "const v = 1; { let v = 2 } return () => v", false],
    ["beside eval", "const v = 1; eval(''); return () => v", false],
    ["beside with", "const v = 1; with ({}) return () => v", false],
  ];
  test.each(cases)("%s: `%s` → %s", (_what, code, isConstant) => {
    expect(constantsOf(script(code))("v")).toBe(isConstant);
  });

  test("what code given to eval declares is a variable of the code around it", () => {
    const inEval = script(
      "eval(`function v() {} globalThis.made = () => v //# sourceURL=/a.js`); return made",
    );
    expect(constantsOf(inEval)("v")).toBe(false);
    Reflect.deleteProperty(globalThis, "made");
  });

  test("an ES module's own constants are, what it imports is not", async () => {
    const folder = mkdtempSync(join(tmpdir(), "constants-"));
    writeFileSync(join(folder, "other.mjs"), "export let count = 1; export const bump = () => ++count;");
    writeFileSync(
      join(folder, "main.mjs"),
      `import { count, bump } from "./other.mjs"; class Own {} const own = 1;
       export const read = () => [count, bump, Own, own];`,
    );
    const { stdout } = await node(
      `import(${JSON.stringify(pathToFileURL(join(folder, "main.mjs")))}).then(({ read }) => {
         const isConstant = require("./kernel-helpers/dist/threads/closures/constants.js").constantsOf(read);
         console.log(...["count", "bump", "Own", "own"].filter((name) => isConstant(name)));
       })`,
    );
    expect(stdout.trim()).toBe("Own own");
  });
});

/** Each gives functions, and what changes something late; the thread must give what the loop gives. */
const programs: Record<string, string> = {
  "a let that another closure assigns to": "let v = 1; return [[() => v], () => { v = 2 }]",
  "a function that is replaced": "function v() { return 1 } return [[() => v()], () => { v = () => 2 }]",
  "a helper of a helper that is replaced":
    "let w = () => 1; const v = () => w(); return [[() => v()], () => { w = () => 2 }]",
  "a helper that gets a property": "const v = () => v.k ?? 1; return [[() => v()], () => { v.k = 2 }]",
  "a helper that gets a hidden property":
    "const v = () => v.k ?? 1; return [[() => v()], () => Object.defineProperty(v, 'k', { value: 2 })]",
  "a constructor that gets a method":
    "function V() {} return [[() => (V.prototype.m ?? (() => 1))()], () => { V.prototype.m = () => 2 }]",
  "the task itself gets a property":
    "const w = () => 1; const v = () => w() + (v.k ?? 0); return [[v], () => { v.k = 2 }]",
  "a constant object that changes": "const v = { n: 1 }; return [[() => v.n], () => { v.n = 2 }]",
  "a constant list that grows": "const v = [1]; return [[() => v.length], () => v.push(2)]",
  "closures of one function":
    "const f = (n) => { const v = () => n; return () => v() }; return [[f(1), f(2)], f]",
  "closures of one loop":
    "const all = []; for (const v of [1, 2, 3]) all.push(() => v); return [all, () => {}]",
  "closures of one loop over functions":
    "const all = []; for (const n of [1, 2]) { const v = () => n; all.push(() => v()) } return [all, () => {}]",
  recursion: "const v = (n) => (n < 2 ? 1 : n * v(n - 1)); return [[() => v(5)], () => {}]",
  "functions that call one another":
    "const even = (n) => n === 0 || odd(n - 1), odd = (n) => n > 0 && even(n - 1); return [[() => even(5)], () => {}]",
  "eval that puts a variable before another":
    "const v = 1; return ((s) => { const f = () => v; return [[f], (code = 'var v = 2') => { if (s) eval(code) }] })(1)",
  "with, whose object gets the name": "const v = 1, o = {}; with (o) return [[() => v], () => { o.v = 2 }]",
  "numbers that JSON does not know":
    "const a = NaN, b = -0, c = 2n, d = undefined; return [[() => [a, b, c, d]], () => {}]",
  "a module's function":
    "const fs = process.getBuiltinModule('fs'); return [[() => fs.existsSync('/')], () => {}]",
};

test.each(Object.keys(programs))("after many tasks, and then a change: %s", async (what) => {
  const [fns, change] = script(programs[what]!) as unknown as [Fn[], () => void];
  const inThread = () => Promise.all(fns.map((fn) => runInExecutor(executor, fn)));
  await Promise.all(Array.from({ length: 202 }, inThread));
  expect(await inThread()).toEqual(fns.map((fn) => fn()));
  change();
  expect(await inThread()).toEqual(fns.map((fn) => fn()));
});

test("what the variables around a function held is free when they hold it no more", async () => {
  const { stdout } = await node(
    `const { ThreadPoolExecutor } = require("kernel-helpers");
     (async () => {
       const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
       let large = { name: "large" };
       const held = new WeakRef(large), user = () => large, add = () => 1, task = () => add() + Math.abs(0);
       for (let i = 0; i < 205; i++) await executor.submit(task);
       large = undefined;
       // The inspector lets go of what it told a little later.
       for (let i = 0; i < 10_000 && held.deref(); i++) { await new Promise((turn) => setTimeout(turn, 1)); gc(); }
       console.log(held.deref(), user());
       await executor.shutdown();
     })();`,
    "--expose-gc",
  );
  expect(stdout.trim()).toBe("undefined undefined");
});
