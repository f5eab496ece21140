import { expect, test } from "vitest";
import { node } from "../helpers.ts";

/** What a program that submits to `executor` says on stderr. */
async function said(body: string): Promise<string> {
  const script = `const { ThreadPoolExecutor, callSoonThreadsafe } = require("kernel-helpers");
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    (async () => { ${body} await executor.shutdown(); })();`;
  return (await node(script)).stderr;
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

test("a large capture: said once, with its size", async () => {
  const stderr = await said(`const table = new Float64Array(500_000); const first = () => table[0];
    for (let i = 0; i < 3; i++) await executor.submit(first);`);
  expect(stderr).toMatch(
    /\[LARGE_CAPTURE\] LargeCaptureWarning: `table`, which first captures, is about 4 MB/,
  );
  expect(times(stderr, /LARGE_CAPTURE/)).toBe(1);
});

test("nothing is said of shared memory, of arguments, and of small captures", async () => {
  const stderr = await said(`const shared = new Float64Array(new SharedArrayBuffer(4_000_000));
    const small = [1, 2, 3];
    await executor.submit(() => shared[0] + small[0]);
    await executor.submit((given) => given[0], new Float64Array(500_000));`);
  expect(stderr).toBe("");
});
