import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findNotebooks } from "../../notebook-tools/nbformat";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nb-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function make(...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), "{}");
  }
}

const git = (...args: string[]) => execFileSync("git", args, { cwd: folder });
const found = async (...paths: string[]) =>
  (await findNotebooks(paths.map((path) => join(folder, path)))).map(({ relative }) =>
    relative.split(sep).join("/"),
  );

test("notebooks below folders, sorted, and files as they are named", async () => {
  make("b.ipynb", "a/c.ipynb", "notes.md");
  expect(await found(".", "a/c.ipynb")).toEqual(["a/c.ipynb", "b.ipynb", "c.ipynb"]);
});

test("no checkpoints, packages, hidden files, Python environments nor executed copies, unless named", async () => {
  make(".ipynb_checkpoints/b.ipynb", "node_modules/x.ipynb", ".hidden.ipynb", "a.ipynb");
  make("env/pyvenv.cfg", "env/lib/x.ipynb", "conda/conda-meta/history", "conda/x.ipynb");
  make("deep/done/.nb-output-dir", "deep/done/a.ipynb", "deep/done/deeper/b.ipynb");
  expect(await found(".")).toEqual(["a.ipynb"]);
  expect(await found("deep/done", "env", ".hidden.ipynb")).toEqual([
    "a.ipynb",
    "deeper/b.ipynb",
    "lib/x.ipynb",
    ".hidden.ipynb",
  ]);
});

test("of what has the name of a notebook only files: a folder is searched", async () => {
  make("folder.ipynb/a.ipynb");
  symlinkSync("folder.ipynb", join(folder, "link-to-folder.ipynb"));
  symlinkSync("folder.ipynb/a.ipynb", join(folder, "link-to-file.ipynb"));
  symlinkSync("nowhere", join(folder, "link-to-nothing.ipynb"));
  expect(await found(".")).toEqual(["folder.ipynb/a.ipynb", "link-to-file.ipynb", "link-to-nothing.ipynb"]);
});

describe("what Git ignores", () => {
  beforeEach(() => {
    git("init", "--quiet");
    make("out/a.ipynb", "out/deep/b.ipynb", "Untitled.ipynb", "sub/Untitled1.ipynb", "sub/kept.ipynb");
    writeFileSync(join(folder, ".gitignore"), "out/\nUntitled*.ipynb\n");
  });

  test("is left out below the repository and below a folder of it", async () => {
    expect(await found(".")).toEqual(["sub/kept.ipynb"]);
    expect(await found("sub")).toEqual(["kept.ipynb"]);
  });

  test("is taken where it is named, and where it is tracked all the same", async () => {
    expect(await found("out", "Untitled.ipynb")).toEqual(["a.ipynb", "deep/b.ipynb", "Untitled.ipynb"]);
    expect(await found("out/deep")).toEqual(["b.ipynb"]);
    git("add", "--force", "out/deep/b.ipynb");
    expect(await found(".")).toEqual(["out/deep/b.ipynb", "sub/kept.ipynb"]);
  });

  test("is what the repository says that a notebook lies in", async () => {
    make("inner/a.ipynb", "inner/b.ipynb");
    git("init", "--quiet", "inner");
    writeFileSync(join(folder, "inner", ".gitignore"), "b.ipynb");
    expect(await found(".")).toEqual(["inner/a.ipynb", "sub/kept.ipynb"]);
  });

  test("is the same within a hook, which names another repository to its children", async () => {
    process.env.GIT_DIR = ".git";
    try {
      expect(await found("sub")).toEqual(["kept.ipynb"]);
    } finally {
      delete process.env.GIT_DIR;
    }
  });
});
