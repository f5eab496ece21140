import { beforeAll, describe, expect, it } from "vitest";
import { multilineText, type Output, readNotebook } from "../../notebook-tools/nbformat";
import { type CellResult, type RunOptions, runNotebooks } from "../../notebook-tools/run";
import { failureTexts } from "../../notebook-tools/run/reporters/plain";
import { kernelsForTests } from "./kernels.ts";
import { writeNotebook } from "./notebooks.ts";

type Sketch = Parameters<typeof writeNotebook>[2];

beforeAll(() => {
  process.env.JUPYTER_PATH = kernelsForTests();
});

async function run(cells: Sketch, options: RunOptions = {}) {
  const { notebooks } = await runNotebooks([writeNotebook("cells", "scripted", cells)], options);
  return notebooks[0]!;
}

async function runCells(cells: Sketch, options: RunOptions = {}): Promise<CellResult[]> {
  return (await run(cells, options)).cells;
}

const statuses = (cells: CellResult[]) => cells.map(({ status }) => status);
const kinds = (cell: CellResult | undefined) => cell?.failures.map(({ kind }) => kind);
const text = (output: Output | undefined) =>
  output?.output_type === "stream" ? multilineText(output.text) : undefined;

describe("a cell passes only if", () => {
  it("it replied ok and went idle", async () => {
    const [cell] = await runCells(["print('x')"]);
    expect(cell).toMatchObject({ status: "passed", failures: [], executionCount: 1 });
  });

  it.each([
    ["an error status", "throw new Error('x')", "error"],
    ["an error output beside an ok reply", "error('NameError', 'x')", "error"],
    ["a status nobody knows", "reply('fine')", "error"],
    ["no status at all", "noReply()", "no-reply"],
    ["no idle", "noIdle()", "no-idle"],
    ["a request for input", "await ask()", "input"],
  ])("it fails with %s, and the next cell runs", async (_, source, kind) => {
    const cells = await runCells([source, "print('next')"]);
    expect(statuses(cells)).toEqual(["failed", "passed"]);
    expect(kinds(cells[0])).toEqual([kind]);
  });

  it("it was not aborted: an aborted cell is sent again until it runs", async () => {
    const cells = await runCells(["abortNext(2)", "print('ran')"]);
    expect(statuses(cells)).toEqual(["passed", "passed"]);
    expect(text(cells[1]!.outputs[0])).toBe("ran");
  });

  it("it does not stay aborted", async () => {
    const cells = await runCells(["abortNext(1e9)", "print('never')"]);
    expect(statuses(cells)).toEqual(["passed", "failed"]);
    expect(kinds(cells[1])).toEqual(["aborted"]);
  });

  it("its kernel lives: a death fails the cell in which it is seen, with the reason and the last output", async () => {
    const cells = await runCells(["await print('last words'); exit(3)", "1", "2"]);
    expect(statuses(cells)).toEqual(["failed", "not-run", "not-run"]);
    expect(cells[0]!.failures[0]!.message).toMatch(/died while this cell ran: it exited with code 3/);
    expect(text(cells[0]!.outputs[0])).toBe("last words");
    expect(cells[1]!.failures[0]!.message).toBe("Not run: the kernel was gone.");
  });

  it("its kernel lives on after the last cell", async () => {
    const cells = await runCells(["after(20, () => exit(5))"]);
    expect(cells[0]!.failures[0]!.message).toMatch(/died after the last cell: it exited with code 5/);
  });

  it("what a kernel wrote to its own stderr is told when it dies", async () => {
    const cells = await runCells([
      "process.stderr.write('heap out of memory\\n', () => exit(134)); await hang()",
    ]);
    expect(cells[0]!.failures[0]).toMatchObject({ kind: "died", trace: "heap out of memory" });
    expect(cells[0]!.failures[0]!.message).toMatch(/out of memory/);
  });
});

describe("a kernel that does not keep to the protocol", () => {
  it.each([
    "print(5)",
    "print(null)",
    "send('stream', {})",
    "send('stream', { name: 5, text: ['x'] })",
    "send('stream', null, 7)",
    "show(null)",
    "show('x')",
    "send('display_data', { data: { 'text/plain': 'x' }, metadata: null, transient: null })",
    "result(null)",
    "send('execute_result', { data: {}, execution_count: 'x' })",
    "send('error', { traceback: 'x' })",
    "send('error', { ename: 5, evalue: {}, traceback: [5, null] })",
    "send('update_display_data', null)",
    "send('clear_output', null)",
    "send('status', null)",
    "reply({})",
  ])("ends neither the run nor makes the notebook invalid: %s", async (source) => {
    const file = writeNotebook("cells", "scripted", [source, "print('next')"]);
    const options = { check: true, update: true, copyTo: () => `${file}.copy` };
    const { notebooks } = await runNotebooks([file], options);
    expect(text(notebooks[0]!.cells[1]!.outputs[0])).toBe("next");
    expect((await readNotebook(file)).problems).toEqual([]);
    expect(failureTexts(notebooks[0]!, "")).not.toEqual([]);
  });
});

describe("a failure after idle", () => {
  const late = "printError('UnhandledPromiseRejection: Error: nobody awaits\\n    at x')";

  it("fails the cell it belongs to, though it had replied ok", async () => {
    const cells = await runCells([
      `after(30, () => ${late})`,
      "await new Promise((done) => after(100, done))",
    ]);
    expect(statuses(cells)).toEqual(["failed", "passed"]);
    expect(cells[0]!.failures[0]).toMatchObject({
      kind: "late",
      message: "Error: nobody awaits (after the cell had ended)",
    });
  });

  it("is waited for after the last cell", async () => {
    const [cell] = await runCells([`after(30, () => ${late})`]);
    expect(kinds(cell)).toEqual(["late"]);
  });

  it("is known by its metadata, whatever its text", async () => {
    const [cell] = await runCells([
      "after(10, () => printError('boom', { late_failure: true, ename: 'RangeError', evalue: 'boom' }))",
    ]);
    expect(cell!.failures[0]!.message).toMatch(/^RangeError: boom/);
  });

  it("is what raises-exception waits for, too", async () => {
    const cells = await runCells([{ source: `after(30, () => ${late})`, tags: ["raises-exception"] }]);
    expect(statuses(cells)).toEqual(["passed"]);
  });

  it("is not seen in what a cell prints late on purpose", async () => {
    const cells = await runCells(["after(10, () => printError('a warning'))"]);
    expect(statuses(cells)).toEqual(["passed"]);
    expect(text(cells[0]!.outputs[0])).toBe("a warning");
  });
});

describe("tags", () => {
  it("raises-exception: must fail, and the next cell runs", async () => {
    const cells = await runCells([
      { source: "throw new Error('x')", tags: ["raises-exception"] },
      "print('ran')",
    ]);
    expect(statuses(cells)).toEqual(["passed", "passed"]);
    expect(text(cells[1]!.outputs[0])).toBe("ran");
  });

  it("raises-exception: a cell that does not fail, fails", async () => {
    const cells = await runCells([{ source: "1", tags: ["raises-exception"] }]);
    expect(kinds(cells[0])).toEqual(["expected-error"]);
  });

  it("skip-execution: is not sent", async () => {
    const cells = await runCells([{ source: "exit(1)", tags: ["skip-execution"] }, "print('ran')"]);
    expect(statuses(cells)).toEqual(["skipped", "passed"]);
  });

  it("timeout:N: goes before the run's own limit", async () => {
    const cells = await runCells([{ source: "await hang()", tags: ["timeout:0.2"] }, "1"], {
      timeoutMs: 60_000,
    });
    expect(statuses(cells)).toEqual(["failed", "passed"]);
    expect(cells[0]!.failures[0]!.message).toMatch(/still running after 0\.2 s; it was interrupted/);
  });
});

describe("limits", () => {
  it("a cell that ignores the interrupt costs its kernel", async () => {
    const cells = await runCells(["beDeaf(); await hang()", "1"], { timeoutMs: 200, interruptGraceMs: 200 });
    expect(statuses(cells)).toEqual(["failed", "not-run"]);
    expect(cells[0]!.failures[0]!.message).toMatch(/did not stop when interrupted, so its kernel was ended/);
  });

  it("the notebook's own stops the running cell and lets no other start", async () => {
    const cells = await runCells(["await hang()", "1"], { notebookTimeoutMs: 200 });
    expect(statuses(cells)).toEqual(["failed", "not-run"]);
    expect(cells[0]!.failures[0]!.message).toMatch(
      /^the notebook ran longer than 0\.2 s; it was interrupted/,
    );
  });

  it("a signal stops everything and reports what ran", async () => {
    const stop = new AbortController();
    const file = writeNotebook("a", "scripted", ["print('ran')", "await hang()", "1"]);
    const other = writeNotebook("b", "scripted", ["1"]);
    const run = await runNotebooks([file, other], { signal: stop.signal }, (event) => {
      if (event.type === "cell-start" && event.number === 2) setTimeout(() => stop.abort("Ctrl-C"), 50);
    });
    expect(run.stopped).toBe("Ctrl-C");
    expect(statuses(run.notebooks[0]!.cells)).toEqual(["passed", "failed", "not-run"]);
    expect(run.notebooks[1]!.status).toBe("not-run");
  });
});

describe("the rest of the report", () => {
  it("is never hidden by a failing cell", async () => {
    const cells = await runCells([
      "throw new Error('x')",
      "print('a')",
      "throw new Error('y')",
      "print('b')",
    ]);
    expect(statuses(cells)).toEqual(["failed", "passed", "failed", "passed"]);
  });

  it("ends early with failFast", async () => {
    const cells = await runCells(["throw new Error('x')", "print('a')"], { failFast: true });
    expect(statuses(cells)).toEqual(["failed", "not-run"]);
  });

  it("holds empty cells as passed and never sends them", async () => {
    const notebook = await run(["", " \n", "print('x')"]);
    expect(notebook.status).toBe("passed");
    expect(notebook.cells.map(({ executionCount }) => executionCount)).toEqual([null, null, 1]);
  });

  it("is whole for a notebook without cells, which needs no kernel", async () => {
    expect(await run([])).toMatchObject({ status: "passed", cells: [] });
    const file = writeNotebook("prose", "nobody-has-this", [{ type: "markdown", source: "text" }, ""]);
    const { notebooks } = await runNotebooks([file]);
    expect(notebooks[0]).toMatchObject({ status: "passed", kernel: undefined });
  });

  it("holds every cell twice with rerun, and keeps the first outputs", async () => {
    const cells = await runCells(
      ["globalThis.n = (globalThis.n ?? 0) + 1; print(String(n)); if (n > 1) throw new Error('again')"],
      {
        rerun: true,
      },
    );
    expect(cells.map(({ status, rerun }) => [status, rerun])).toEqual([
      ["passed", false],
      ["failed", true],
    ]);
    expect(text(cells[0]!.outputs[0])).toBe("1");
  });
});

describe("a kernel that cannot be had", () => {
  it.each([
    ["nobody-has-this", /There is no kernel named "nobody-has-this"/],
    ["never-starts", /did not start: it exited with code 7.*no licence/s],
  ])("%s: is the notebook's problem, and others run all the same", async (kernel, problem) => {
    const files = [writeNotebook("bad", kernel, ["1"]), writeNotebook("good", "scripted", ["1"])];
    const { notebooks } = await runNotebooks(files);
    expect(notebooks.map(({ status }) => status)).toEqual(["no-kernel", "passed"]);
    expect(notebooks[0]!.problem).toMatch(problem);
  });
});

describe("several notebooks", () => {
  it("have the next one's kernel ready when one ends, and leave none behind", async () => {
    const pids: string[] = [];
    const files = ["a", "b", "c"].map((name) =>
      writeNotebook(name, "scripted", ["print(String(process.pid))", "1"]),
    );
    await runNotebooks(files, { jobs: 2 }, (event) => {
      if (event.type === "cell-end" && event.cell.number === 1) pids.push(text(event.cell.outputs[0])!);
    });
    expect(new Set(pids).size).toBe(3);
    for (const pid of pids) expect(() => process.kill(Number(pid), 0)).toThrow(/ESRCH/);
  });

  it("report in the order they were named, whoever ends first", async () => {
    const slow = writeNotebook("slow", "scripted", ["await new Promise((done) => after(300, done))"]);
    const fast = writeNotebook("fast", "scripted", ["1"]);
    const { notebooks } = await runNotebooks([slow, fast], { jobs: 2 });
    expect(notebooks.map(({ file }) => file)).toEqual([slow, fast]);
  });
});
