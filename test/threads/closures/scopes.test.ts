/** V8 documents neither `[[Scopes]]` nor `[[Entries]]`: what closures/scopes.ts takes from them is pinned here. */
import { createContext, runInContext, runInThisContext } from "node:vm";
import { expect, test } from "vitest";
import {
  privateStaticsOf,
  scopesOf,
  scriptOf,
  weakEntriesOf,
} from "../../../kernel-helpers/dist/threads/closures/scopes.js";

const variables = (fn: () => unknown) => scopesOf(fn).map((scope) => ({ ...scope }));

function counter() {
  let count = 0;
  return { add: () => ++count, read: () => count };
}

test("the innermost scope comes first, with the values of this moment", () => {
  const { add, read } = counter();
  expect(variables(read)[0]).toMatchObject({ count: 0 });
  add();
  expect(variables(read)[0]).toMatchObject({ count: 1 });
});

test("two closures of one text have variables of their own", () => {
  const [first, second] = [counter(), counter()];
  first.add();
  expect(variables(first.read)[0]).toMatchObject({ count: 1 });
  expect(variables(second.read)[0]).toMatchObject({ count: 0 });
});

test("the values are the objects themselves", () => {
  const table = { key: "value" };
  const held = variables(() => table).find((scope) => "table" in scope);
  expect(held!.table).toBe(table);
});

test("a variable before its declaration throws when it is read", () => {
  const scope = scopesOf(() => late).find((each) => Object.hasOwn(each, "late"))!;
  expect(() => (scope as { late: unknown }).late).toThrow(/before initialization|from debugger/);
  const late = 1;
  expect(late).toBe(1);
});

test("the keys of a weak collection are the objects themselves", () => {
  const key = {};
  expect(weakEntriesOf(new WeakMap())).toEqual([]);
  expect(weakEntriesOf(new WeakMap([[key, "value"]]))).toEqual([{ key, value: "value" }]);
  expect(weakEntriesOf(new WeakMap([[key, 1]]))[0]!.key).toBe(key);
  expect(weakEntriesOf(new WeakSet([key]))[0]!.key).toBe(key);
});

test("the global object, which V8 lists last, is not among them, of no realm", () => {
  expect(scopesOf(() => 1)).not.toContain(globalThis);
  const context = createContext({ outside: 1 });
  const foreign = runInContext("(() => { const inside = 2; return () => inside + outside; })()", context);
  expect(scopesOf(foreign).map((scope) => Object.keys(scope))).toEqual([["inside"]]);
});

test("the private static fields of a class, with their present values", () => {
  // biome-ignore lint/complexity/noStaticOnlyClass: the subject
  class Counter {
    static #count = 1;
    static #big = 2n;
    static #list = [Counter.#count];
    static bump() {
      return Counter.#list.push(Number(Counter.#big) + ++Counter.#count);
    }
  }
  Counter.bump();
  expect(privateStaticsOf(Counter as never)).toEqual({ "#count": 2, "#big": 2n, "#list": [1, 4] });
});

test("the script that a function stands in", () => {
  const here = runInThisContext("() => 1", { filename: import.meta.filename });
  expect(scriptOf(here)).toBe(import.meta.url);
  expect(scriptOf(Math.max)).toBe("");
});
