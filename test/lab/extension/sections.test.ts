import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  describeSection,
  inOrder,
  isSection,
  neighbour,
  progressOf,
} from "../../../lab/extension/src/sections/text";
import { project } from "../playground";

const notebook = (source: unknown) => ({
  cells: [
    { cell_type: "code", source: "1" },
    { cell_type: "markdown", source },
  ],
});

describe("a section", () => {
  it.each([
    [
      ["# 02 · Off the loop: `run`\n", "\n", "*Reading 10 minutes · running 5 s*"],
      "02 · Off the loop: run",
      "Reading 10 minutes · running 5 s",
    ],
    [
      "# Потоки\n\n[English](../00.ipynb) · *Чтение 5 минут · выполнение 1 с*",
      "Потоки",
      "Чтение 5 минут · выполнение 1 с",
    ],
    ["## A [link](x.ipynb) and **more** ##\n**1 · 2**", "A link and more", ""],
    ["no heading", "07-name", ""],
  ])("is called by its heading, and takes as long as it says: %j", (source, title, time) => {
    const file = "a/07-name.ipynb";
    expect(describeSection(file, notebook(source))).toEqual({ path: file, title, time });
  });

  it.each([undefined, null, 5, "text", {}, { cells: 1 }, { cells: [null, 3, { cell_type: "markdown" }] }])(
    "is called by its file where the notebook is %j",
    (content) => {
      expect(describeSection("01-odd.ipynb", content).title).toBe("01-odd");
    },
  );

  it("is a numbered notebook, in the order of the numbers", () => {
    const names = ["10-b.ipynb", "2-a.ipynb", "01-x.ipynb", "notes.ipynb", "03.txt"];
    expect(inOrder(names.filter(isSection))).toEqual(["01-x.ipynb", "2-a.ipynb", "10-b.ipynb"]);
  });

  it("has a neighbour on each side but at the ends", () => {
    const sections = ["1.ipynb", "2.ipynb"].map((file) => describeSection(file, undefined));
    expect(neighbour(sections, "1.ipynb", 1)?.path).toBe("2.ipynb");
    expect(neighbour(sections, "1.ipynb", -1)).toBeUndefined();
    expect(neighbour(sections, "2.ipynb", 1)).toBeUndefined();
    expect(neighbour(sections, "elsewhere.ipynb", 1)).toBeUndefined();
  });

  it.each([
    [{}, undefined],
    [{ a: true }, "begun"],
    [{ a: true, b: true }, "clean"],
    [{ a: true, b: false }, "failed"],
    [{ deleted: false }, undefined],
  ])("whose cells ended as %j is %s", (ended, progress) => {
    expect(progressOf(["a", "b"], new Map(Object.entries(ended)))).toBe(progress);
  });

  it("of this collection says what it is called and how long it takes", () => {
    const folder = path.join(project, "notebooks");
    for (const name of readdirSync(folder).filter(isSection)) {
      const section = describeSection(name, JSON.parse(readFileSync(path.join(folder, name), "utf8")));
      expect(section.title, name).not.toBe(name.replace(".ipynb", ""));
      expect(section.time, name).toMatch(/^Reading \d+ minutes · running \d+ s$/);
    }
  });
});
