import { beforeAll, describe, expect, it } from "vitest";
import { multilineText } from "../../notebook-tools/nbformat";
import { type NotebookResult, type RunOptions, runNotebooks } from "../../notebook-tools/run";
import { kernelsForTests } from "./kernels.ts";
import { fixture, writeNotebook } from "./notebooks.ts";

beforeAll(() => {
  process.env.JUPYTER_PATH = kernelsForTests();
});

/** Runs fixtures and gives their results by name. */
async function runAll(names: string[], options: RunOptions): Promise<(name: string) => NotebookResult> {
  const { notebooks } = await runNotebooks(names.map(fixture), options);
  for (const { problem } of notebooks) expect(problem).toBeUndefined();
  return (name) => notebooks[names.indexOf(name)]!;
}

const statuses = ({ cells }: NotebookResult) => cells.map(({ status }) => status);
const stdout = ({ cells }: NotebookResult, index: number) =>
  cells[index]!.outputs.map((output) =>
    output.output_type === "stream" && output.name === "stdout" ? multilineText(output.text) : "",
  ).join("");

describe.each([["tslab"], ["tslab-stock"]])("on the kernel %s", (kernel) => {
  let of: (name: string) => NotebookResult;
  beforeAll(async () => {
    const names = [
      "fails-in-second-cell",
      "raises-then-runs",
      "throws-after-idle",
      "exits",
      "busy-forever",
      "prints-100000-lines",
    ];
    of = await runAll([...names, "does-not-type-check"], { kernel, jobs: 2 });
  });

  it("a failing cell is told with its error, what it had printed, and what came after", () => {
    const notebook = of("fails-in-second-cell");
    expect(statuses(notebook)).toEqual(["passed", "failed", "passed"]);
    expect(notebook.cells[1]!.failures[0]).toMatchObject({ kind: "error", message: "RangeError: no row 7" });
    expect(stdout(notebook, 1)).toContain("before");
    expect(stdout(notebook, 2)).toContain("still runs");
  });

  it("a cell that does not type-check fails at its line", () => {
    const [failure] = of("does-not-type-check").cells[0]!.failures;
    expect(failure).toMatchObject({
      kind: "error",
      line: 2,
      message: expect.stringMatching(/not assignable/),
    });
  });

  it("after a cell that must fail, both later cells really print", () => {
    const notebook = of("raises-then-runs");
    expect(statuses(notebook)).toEqual(["passed", "passed", "passed"]);
    expect([stdout(notebook, 1), stdout(notebook, 2)]).toEqual(["ran\n", "ran too\n"]);
  });

  it("a throw after idle fails the notebook, naming the error", () => {
    const notebook = of("throws-after-idle");
    expect(notebook.status).toBe("failed");
    const late = notebook.cells.flatMap(({ failures }) => failures);
    expect(late).toEqual([
      expect.objectContaining({ kind: "late", message: expect.stringMatching(/^Error: late/) }),
    ]);
  });

  it("process.exit() is told, with what was printed before", () => {
    const notebook = of("exits");
    expect(statuses(notebook)).toEqual(["failed", "not-run"]);
    expect(notebook.cells[0]!.failures[0]).toMatchObject({ kind: "died" });
    expect(stdout(notebook, 0)).toBe("last words\n");
  });

  it("a loop without end is interrupted, and the next cell runs", () => {
    const notebook = of("busy-forever");
    expect(statuses(notebook)).toEqual(["failed", "passed"]);
    expect(notebook.cells[0]!.failures[0]).toMatchObject({ kind: "timeout" });
  });

  it("100,000 lines all arrive in order, or the cell does not pass", () => {
    const [cell] = of("prints-100000-lines").cells;
    const lines = stdout(of("prints-100000-lines"), 0).trimEnd().split("\n");
    const isWhole = lines.length === 100_000 && lines.every((line, index) => line === `line ${index}`);
    expect(cell!.status).toBe(isWhole ? "passed" : "failed");
    // The project's own kernel queues what it sends; tslab as it is loses most of it.
    expect(isWhole).toBe(kernel === "tslab");
  });
});

describe("on the project's kernel", () => {
  it("the failing line is known, also inside a function", async () => {
    const of = await runAll(["fails-in-second-cell", "rejects-after-last-cell"], { jobs: 2 });
    expect(of("fails-in-second-cell").cells[1]!.failures[0]!.line).toBe(3);
    const [late] = of("rejects-after-last-cell").cells[0]!.failures;
    expect(late).toMatchObject({ kind: "late", line: 1, message: expect.stringMatching(/nobody awaits/) });
  });

  it("the line is known as well of what failed beside a cell that was still running", async () => {
    const of = await runAll(["throws-while-the-cell-runs"], {});
    const [late] = of("throws-while-the-cell-runs").cells[0]!.failures;
    expect(late).toMatchObject({
      kind: "late",
      line: 2,
      message: expect.stringMatching(/while the cell ran/),
    });
  });

  it("cells run a second time with rerun, and parameters reach them", async () => {
    const [rerun, given] = await Promise.all([
      runAll(["counts-up"], { rerun: true }),
      runAll(["has-parameters"], { parameters: { rows: 3, name: "given" } }),
    ]);
    expect(statuses(rerun("counts-up"))).toEqual(["passed", "passed", "passed", "passed"]);
    expect(stdout(rerun("counts-up"), 3)).toBe("2\n");
    expect(stdout(given("has-parameters"), 1)).toBe("3 given\n");
  });

  it("what only stays open is waited for by nobody, and said", async () => {
    const source = [
      'import { createServer } from "node:http";',
      "const server = createServer().listen(0);",
      "const interval = setInterval(() => {}, 50);",
      "const timer = setTimeout(() => {}, 600_000);",
    ].join("\n");
    const { notebooks } = await runNotebooks([writeNotebook("open", "tslab", [source])], {
      settleMs: 60_000,
    });
    expect(notebooks[0]!.status).toBe("passed");
    expect(notebooks[0]!.notes).toEqual([
      "Left open at its end: 1 server, 1 interval.",
      expect.stringMatching(
        /^Not waited for at its end: 1 timer \(due in \d+(\.\d)? s\); --settle gives more/,
      ),
    ]);
    expect(notebooks[0]!.durationMs).toBeLessThan(60_000);
  });

  it("a failing test is told with its own text, at its line, in its cell", async () => {
    const cells = [
      "const y = 1;",
      'import { test } from "node:test";\nvoid test("adds", () => {\n  throw new RangeError("no");\n});',
      "const z = 1;",
    ];
    const { notebooks } = await runNotebooks([writeNotebook("tests", "tslab", cells)]);
    expect(statuses(notebooks[0]!)).toEqual(["passed", "failed", "passed"]);
    expect(notebooks[0]!.cells[1]!.failures[0]).toMatchObject({
      kind: "exit-code",
      message: "A test failed: the process would end with exit code 1.",
      line: 3,
      trace: expect.stringMatching(/RangeError.*no/),
    });
  });
});
