/** Where a function comes from: its file, its realm, the variable that a compiler makes of an import. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { createContext, runInContext } from "node:vm";
import { ThreadPoolExecutor } from "kernel-helpers";
import { afterAll, expect, test } from "vitest";
import { node } from "../helpers.ts";

const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
afterAll(() => executor.shutdown());

const fixtures = join(import.meta.dirname, "../fixtures");

test("under Vitest's vmThreads, and so in other vm contexts, captures reach the thread", async () => {
  const vitest = join(import.meta.dirname, "../../../node_modules/vitest/vitest.mjs");
  const config = join(fixtures, "vm-context/vitest.config.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [vitest, "run", "--config", config], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  expect(stdout).toMatch(/Tests\s+1 passed/);
});

test("a function of another vm context goes with its variables and without that context's globals", async () => {
  const context = createContext({ console, outside: 1 });
  const foreign = runInContext(
    "(() => { const inside = { n: 2 }; return () => [inside.n, typeof console]; })()",
    context,
  );
  expect(await executor.submit(foreign)).toEqual([2, "object"]);
});

test("import() in a captured function resolves from its own file, without a warning", async () => {
  const file = join(fixtures, "imports/dynamic.mjs");
  const { stdout, stderr } = await node(`
    process.chdir(require("node:os").tmpdir());
    const { toThread, runSync } = require(${JSON.stringify(createRequire(import.meta.url).resolve("kernel-helpers"))});
    import(${JSON.stringify(file)}).then(async ({ imported }) => {
      console.log([await toThread(imported), await toThread(() => imported()), runSync(imported)].join());
    });`);
  expect(stdout).toBe("beside the function,beside the function,beside the function\n");
  expect(stderr).toBe("");
});

test("a variable of a name like that of an import is read anew, too", async () => {
  let impl_1: object = await import("node:path").then(({ default: path }) => path);
  const keys = () => "join" in impl_1;
  expect(await executor.submit(keys)).toBe(true);
  impl_1 = await import("node:os").then(({ default: os }) => os);
  expect(await executor.submit(keys)).toBe(false);
});

test("two copies of the package in one process read closures side by side", async () => {
  const { stdout } = await node(`
    const first = require("kernel-helpers");
    for (const file of Object.keys(require.cache)) delete require.cache[file];
    const second = require("kernel-helpers");
    (async () => {
      const results = [first === second];
      for (const { toThread } of [first, second, first, second]) {
        const n = results.length;
        results.push(await toThread(() => n * 10));
      }
      console.log(JSON.stringify(results));
      process.exit();
    })();`);
  expect(JSON.parse(stdout)).toEqual([false, 10, 20, 30, 40]);
});
