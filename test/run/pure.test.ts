import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseNotebook } from "../../notebook-tools/nbformat";
import { parameterProblem, parameterSource, parseParameter } from "../../notebook-tools/run/parameters";
import { foldersOf } from "../../notebook-tools/run/paths";
import { plan } from "../../notebook-tools/run/plan";
import { relativeOutputs, relativeText } from "../../notebook-tools/run/relative";
import { parseShard, readDurations, shardOf, writeDurations } from "../../notebook-tools/run/shard";
import { frame, lineOfError } from "../../notebook-tools/run/source-location";
import { unhandledErrorInText } from "../../notebook-tools/run/unhandled-errors";
import { temporaryFolder } from "./kernels.ts";
import { notebookText } from "./notebooks.ts";

const planOf = (...cells: Parameters<typeof notebookText>[1]) =>
  plan(parseNotebook(notebookText("k", cells)), 60_000);

describe("the plan", () => {
  it("names cells by their place among all cells and the heading above", () => {
    const cells = planOf(
      { type: "markdown", source: "# Title\ntext\n## Part" },
      "1",
      { type: "raw", source: "x" },
      "2",
    );
    expect(cells.map(({ number, heading }) => [number, heading])).toEqual([
      [2, "Part"],
      [4, "Part"],
    ]);
  });

  it("reads tags", () => {
    const [cell] = planOf({
      source: "1",
      tags: ["raises-exception", "measured", "ignore-output", "parameters", "timeout:2.5"],
    });
    expect(cell).toMatchObject({
      raises: true,
      measured: true,
      ignoreOutput: true,
      parameters: true,
      timeoutMs: 2500,
    });
    expect(planOf("1")[0]).toMatchObject({
      raises: false,
      measured: false,
      timeoutMs: 60_000,
      action: "run",
    });
  });
});

describe("the line of an error", () => {
  const source = "const a = 1;\nthrow new RangeError('no row');";
  it.each([
    ["TypeScript's diagnostics", "2:7 - Cannot find name 'x'.", 2],
    ["IPython's traceback", "Cell In[3], line 2\n----> 2 x", 2],
    ["a stack that names the cell", "RangeError: x\n    at f (cell 1:1:1)\n    at cell 3:2:7", 2],
    ["the source line that V8 quotes", "evalmachine.<anonymous>:9\nthrow new RangeError('no row');\n^\n", 2],
    ["the message, where one line holds it", "RangeError: no row\n    at evalmachine.<anonymous>:9:7", 2],
    ["nothing", "Segmentation fault", undefined],
  ])("is found in %s", (_, trace, line) => {
    expect(
      lineOfError(source, trace, "RangeError: no row".slice(0, trace.includes("no row") ? undefined : 0), 3),
    ).toBe(line);
  });

  it("is not taken from another cell's frame", () => {
    expect(lineOfError("f()", "E: x\n    at f (cell 1:7:1)", "E: x", 3)).toBeUndefined();
  });

  it("stands in a frame of the lines around it", () => {
    expect(frame("a\nb\nc\nd\ne\nf", 4)).toBe("  2 | b\n  3 | c\n> 4 | d\n  5 | e\n  6 | f");
  });
});

describe("a late failure in a stream", () => {
  it.each([
    ["UnhandledPromiseRejection: Error: x\n    at y", "Error: x"],
    ["UncaughtException: RangeError: x", "RangeError: x"],
    ["Exception in thread Thread-1 (f):\nTraceback …\n  File …\nValueError: x\n", "ValueError: x"],
    ["Task exception was never retrieved\nfuture: <Task>\nTraceback:\nKeyError: 'x'", "KeyError: 'x'"],
  ])("is known by the kernel's words: %s", (text, message) => {
    expect(unhandledErrorInText(text)).toBe(message);
  });

  it("is not every text that speaks of one", () => {
    expect(unhandledErrorInText("about UncaughtException: nothing\n")).toBeNull();
  });
});

describe("parameters", () => {
  const cells = planOf({ source: "let rows = 10;\nconst name: string = 'x';", tags: ["parameters"] }, "1");

  it("are JSON where that can be read, else text", () => {
    expect(parseParameter("n=5")).toEqual(["n", 5]);
    expect(parseParameter("s=a=b")).toEqual(["s", "a=b"]);
    expect(parseParameter('l=["a",null]')).toEqual(["l", ["a", null]]);
    expect(() => parseParameter("=5")).toThrow(/must look like name=value, got "=5"/);
  });

  it("are assigned, or declared anew where they were constants", () => {
    expect(parameterSource(cells[0]!.source, { rows: 5, name: "y" }, "typescript")).toBe(
      'rows = 5;\nconst name = "y";',
    );
  });

  it("are written in the kernel's language, or refused", () => {
    expect(parameterSource("a = 1", { a: [true, null, { b: "c" }] }, "python")).toBe(
      'a = [True, None, {"b": "c"}]',
    );
    expect(() => parameterSource("a <- 1", { a: 1 }, "R")).toThrow(/not in R/);
  });

  it("must exist in a cell tagged for them", () => {
    expect(parameterProblem(cells, { rows: 1 })).toBeNull();
    expect(parameterProblem(cells, { cols: 1 })).toMatch(/no parameter `cols`.*gives values to rows, name/);
    expect(parameterProblem(planOf("1"), { rows: 1 })).toMatch(/no cell tagged `parameters`/);
  });
});

describe("shards", () => {
  const files = ["a", "b", "c", "d", "e"];

  it("hold every notebook once, in its order", () => {
    const shards = [1, 2, 3].map((index) => shardOf(files, { index, count: 3 }, new Map()));
    expect(shards.flat().sort()).toEqual(files);
    for (const shard of shards) expect(shard).toEqual([...shard].sort());
  });

  it("are balanced by known durations", () => {
    const durations = new Map([
      ["a", 100],
      ["b", 20],
      ["c", 30],
      ["d", 25],
      ["e", 25],
    ]);
    expect(shardOf(files, { index: 1, count: 2 }, durations)).toEqual(["a"]);
    expect(shardOf(files, { index: 2, count: 2 }, durations)).toEqual(["b", "c", "d", "e"]);
  });

  it("are named i/n", () => {
    expect(parseShard("2/3")).toEqual({ index: 2, count: 3 });
    for (const text of ["0/3", "4/3", "2", "a/b"]) expect(() => parseShard(text)).toThrow(/such as 2\/3/);
  });

  it("remember durations, and do without a broken memory", async () => {
    const folder = temporaryFolder();
    const store = join(folder, "deep", "durations.json");
    const [x, y] = ["x.ipynb", "y.ipynb"].map((name) => join(folder, name)) as [string, string];
    writeFileSync(x, "");
    await writeDurations(store, new Map([[x, 12.4]]));
    await writeDurations(store, new Map([[y, 20]]));
    expect(readDurations(store, [x, y, join(folder, "z.ipynb")])).toEqual(
      new Map([
        [x, 12],
        [y, 20],
      ]),
    );
    for (const broken of ["{", "null"]) {
      writeFileSync(store, broken);
      expect(readDurations(store, [x])).toEqual(new Map());
    }
  });

  it("are forgotten with the notebook", async () => {
    const folder = temporaryFolder();
    const [store, there, gone] = ["d.json", "there", "gone"].map((name) => join(folder, name)) as string[];
    writeFileSync(there!, "");
    await writeDurations(store!, new Map([[gone!, 10]]));
    await writeDurations(store!, new Map([[there!, 20]]));
    expect(JSON.parse(readFileSync(store!, "utf8"))).toEqual({ there: 20 });
  });
});

describe("paths in stacks", () => {
  const root = temporaryFolder();
  const cwd = join(root, "notebooks");
  mkdirSync(cwd);
  writeFileSync(join(root, "package.json"), "{}");
  const folders = foldersOf(cwd);

  it("are made relative to the notebook within its project", () => {
    expect(relativeText(`at f (${root}/lib/a.js:1:2)`, folders)).toBe("at f (../lib/a.js:1:2)");
    expect(relativeText(`at f (file://${root}/notebooks/a.mjs:1:2)`, folders)).toBe("at f (a.mjs:1:2)");
    expect(relativeText(`at f (${root}-other/a.js:1:2)`, folders)).toBe(`at f (${root}-other/a.js:1:2)`);
  });

  it("are made relative on stderr and in tracebacks; what a cell prints on purpose stays", () => {
    const [err, out, error] = relativeOutputs(
      [
        { output_type: "stream", name: "stderr", text: `see ${root}/a.js` },
        {
          output_type: "stream",
          name: "stdout",
          text: `cwd ${root}/notebooks\n    at f (${root}/a.js:1:2)\n`,
        },
        { output_type: "error", ename: "E", evalue: "x", traceback: [`at ${root}/a.js:1:2`] },
      ],
      folders,
    );
    expect(err).toMatchObject({ text: "see ../a.js" });
    expect(out).toMatchObject({ text: `cwd ${root}/notebooks\n    at f (../a.js:1:2)\n` });
    expect(error).toMatchObject({ traceback: ["at ../a.js:1:2"] });
  });
});
