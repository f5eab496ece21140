import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { node } from "../helpers.ts";

/** Runs what it is sent, one program after the other, and sends back what was said on stderr. */
const runner = `
  const { ThreadPoolExecutor, callSoonThreadsafe } = require("kernel-helpers");
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  let said = "";
  process.stderr.write = (text) => { said += text; return true; };
  const program = (body) => eval("async () => {" + body + "}")();
  process.on("message", async (body) => {
    said = "";
    await program(body).catch((error) => { said += error.stack; });
    await new Promise(setImmediate);
    delete globalThis.__tslab__;
    process.send(said);
  });`;

let child: ChildProcess;
beforeAll(() => {
  child = spawn(process.execPath, ["-e", runner], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
});
afterAll(() => child.kill());

/** What a program that submits to `executor` says on stderr. */
async function said(body: string): Promise<string> {
  const answer = once(child, "message");
  child.send(body);
  const [text] = await answer;
  return text as string;
}
const times = (text: string, what: RegExp) => [...text.matchAll(new RegExp(what, "g"))].length;

test("a task that assigns to what it captures: said once, with the way out", async () => {
  const stderr = await said(`let count = 0; const bump = () => { count++; };
    for (let i = 0; i < 3; i++) await executor.submit(bump);`);
  expect(stderr).toMatch(
    /\[LOST_WRITE\] LostWriteWarning: bump assigns to `count`, a variable from outside.*lost.*callSoonThreadsafe/,
  );
  expect(times(stderr, /LOST_WRITE/)).toBe(1);
});

test("also in a function that the task calls, and by destructuring", async () => {
  const stderr = await said(`let a, b; function set() { [a, b] = [1, 2]; }
    await executor.submit(() => set());`);
  expect(stderr).toMatch(/set assigns to `a`.*\n|set assigns to `b`/);
});

test("also to a variable of a notebook's earlier cell, where it is said under the cell", async () => {
  const stderr = await said(`globalThis.__tslab__ = {};
    const exports = new Proxy({ total: 0 }, {});
    await executor.submit(() => { exports.total += 1; });`);
  expect(stderr).toMatch(/^LostWriteWarning: .*assigns to `total`/);
});

test("nothing is said of a task's own variables, and of a function that runs on the loop", async () => {
  const stderr = await said(`let count = 0; const bump = () => { count++; };
    const own = (n) => { let sum = 0; for (let i = 0; i < n; i++) { sum += i; } return sum; };
    await executor.submit(own, 3);
    await executor.submit(() => callSoonThreadsafe(bump));
    await executor.submit((back) => callSoonThreadsafe(back), bump);`);
  expect(stderr).toBe("");
});

const lost = [
  ["an array's method", "const results = [];", "results.push(1);", "`results`", "results.push(1)"],
  ["a property", "const counter = { n: 0 };", "counter.n++;", "`counter`", "counter.n++"],
  ["a property by assignment", "const o = { a: { b: 1 } };", "o.a.b = 2;", "`o`", "o.a.b = 2"],
  ["a Map", "const map = new Map();", "map.set('a', 1);", "`map`", "map.set('a', 1)"],
  ["a Set in an object", "const o = { s: new Set() };", "o.s.add(1);", "`o`", "o.s.add(1)"],
  ["an item", "const arr = [1];", "arr[0] = 2;", "`arr`", "arr[0] = 2"],
  [
    "an item of a grid",
    "const grid = [[1]];",
    "for (let i = 0; i < 1; i++) grid[i][0] = 2;",
    "`grid`",
    "grid[i][0] = 2",
  ],
  ["the length", "const arr = [1];", "arr.length = 0;", "`arr`", "arr.length = 0"],
  ["delete", "const o = { k: 1 };", "delete o.k;", "`o`", "delete o.k"],
  ["Object.assign", "const o = {};", "Object.assign(o, { a: 1 });", "`o`", "Object.assign(o, { a: 1 })"],
  ["destructuring", "const o = {};", "[o.a] = [1];", "`o`", "o.a"],
  ["a list in an object", "const o = { list: [] };", "o.list?.push(1);", "`o`", "o.list?.push"],
  ["a Date", "const day = new Date(0);", "day.setFullYear(2000);", "`day`", "day.setFullYear"],
  ["a typed array", "const f = new Float64Array(2);", "f.fill(1);", "`f`", "f.fill"],
  ["a property of a function", "const f = () => 1; f.calls = 0;", "f.calls++;", "`f`", "f.calls"],
  ["in a callback", "const out = [];", "[1, 2].forEach((x) => out.push(x));", "`out`", "out.push"],
  [
    "in a callback by name",
    "const out = []; const add = (x) => { out.push(x); };",
    "[1].forEach(add);",
    "`out`",
    "out.push",
  ],
  ["in a called function", "const out = []; function add() { out.push(1); }", "add();", "`out`", "out.push"],
  ["by another name", "const out = [];", "const o = out; o.push(1);", "`out`", "o.push(1)"],
  [
    "by the name of a part",
    "const t = { rows: [] };",
    "const { rows } = t; rows.push(1);",
    "`t`",
    "rows.push(1)",
  ],
  [
    "by a name of a name",
    "const t = { a: { b: [] } };",
    "const { a } = t; const b = a.b; b.push(1);",
    "`t`",
    "b.push",
  ],
  ["each item", "const rows = [{ n: 0 }];", "for (const row of rows) row.n = 1;", "`rows`", "row.n = 1"],
  [
    "a part of each",
    "const rows = [{ s: [] }];",
    "for (const { s } of rows) s.push(1);",
    "`rows`",
    "s.push(1)",
  ],
  [
    "each item in a callback",
    "const rows = [{ n: 0 }];",
    "rows.forEach((row) => { row.n++; });",
    "`rows`",
    "row.n++",
  ],
  [
    "a borrowed method",
    "const out = [];",
    "Array.prototype.push.call(out, 1);",
    "`out`",
    "Array.prototype.push.call",
  ],
  ["one of a literal", "const out = [];", "[].push.apply(out, [1]);", "`out`", "[].push.apply"],
  [
    "in a constructor",
    "const out = []; class A { constructor() { out.push(1); } }",
    "new A();",
    "`out`",
    "out.push",
  ],
] as const;

/** What is said of each of these tasks, in one program. */
async function saidOfEach(
  cases: readonly (readonly [string, string, string, ...unknown[]])[],
): Promise<string[][]> {
  const tasks = cases.map(
    ([, before, body]) => `async () => { ${before} await executor.submit(() => { ${body} }); }`,
  );
  const script = `const { ThreadPoolExecutor, callSoonThreadsafe } = require("kernel-helpers");
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    let warnings = []; process.on("warning", ({ name, message }) => warnings.push(name + ": " + message));
    (async () => {
      const all = [];
      for (const task of [${tasks.join(",\n")}]) { await task(); await new Promise(setImmediate); all.push(warnings); warnings = []; }
      await executor.shutdown();
      console.log(JSON.stringify(all));
    })();`;
  return JSON.parse((await node(script)).stdout) as string[][];
}

test("a change of a captured object is said to be lost", async () => {
  const all = await saidOfEach(lost);
  for (const [i, [name, , , what, change]] of lost.entries()) {
    expect(all[i], name).toHaveLength(1);
    expect(all[i]![0], name).toMatch(
      /^LostWriteWarning: \w.*, which it captures \(`.*lost when the task ends/,
    );
    expect(all[i]![0], name).toContain(` changes ${what}, which it captures (\``);
    expect(all[i]![0], name).toContain(change);
  }
});

test("of an earlier cell's variable by its own name", async () => {
  const stderr = await said(`globalThis.__tslab__ = {}; const exports = new Proxy({ list: [] }, {});
    await executor.submit(() => exports.list.push(1));`);
  expect(stderr).toMatch(
    /^LostWriteWarning: The function changes `list`, which it captures \(`list\.push\(1\)`\)/,
  );
});

test("also by the generator of iterateInThread", async () => {
  const stderr = await said(`const { iterateInThread } = require("kernel-helpers"); const seen = [];
    for await (const _ of iterateInThread(function* numbers() { seen.push(1); yield 1; }));`);
  expect(stderr).toMatch(/LostWriteWarning: numbers changes `seen`, which it captures \(`seen\.push\(1\)`\)/);
});

test("as an arrow's only expression, and once for many tasks", async () => {
  const stderr = await said(`const results = []; const o = {};
    for (let i = 0; i < 3; i++) await executor.submit(() => results.push(i));
    await executor.submit(() => Object.assign(o, { a: 1 }));`);
  expect(times(stderr, /LOST_WRITE/)).toBe(2);
});

const quiet = [
  [
    "shared memory",
    "const a = new Int32Array(new SharedArrayBuffer(4)); const o = { view: a };",
    "a[0] = 1; a.fill(2); o.view[0] = 1; Atomics.add(a, 0, 1);",
  ],
  [
    "local objects, also of the same name",
    "const list = [];",
    "{ const list = []; list.push(1); } const own = { n: 0 }; own.n++; ((list) => list.push(1))([]);",
  ],
  [
    "copies",
    "const list = [1]; const o = { a: 1 };",
    "const mine = [...list]; mine.push(1); const { a, ...rest } = o; rest.b = a; list.toSorted(); list.concat(1);",
  ],
  ["what is returned", "const list = [2, 1]; const o = {};", "list.push(1); o.n = 1; return [list, { o }];"],
  [
    "what is returned, changed elsewhere",
    "const list = []; const add = (x) => { list.push(x); };",
    "add(1); return list;",
  ],
  ["a sorted copy that is returned", "const list = [2, 1];", "return list.sort();"],
  [
    "what is sent to the loop",
    "const part = []; const show = () => {};",
    "part.push(1); callSoonThreadsafe(show, part);",
  ],
  [
    "a port, a queue",
    "const { Queue } = require('kernel-helpers'); const { MessageChannel } = require('worker_threads'); const q = new Queue(); const { port1, port2 } = new MessageChannel(); port1.on('message', () => port1.close());",
    "q.syncQ.put(1); port2.postMessage(1);",
  ],
  [
    "modules and globals",
    "const fs = require('fs'); const path = require('path');",
    "process.env.X = '1'; globalThis.y = 1; fs.z = 1; path.a ??= 1;",
  ],
  [
    "methods of the same name",
    "const o = { push: () => 1, set: () => 1 }; const text = 'a';",
    "o.push(1); o.set(1); text.at(0); Math.max(1);",
  ],
  [
    "private fields of es2015",
    "const n = new WeakMap(); class A { constructor() { n.set(this, 1); } get() { return n.get(this); } }",
    "return new A().get();",
  ],
  [
    "by another name, where it goes on",
    "const list = []; const t = { rows: [{ n: 0 }] }; const show = () => {};",
    "const a = list; a.push(1); const out = []; for (const r of t.rows) { r.n = 1; out.push(r); } callSoonThreadsafe(show, a); return out;",
  ],
  [
    "another name for something else",
    "const list = [1]; const o = { n: 1 };",
    "const a = list.slice(); a.push(1); const b = { ...o }; b.n = 2; let c = list; c = []; c.push(1); for (const x of [...list]) a.push(x);",
  ],
  [
    "each item of a copy",
    "const rows = [{ n: 0 }];",
    "return rows.map((row) => { row.n = 1; return row; });",
  ],
  ["what nobody calls", "const list = []; const add = () => { list.push(1); };", "return typeof add;"],
] as const;

test("nothing is said where nothing is lost", async () => {
  const all = await saidOfEach(quiet);
  for (const [i, [name]] of quiet.entries()) expect(all[i], name).toEqual([]);
});

test("a large capture: said once, with its size and what to do", async () => {
  const stderr = await said(`const table = new Float64Array(500_000); const first = () => table[0];
    for (let i = 0; i < 3; i++) await executor.submit(first);`);
  expect(stderr).toMatch(
    /\[LARGE_CAPTURE\] LargeCaptureWarning: `table`, which first captures, is about 4 MB.*SharedArrayBuffer.*argument/,
  );
  expect(times(stderr, /LARGE_CAPTURE/)).toBe(1);
});

test("objects count, and it is said before they are copied", async () => {
  const stderr =
    await said(`const objs = Array.from({ length: 100_000 }, (_, id) => ({ id, name: "n" + id }));
    const map = new Map(objs.map((o) => [o.id, o]));
    let before; process.once("warning", () => { before = true; });
    const task = executor.submit(() => objs.length);
    console.error("told before: " + before);
    await task; await executor.submit(() => map.size);`);
  expect(stderr).toMatch(/`objs`, which the function captures, is about \d MB/);
  expect(stderr).toMatch(/`map`, which the function captures, is about \d\d? MB/);
  expect(stderr).toMatch(/told before: true/);
});

test("of an earlier cell's variable by the reader's name", async () => {
  const stderr =
    await said(`globalThis.__tslab__ = {}; const exports = new Proxy({ big: new Float64Array(2e6), few: [1] }, {});
    await executor.submit(() => exports.big.length + exports.few.length);`);
  expect(stderr).toMatch(/^LargeCaptureWarning: `big`, which the function captures, is about 16 MB/);
  expect(stderr).not.toMatch(/exports|few/);
});

test("nothing is said of shared memory, of arguments, and of small captures", async () => {
  const stderr = await said(`const shared = new Float64Array(new SharedArrayBuffer(4_000_000));
    const small = [1, 2, 3];
    await executor.submit(() => shared[0] + small[0]);
    await executor.submit((given) => given[0], new Float64Array(500_000));`);
  expect(stderr).toBe("");
});
