/**
 * Kernels of other people: ipykernel from PyPI, which CI must have and other machines may lack, and Deno's
 * where it is installed.
 */
import { existsSync, globSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { multilineText } from "../../notebook-tools/nbformat";
import { type NotebookResult, type RunOptions, runNotebooks } from "../../notebook-tools/run";
import { pythonMissing, venv } from "../python.ts";
import { temporaryFolder, writeKernelspec } from "./kernels.ts";
import { writeNotebook } from "./notebooks.ts";

const root = resolve(import.meta.dirname, "../..");
const deno = globSync(join(root, "test/bench/node_modules/@deno/*/deno{,.exe}")).find((file) =>
  existsSync(file),
);

beforeAll(() => {
  const dataDir = temporaryFolder();
  if (deno)
    writeKernelspec(dataDir, "deno", "typescript", [
      deno,
      "jupyter",
      "--kernel",
      "--conn",
      "{connection_file}",
    ]);
  // The kernelspec that ipykernel brings says `python`; it must find the one of its own environment.
  process.env.JUPYTER_PATH = [join(venv, "share", "jupyter"), dataDir].join(delimiter);
});

async function run(kernel: string, cells: string[], options: RunOptions = {}): Promise<NotebookResult> {
  const { notebooks } = await runNotebooks([writeNotebook("other", kernel, cells)], options);
  expect(notebooks[0]!.problem).toBeUndefined();
  return notebooks[0]!;
}

const statuses = ({ cells }: NotebookResult) => cells.map(({ status }) => status);
const kinds = ({ cells }: NotebookResult) =>
  cells.flatMap(({ failures }) => failures.map(({ kind }) => kind));

describe.skipIf(pythonMissing)(`ipykernel${pythonMissing ? ` (LEFT OUT: ${pythonMissing})` : ""}`, () => {
  it("what runs is not written into a person's own history", async () => {
    const { cells } = await run("python3", ["print(get_ipython().history_manager.hist_file)"]);
    expect(cells[0]!.outputs).toMatchObject([{ text: ":memory:\n" }]);
  });

  it("a shell command that fails is noted, or fails its cell with shellErrors; the next cell does not answer for it", async () => {
    const cells = ["!exit 3", "x = 1", "y = !true"];
    const noted = await run("python3", cells);
    expect(statuses(noted)).toEqual(["passed", "passed", "passed"]);
    expect(noted.notes).toEqual([expect.stringMatching(/shell command of cell 1 ended with exit code 3/)]);
    const failed = await run("python3", cells, { shellErrors: true });
    expect(statuses(failed)).toEqual(["failed", "passed", "passed"]);
    expect(kinds(failed)).toEqual(["shell"]);
  });

  it("runs cells, tells the failing line, and goes on", async () => {
    const notebook = await run("python3", ["print(1)", "x = 1\nraise KeyError('k')", "print(2)", "3"]);
    expect(statuses(notebook)).toEqual(["passed", "failed", "passed", "passed"]);
    expect(notebook.cells[1]!.failures[0]).toMatchObject({ message: "KeyError: 'k'", line: 2 });
    const [output] = notebook.cells[2]!.outputs;
    expect(output?.output_type === "stream" && multilineText(output.text)).toBe("2\n");
    expect(notebook.cells[3]!.outputs).toMatchObject([
      { output_type: "execute_result", data: { "text/plain": "3" } },
    ]);
  });

  it("cannot wait for input", async () => {
    const notebook = await run("python3", ["input('name? ')", "print('after')"]);
    expect(statuses(notebook)).toEqual(["failed", "passed"]);
    expect(notebook.cells[0]!.failures[0]!.message).toMatch(/StdinNotImplementedError/);
  });

  it("is interrupted in a loop without end, and told by its exit when it dies", async () => {
    const notebook = await run("python3", ["while True: pass", "import os; os._exit(3)", "1"], {
      timeoutMs: 1000,
    });
    expect(statuses(notebook)).toEqual(["failed", "failed", "not-run"]);
    expect(kinds(notebook)).toEqual(["timeout", "died", "not-run"]);
    expect(notebook.cells[1]!.failures[0]!.message).toMatch(/exited with code 3/);
  });

  it("shows an updated display and an error in a thread as late failure", async () => {
    const thread =
      "import threading\ndef f():\n    raise ValueError('late')\nt = threading.Timer(0.02, f)\nt.start()\nt.join()";
    const notebook = await run("python3", [
      "from IPython.display import display\nh = display('old', display_id=True)\nh.update('new')",
      thread,
    ]);
    expect(notebook.cells[0]!.outputs).toMatchObject([{ data: { "text/plain": "'new'" } }]);
    expect(notebook.cells[1]!.failures[0]!.message).toMatch(/^ValueError: late/);
  });

  it("takes parameters", async () => {
    const file = writeNotebook("p", "python3", [{ source: "n = 1", tags: ["parameters"] }, "print(n + 1)"]);
    const { notebooks } = await runNotebooks([file], { parameters: { n: 41 } });
    expect(notebooks[0]!.cells[1]!.outputs).toMatchObject([{ text: "42\n" }]);
  });
});

it("Deno is there in CI", () => {
  if (process.env.CI) expect(deno).toBeDefined();
});

describe.skipIf(!deno)(`Deno's kernel${deno ? "" : " (skipped: npm run bench installs it)"}`, () => {
  it("runs cells, tells the failing one, and goes on", async () => {
    const notebook = await run("deno", [
      "console.log(1)",
      "throw new RangeError('x')",
      "const n: number = 3; n",
    ]);
    expect(statuses(notebook)).toEqual(["passed", "failed", "passed"]);
    expect(notebook.cells[1]!.failures[0]!.message).toBe("RangeError: x");
    expect(notebook.cells[2]!.outputs).toMatchObject([{ output_type: "execute_result" }]);
  });
});
