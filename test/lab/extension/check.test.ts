import type { CellResult } from "notebook-tools/run";
import { describe, expect, it } from "vitest";
import { byCell, findingOf, foldersOf, storedFor, summaryOf } from "../../../lab/extension/src/check/text";

const translate = (text: string, ...values: string[]) =>
  text.replace(/%(\d)/g, (_, at: string) => values[Number(at) - 1] ?? "");
const result = (index: number, status: CellResult["status"], more: Partial<CellResult> = {}): CellResult => ({
  index,
  number: index + 1,
  heading: undefined,
  source: "x",
  status,
  failures: [],
  outputs: [],
  executionCount: 1,
  durationMs: 1,
  rerun: false,
  ...more,
});

describe("the cell of the file that a cell of an open notebook was", () => {
  const cell = (id: string | undefined, source: unknown, cell_type = "code") => ({ id, source, cell_type });

  it("is the one of its id, wherever it stands and whatever it says now", () => {
    const stored = [cell("a", "1"), cell("b", "2")];
    const found = storedFor([cell("b", "changed"), cell("new", "1"), cell("a", "1")], stored);
    expect(found).toEqual([stored[1], undefined, stored[0]]);
  });

  it("is the next one of the same source where the file has no ids", () => {
    const stored = [cell(undefined, ["x\n", "y"]), cell(undefined, "1"), cell(undefined, "1")];
    const open = [
      cell("p", "inserted"),
      cell("q", "x\ny"),
      cell("r", "1", "markdown"),
      cell("s", "1"),
      cell("t", "1"),
    ];
    const [inserted, first, markdown, second, third] = storedFor(open, stored);
    expect([inserted, markdown]).toEqual([undefined, undefined]);
    expect([first, second, third].map((found) => stored.indexOf(found!))).toEqual([0, 1, 2]);
  });

  it("is none in a file without cells", () => {
    expect(storedFor([cell("a", "1")], [])).toEqual([undefined]);
  });
});

describe("what is said of a cell", () => {
  it.each([
    [result(0, "passed"), "As stored", ""],
    [
      result(0, "differs", { failures: [{ kind: "differs", message: "", diff: "- a\n+ b\n" }] }),
      "Differs from the stored output",
      "- a\n+ b",
    ],
    [
      result(0, "differs", { failures: [{ kind: "differs", message: "" }] }),
      "The notebook stores no output here",
      "",
    ],
    [
      result(0, "failed", { failures: [{ kind: "error", message: "E: x", trace: "at y" }] }),
      "Failed",
      "E: x\nat y",
    ],
    [
      result(0, "not-run", { failures: [{ kind: "not-run", message: "Not run: the kernel was gone." }] }),
      "Not run: the kernel was gone.",
      "",
    ],
  ])("%#", (of, title, detail) => {
    expect(findingOf([of], translate)).toEqual({ status: of.status, title, detail });
  });

  it("is of the second run where only that failed", () => {
    const again = result(0, "failed", {
      rerun: true,
      failures: [{ kind: "error", message: "declared twice" }],
    });
    expect(findingOf([result(0, "passed"), again], translate)).toMatchObject({
      status: "failed",
      title: "Failed when it ran again",
    });
  });
});

describe("what is said of a notebook", () => {
  const said = (results: CellResult[], hasStored = true) => summaryOf(results, hasStored, translate).text;

  it("counts the cells that have code, each once", () => {
    const empty = result(2, "passed", { source: " \n" });
    const twice = [result(0, "passed"), result(1, "differs"), empty, result(0, "failed", { rerun: true })];
    expect(byCell(twice).size).toBe(3);
    expect(said(twice)).toBe("1 of 2 cells differ from what is stored. 1 of 2 cells failed.");
    expect(said([result(0, "passed"), empty, result(3, "skipped")])).toBe(
      "All 1 cells ran and are as stored.",
    );
  });

  it("is calm where nothing is stored, where there is no code, and where the kernel died", () => {
    expect(said([result(0, "differs"), result(1, "passed")], false)).toMatch(
      /^Nothing is stored to compare with/,
    );
    expect(said([])).toBe("No cell has code to run.");
    expect(said([result(0, "failed"), result(1, "not-run")])).toBe(
      "1 of 2 cells failed. 1 of 2 cells were not run.",
    );
  });
});

it.each([
  ["/home/me/project/", "notebooks/a.ipynb", { root: "/home/me/project", cwd: "/home/me/project/notebooks" }],
  ["/srv", "a.ipynb", { root: "/srv", cwd: "/srv" }],
  ["C:\\work", "ru/a.ipynb", { root: "C:\\work", cwd: "C:\\work\\ru" }],
  ["~/project", "a.ipynb", undefined],
  ["", "a.ipynb", undefined],
  ["/", "a.ipynb", undefined],
])(
  "paths in stacks are told from the folder of the notebook where %s says which it is",
  (root, file, folders) => {
    expect(foldersOf(root, file)).toEqual(folders);
  },
);
