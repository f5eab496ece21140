import { findKernelspec, startKernel } from "notebook-tools";
import { expect, test } from "vitest";
import { nothingLeft } from "./nothing-left.ts";

/** Runs a cell between the two that `npm test` puts around each notebook; gives what the last one fails with. */
async function leftBy(cell: string, tries?: number): Promise<string> {
  const { before, after } = nothingLeft(tries);
  const kernel = await startKernel(findKernelspec("tslab", process.cwd()), { cwd: process.cwd() });
  try {
    await kernel.execute(before.source);
    await kernel.execute(cell);
    const { reply } = await kernel.execute(after.source);
    return reply?.status === "error" ? String(reply.evalue) : "";
  } finally {
    await kernel.shutdown();
  }
}

test("a cell that ends what it starts, or leaves it to the default executor, leaves nothing", async () => {
  expect(
    await leftBy(`
      import { ThreadPoolExecutor, toThread } from "kernel-helpers";
      const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
      await pool.submit(() => 1);
      await pool.shutdown();
      await toThread(() => 1);`),
  ).toBe("");
});

test.each([
  [
    "a thread",
    `import { Worker } from "node:worker_threads"; new Worker("setInterval(() => {}, 1000)", { eval: true, name: "left" });`,
    /all threads to have ended, left: left/,
  ],
  [
    "an executor",
    `import { ThreadPoolExecutor } from "kernel-helpers"; await new ThreadPoolExecutor().submit(() => 1);`,
    /1 is active/,
  ],
  [
    "two servers",
    `import { createServer } from "node:net"; for (const _ of [1, 2]) createServer().listen(0);`,
    /one open server at most, got 2/,
  ],
])("a cell that leaves %s is told so", async (_what, cell, message) => {
  expect(await leftBy(cell, 2)).toMatch(message);
});
