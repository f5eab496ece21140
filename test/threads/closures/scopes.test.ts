/** V8 documents neither `[[Scopes]]` nor `[[Entries]]`: what closures/scopes.ts takes from them is pinned here. */
import { expect, test } from "vitest";
import { scopesOf, weakEntriesOf } from "../../../kernel-helpers/dist/threads/closures/scopes.js";

const variables = (fn: () => unknown) =>
  scopesOf(fn)
    .filter((scope) => scope !== globalThis)
    .map((scope) => ({ ...scope }));

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

test("the last scope is the global object", () => {
  expect(scopesOf(() => 1).at(-1)).toBe(globalThis);
});
