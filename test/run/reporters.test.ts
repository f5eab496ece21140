import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CellResult, NotebookResult, NotebookStatus, RunResult } from "../../notebook-tools/run";
import { failureText, forShell } from "../../notebook-tools/run/failure-text";
import { ttyReporter } from "../../notebook-tools/run/reporters/tty";
import { copiesText, exitCode, summary } from "../../notebook-tools/run/summary";

const cell = (rest: Partial<CellResult> = {}): CellResult => ({
  ...{
    index: 1,
    number: 2,
    heading: "Part",
    source: "const a = 1;\nfail();",
    status: "passed" as const,
    failures: [],
  },
  ...{ outputs: [], executionCount: 1, durationMs: 1234, rerun: false },
  ...rest,
});
const failed = cell({
  status: "failed",
  failures: [{ kind: "error", message: "Error: x", trace: "Error: x\n    at y", line: 2 }],
});
const notebook = (
  status: NotebookStatus,
  cells: CellResult[],
  rest: Partial<NotebookResult> = {},
): NotebookResult => ({
  ...{
    file: "a.ipynb",
    status,
    problem: undefined,
    kernel: "k",
    cells,
    durationMs: 2000,
    kernelOutput: "",
    notes: [],
  },
  ...rest,
});
const run = (...notebooks: NotebookResult[]): RunResult => ({
  notebooks,
  durationMs: 65_000,
  stopped: undefined,
});

/** What is on the screen after the terminal has obeyed cursor-up, erase-line and line ends. */
function screen(written: string): string[] {
  const lines = [""];
  let at = 0;
  for (const [part] of written.replaceAll("\u001b", "␛").matchAll(/␛\[(\d+)A|␛\[2K|\r|\n|[^␛\r\n]+/gu)) {
    const up = /\[(\d+)A/.exec(part);
    if (up) at = Math.max(0, at - Number(up[1]));
    else if (part === "␛[2K") lines[at] = "";
    else if (part === "\n") {
      at++;
      lines[at] ??= "";
    } else if (part !== "\r") lines[at] += part;
  }
  return lines.map((line) => line.trimEnd()).filter((line) => line !== "");
}

describe("in a terminal", () => {
  const plain = { red: String, green: String, dim: String };

  it("the running cells stand below the notebooks that have ended, and nothing is left of them afterwards", () => {
    let written = "";
    const write = (text: string) => {
      written += text;
    };
    const report = ttyReporter({ write, command: (file) => `nb run ${file}`, colour: plain }, () => 80);
    report({ type: "run-start", files: ["a.ipynb", "b.ipynb"] });
    report({ type: "notebook-start", file: "a.ipynb", cells: 3 });
    report({ type: "notebook-start", file: "b.ipynb", cells: 4 });
    report({ type: "cell-start", file: "b.ipynb", number: 2, heading: "Part" });
    report({ type: "notebook-end", notebook: notebook("passed", [cell()]) });
    expect(screen(written)).toEqual([
      "✓ a.ipynb  1 cell  2.0 s",
      expect.stringMatching(/^ {2}b\.ipynb {2}0\/4 {2}cell 2 \(Part\) {2}\d+ ms$/),
      "  1 of 2 notebooks",
    ]);
    report({ type: "notebook-end", notebook: notebook("failed", [failed], { file: "b.ipynb" }) });
    const withCopy = notebook("passed", [cell()], { copy: "out/a.ipynb" });
    report({ type: "run-end", run: run(withCopy, notebook("failed", [failed])) });
    const left = screen(written);
    expect(left).toContain("✗ b.ipynb  1 cell  2.0 s");
    expect(left.slice(-2)).toEqual([
      "2 notebooks, 2 cells: 1 passed, 1 failed, in 1 min 5 s",
      "The executed copy is out/a.ipynb",
    ]);
    expect(left.filter((line) => line.includes("of 2 notebooks"))).toEqual([]);
  });
});

describe("a running line", () => {
  it.each([
    ["cut", "long-name-of-a-notebook.ipynb", 20, "  long-name-of-a-no"],
    ["of wide characters, cut by their width", "ノート日本.ipynb", 12, "  ノート日"],
    ["of characters beyond the basic plane, never cut within one", "📓📓📓📓📓", 10, "  📓📓📓"],
    ["of combined characters", "e\u0301e\u0301e\u0301.ipynb", 10, "  e\u0301e\u0301e\u0301.ipy"],
  ])("%s is no wider than the terminal", (_, file, columns, shown) => {
    let written = "";
    const report = ttyReporter(
      {
        write: (text) => (written += text),
        command: String,
        colour: { red: String, green: String, dim: String },
      },
      () => columns,
    );
    report({ type: "run-start", files: [file, "other"] });
    report({ type: "notebook-start", file, cells: 3 });
    report({ type: "notebook-end", notebook: notebook("passed", [], { file: "other" }) });
    expect(screen(written)[1]).toBe(shown);
    report({ type: "run-end", run: run() });
  });

  it("counts from 0 again in a second run, of --watch", () => {
    let written = "";
    const report = ttyReporter(
      {
        write: (text) => (written += text),
        command: String,
        colour: { red: String, green: String, dim: String },
      },
      () => 80,
    );
    for (const _ of ["first", "again"]) {
      report({ type: "run-start", files: ["a", "b"] });
      report({ type: "notebook-start", file: "a", cells: 1 });
      report({ type: "notebook-start", file: "b", cells: 1 });
      report({ type: "notebook-end", notebook: notebook("passed", [], { file: "a" }) });
      report({ type: "notebook-end", notebook: notebook("passed", [], { file: "b" }) });
      report({ type: "run-end", run: run() });
    }
    expect(written.match(/\d of 2 notebooks/g)).toEqual(["1 of 2 notebooks", "1 of 2 notebooks"]);
  });
});

describe("the failure text", () => {
  it("can be pasted into an issue as it is", () => {
    const outputs = [{ output_type: "stream" as const, name: "stdout", text: "before\n" }];
    expect(failureText("a.ipynb", { ...failed, outputs }, "npx nb run a.ipynb")).toBe(
      [
        "a.ipynb, cell 2 (Part), [1]",
        "  Error: x",
        "    Error: x",
        "        at y",
        "",
        "    1 | const a = 1;",
        "  > 2 | fail();",
        "",
        "  stdout:",
        "    before",
        "  After 1.2 s. To run just this notebook: npx nb run a.ipynb",
      ].join("\n"),
    );
  });

  it("names the file as a shell takes it", () => {
    const shown = (name: string) =>
      spawnSync("sh", ["-c", `printf %s ${forShell(name)}`], { encoding: "utf8" }).stdout;
    for (const name of ["a b/$HOME `ls`/it's (1) [x] é.ipynb", "plain/a-1_b.ipynb", "*.ipynb", ";&|<>!#~\\"])
      expect(shown(name)).toBe(name);
    expect(forShell("plain/a-1_b.ipynb")).toBe("plain/a-1_b.ipynb");
  });

  it("shows the end of a long stream and the start of a long stack", () => {
    const lines = (word: string) => Array.from({ length: 100 }, (_, i) => `${word} ${i}`).join("\n");
    const long = cell({
      status: "failed",
      failures: [{ kind: "error", message: "Error: x", trace: lines("frame") }],
      outputs: [{ output_type: "stream", name: "stdout", text: lines("line") }],
    });
    const text = failureText("a.ipynb", long, "nb run a.ipynb");
    for (const shown of ["frame 0", "… 88 more lines", "… 88 lines before", "line 99"])
      expect(text).toContain(shown);
    expect(text).not.toContain("frame 50");
    expect(text).not.toContain("line 50");
  });
});

describe("the exit code of a run", () => {
  it.each<[NotebookStatus, number]>([
    ["passed", 0],
    ["failed", 1],
    ["not-run", 1],
    ["bad-notebook", 2],
    ["no-kernel", 3],
  ])("counts a notebook that is %s as %i, and the gravest wins", (status, code) => {
    expect(exitCode(run(notebook("passed", []), notebook(status, [])))).toBe(code);
  });

  it("has a sentence beside it", () => {
    const whole = {
      ...run(notebook("passed", [cell()]), notebook("no-kernel", []), notebook("not-run", [])),
      stopped: "Ctrl-C",
    };
    expect(summary(whole)).toBe(
      "3 notebooks, 1 cell: 1 passed; 1 notebook could not be run; 1 notebook not started, in 1 min 5 s. Stopped: Ctrl-C",
    );
  });
});

describe("where the executed copies are", () => {
  const copy = (name: string, status: NotebookStatus = "passed") =>
    notebook(status, [cell()], { copy: join("out", name) });

  it("is told in a line, with those of notebooks that failed", () => {
    expect(copiesText(run(notebook("passed", [cell()])))).toBeUndefined();
    expect(copiesText(run(copy("a.ipynb", "failed")))).toBe(`The executed copy is ${join("out", "a.ipynb")}`);
    expect(copiesText(run(copy(join("x", "a.ipynb")), copy(join("y", "b.ipynb"), "failed")))).toBe(
      `2 executed copies are in out; of failed notebooks: ${join("out", "y", "b.ipynb")}`,
    );
  });

  it("names a few of many failures", () => {
    const many = ["1", "2", "3", "4"].map((name) => copy(name, "failed"));
    expect(copiesText(run(...many))).toMatch(/^4 executed copies .*: out.1, out.2, out.3, …$/);
  });
});
