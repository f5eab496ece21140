import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { isRunning, until } from "../processes.ts";
import { kernelsForTests, temporaryFolder } from "./kernels.ts";
import { writeNotebook } from "./notebooks.ts";

const root = resolve(import.meta.dirname, "../..");
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

beforeAll(() => {
  process.env.JUPYTER_PATH = kernelsForTests();
});

/** A project of somebody else's that has notebook-tools among its packages. */
function project(config = "export default {};"): string {
  const folder = temporaryFolder();
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  mkdirSync(join(folder, "books"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "vitest.config.js"), config);
  return folder;
}

interface Report {
  code: number | null;
  output: string;
  /** Full name to status, from vitest's own JSON report. */
  tests: Map<string, string>;
}

/** Starts vitest there, as a user would; in a process group of its own, which can be ended as one. */
function startVitest(folder: string, ...args: string[]) {
  const env = { ...process.env, CI: "", GITHUB_ACTIONS: "", NO_COLOR: "1" };
  for (const name of Object.keys(env)) if (name.startsWith("VITEST")) delete (env as NodeJS.ProcessEnv)[name];
  const options = { cwd: folder, env, detached: process.platform !== "win32" };
  return spawn(process.execPath, [vitest, "run", "--pool=forks", ...args], options);
}

async function runVitest(folder: string, ...args: string[]): Promise<Report> {
  const report = join(folder, "report.json");
  const flags = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const child = startVitest(folder, ...flags, ...args);
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const code = await new Promise<number | null>((done) => child.on("close", done));
  const { testResults } = JSON.parse(readFileSync(report, "utf8"));
  const assertions = testResults.flatMap(
    (file: { assertionResults: { fullName: string; status: string }[] }) => file.assertionResults,
  );
  return {
    code,
    output,
    tests: new Map(
      assertions.map(({ fullName, status }: { fullName: string; status: string }) => [fullName, status]),
    ),
  };
}

function addTests(folder: string, call: string): void {
  writeFileSync(
    join(folder, "books.test.js"),
    `import { notebookTests } from "notebook-tools/vitest";\n${call}\n`,
  );
}

describe("notebookTests", () => {
  it("declares a test for each code cell, and a failing cell is a failing test with its source line", async () => {
    const folder = project();
    const books = join(folder, "books");
    const heading = { type: "markdown", source: "# Where it breaks" };
    writeNotebook(
      "bad",
      "scripted",
      ["print('x')", heading, "1;\nthrow new Error('broken')", { source: "1", tags: ["skip-execution"] }],
      books,
    );
    writeNotebook(
      "late",
      "scripted",
      [
        "after(20, () => printError('UncaughtException: Error: late'))",
        "await new Promise((done) => after(80, done))",
      ],
      books,
    );
    writeFileSync(join(books, "no.ipynb"), "{");
    writeNotebook("dead", "scripted", ["1", "exit(3)", "2"], books);
    writeNotebook("none", "nobody-has-this", ["1"], books);
    mkdirSync(join(books, "out"));
    writeNotebook("copy", "scripted", ["1"], join(books, "out"));
    writeFileSync(join(books, "out", ".nb-output-dir"), "");
    addTests(folder, 'notebookTests("books"); notebookTests("nothing/*.ipynb");');
    const { code, output, tests } = await runVitest(folder);
    expect(code).toBe(1);
    expect(Object.fromEntries(tests)).toEqual({
      "books/bad.ipynb cell 1": "passed",
      "books/bad.ipynb cell 3: Where it breaks": "failed",
      "books/bad.ipynb cell 4: Where it breaks": "skipped",
      "books/dead.ipynb cell 1": "passed",
      "books/dead.ipynb cell 2": "failed",
      "books/dead.ipynb cell 3": "skipped",
      "books/late.ipynb cell 1": "passed",
      "books/late.ipynb cell 2": "failed",
      "books/no.ipynb can be read": "failed",
      "books/none.ipynb cell 1": "failed",
      "notebooks nothing/*.ipynb": "failed",
    });
    expect(output).toContain("> 2 | throw new Error('broken')");
    expect(output).toMatch(/books\/bad\.ipynb:\d+:1/);
    expect(output).toMatch(/late\.ipynb, cell 1, \[1\]\s+Error: late \(after the cell had ended\)/);
  });

  it("runs the cells before a chosen one, compares with `check`, and passes when all is well", async () => {
    const folder = project();
    const books = join(folder, "books");
    const outputs = [{ output_type: "stream", name: "stdout", text: ["old"] }];
    writeNotebook(
      "a",
      "scripted",
      ["globalThis.x = 'set'", "if (x !== 'set') throw new Error('alone')"],
      books,
    );
    writeNotebook("b", "scripted", [{ source: "print('new')", outputs }], books);
    addTests(folder, 'notebookTests("books/*.ipynb", { check: true });');
    const chosen = await runVitest(folder, "-t", "cell 2");
    expect(chosen.code).toBe(0);
    expect(chosen.tests.get("books/a.ipynb cell 2")).toBe("passed");
    const all = await runVitest(folder);
    expect(all.code).toBe(1);
    expect(all.tests.get("books/b.ipynb cell 1")).toBe("failed");
    expect(all.output).toMatch(/- old\s+\+ new/);
  });

  it("runs every cell a second time with `rerun`, and says which run failed", async () => {
    const folder = project();
    const once = "if (globalThis.was) throw new Error('only once'); globalThis.was = true";
    const heading = { type: "markdown", source: "# Once" };
    writeNotebook("a", "scripted", ["1", heading, once, "2"], join(folder, "books"));
    addTests(folder, 'notebookTests("books", { rerun: true });');
    const { code, output, tests } = await runVitest(folder);
    expect(code).toBe(1);
    expect(Object.fromEntries(tests)).toEqual({
      "books/a.ipynb cell 1": "passed",
      "books/a.ipynb cell 3: Once": "passed",
      "books/a.ipynb cell 4: Once": "passed",
      "books/a.ipynb cell 1 again": "passed",
      "books/a.ipynb cell 3 again: Once": "failed",
      "books/a.ipynb cell 4 again: Once": "passed",
    });
    expect(output).toContain("npx nb run books/a.ipynb --rerun");
  });

  it("runs code of the caller's own before the first and after the last cell, compared with nothing", async () => {
    const folder = project();
    const cells = [
      "if (!globalThis.ready) throw new Error('not ready'); globalThis.runs = (globalThis.runs ?? 0) + 1",
    ];
    writeNotebook("a", "scripted", cells, join(folder, "books"));
    writeNotebook("text", "scripted", [{ type: "markdown", source: "no code" }], join(folder, "books"));
    const before = { name: "gets ready", source: "globalThis.ready = true; print('ready')" };
    const after = {
      name: "ran twice",
      source: "if (globalThis.runs !== 3) throw new Error('ran ' + runs + ' times')",
    };
    addTests(
      folder,
      `notebookTests("books", ${JSON.stringify({ check: true, rerun: true, before, after })});`,
    );
    const { output, tests } = await runVitest(folder);
    expect(Object.fromEntries(tests)).toEqual({
      "books/a.ipynb gets ready": "passed",
      "books/a.ipynb cell 1": "passed",
      "books/a.ipynb cell 1 again": "passed",
      "books/a.ipynb ran twice": "failed",
      "books/text.ipynb has no code cells": "passed",
    });
    expect(output).toMatch(/books\/a\.ipynb, ran twice, \[\d+\]\s+Error: ran 2 times/);
  });
});

describe("vitest that is killed", () => {
  it("leaves no kernel behind", async () => {
    const folder = project();
    const sign = join(folder, "books", "pid");
    const started = `(await import("node:fs")).writeFileSync(${JSON.stringify(sign)}, String(process.pid));`;
    writeNotebook("endless", "scripted", [`${started} await hang()`], join(folder, "books"));
    addTests(folder, 'notebookTests("books");');
    const running = startVitest(folder);
    const kernel = Number(await until(() => existsSync(sign) && readFileSync(sign, "utf8")));
    process.kill(-running.pid!, "SIGKILL");
    await until(() => !isRunning(kernel));
  });
});

describe("notebookFiles", () => {
  it("makes each notebook a test file: shards split them and merged blobs are the whole", async () => {
    const folder = project(
      'import { notebookFiles } from "notebook-tools/vitest-plugin";\nexport default { plugins: [notebookFiles()], test: { include: ["books/*.ipynb"] } };',
    );
    for (const name of ["a", "b", "c"])
      writeNotebook(name, "scripted", ["print('x')"], join(folder, "books"));
    const shards = await Promise.all([1, 2].map((index) => runVitestBlob(folder, index)));
    expect(shards).toEqual([0, 0]);
    const merged = await runVitest(folder, "--merge-reports=blobs");
    expect(merged.code).toBe(0);
    expect([...merged.tests.keys()].sort()).toEqual(
      ["a", "b", "c"].map((name) => `books/${name}.ipynb cell 1`),
    );
  });
});

async function runVitestBlob(folder: string, index: number): Promise<number | null> {
  const flags = [
    "run",
    "--reporter=blob",
    `--outputFile.blob=blobs/${index}.json`,
    `--shard=${index}/2`,
    "--pool=forks",
  ];
  const child = spawn(process.execPath, [vitest, ...flags], { cwd: folder, stdio: "ignore" });
  return new Promise((done) => child.on("close", done));
}
