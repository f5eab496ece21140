import { describe, expect, it } from "vitest";
import { collectionOf, leftOutOf } from "../../../lab/extension/src/export/text";
import {
  declarationIn,
  definitionIn,
  fromTop,
  versionText,
} from "../../../lab/extension/src/typescript/text";

describe("the versions in the status bar", () => {
  it.each([
    ["typescript", "6.0.3", "TypeScript 6.0.3 on Node.js v24.21.0", "TypeScript 6.0.3 · Node.js 24.21.0"],
    ["typescript", "5.9.2", "Welcome to Deno kernel", "TypeScript 5.9.2"],
    ["python", "3.13.1", "Python 3.13.1", undefined],
    ["typescript", undefined, undefined, undefined],
  ])("of a kernel of %s %s", (name, version, banner, text) => {
    expect(versionText({ banner, language_info: { name, version } })).toBe(text);
  });

  it("are none of a kernel that says nothing", () => {
    expect(versionText({})).toBeUndefined();
  });
});

describe("a definition", () => {
  it("is read from the metadata of the reply, whatever a kernel sends there", () => {
    const at = (found: unknown) => definitionIn({ "kernel-helpers:definition": found });
    expect(at({ name: "a", path: "../b.ts", line: 3 })).toEqual({ name: "a", path: "../b.ts", line: 3 });
    expect(at({ name: "a" })).toEqual({ name: "a" });
    expect(at({ name: "a", path: 5 })).toEqual({ name: "a" });
    for (const odd of [undefined, null, "a", {}, { name: 1 }]) expect(at(odd)).toBeUndefined();
    expect(definitionIn(undefined)).toBeUndefined();
  });

  it.each([
    ["notebooks", "beside.ts", "notebooks/beside.ts"],
    ["notebooks/ru", "../../kernel-helpers/a.ts", "kernel-helpers/a.ts"],
    ["", "a.ts", "a.ts"],
    ["", "../a.ts", undefined],
    ["notebooks", "/etc/a.ts", undefined],
    ["notebooks", "C:/a.ts", undefined],
  ])("seen from %j as %s is %s from the top", (folder, file, found) => {
    expect(fromTop(folder, file)).toBe(found);
  });

  const cells = [
    "import { readFileSync } from 'node:fs';\nconst { a, b: renamed } = pair;",
    "function add() {}\nclass $Shape {}",
    "const added = 1;",
    "add(added);",
  ];
  it.each([
    ["add", { cell: 1, line: 0 }],
    ["added", { cell: 2, line: 0 }],
    ["$Shape", { cell: 1, line: 1 }],
    ["a", { cell: 0, line: 1 }],
    ["renamed", { cell: 0, line: 1 }],
    ["readFileSync", { cell: 0, line: 0 }],
    ["nowhere", undefined],
  ])("of %s is found in the cells above", (name, found) => {
    expect(declarationIn(cells, 3, name)).toEqual(found);
  });

  it("is not one of a cell below", () => {
    expect(declarationIn(cells, 0, "add")).toBeUndefined();
    expect(declarationIn([], 0, "add")).toBeUndefined();
  });
});

describe("the collection as a site", () => {
  it.each([
    ["notebooks/01.ipynb", "notebooks"],
    ["notebooks/ru/01.ipynb", "notebooks"],
    ["01.ipynb", ""],
    ["ru/01.ipynb", "ru"],
    ["a/deep/01.ipynb", "a/deep"],
  ])("of %s is that of the folder %j", (notebook, folder) => {
    expect(collectionOf(notebook)).toBe(folder);
  });

  it("names what could not be read", () => {
    expect(leftOutOf(encodeURIComponent('["a/ü.ipynb"]'))).toEqual(["a/ü.ipynb"]);
    for (const odd of [null, "", "{", "5", "%"]) expect(leftOutOf(odd)).toEqual([]);
  });
});
