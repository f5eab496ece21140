import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  describeSection,
  inOrder,
  isSection,
  languageName,
  languageOf,
  neighbour,
  otherEdition,
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
    const paths = ["1.ipynb", "2.ipynb"];
    expect(neighbour(paths, "1.ipynb", 1)).toBe("2.ipynb");
    expect(neighbour(paths, "1.ipynb", -1)).toBeUndefined();
    expect(neighbour(paths, "2.ipynb", 1)).toBeUndefined();
    expect(neighbour(paths, "elsewhere.ipynb", 1)).toBeUndefined();
  });

  const run = (isOk: boolean, source = "1") => ({ isOk, source });

  it.each([
    [{}, undefined],
    [{ a: run(true) }, "begun"],
    [{ a: run(true), b: run(true) }, "clean"],
    [{ a: run(true), b: run(false) }, "failed"],
    [{ a: run(true), b: run(true, "2") }, "changed"],
    [{ a: run(false, "2") }, "changed"],
    [{ deleted: run(false) }, undefined],
  ])("whose cells ended as %j is %s", (runs, progress) => {
    const code = new Map(["a", "b"].map((id) => [id, "1"]));
    expect(progressOf(code, new Map(Object.entries(runs)))).toBe(progress);
  });

  it.each([
    ["ru", "ru", "Русский"],
    ["pt_BR", "pt-BR", "Português (Brasil)"],
    ["de", "de", "Deutsch"],
    ["data", undefined, undefined],
    ["xq", undefined, undefined],
    ["", undefined, undefined],
  ])("in a folder %j is in the language %s", (folder, tag, name) => {
    expect(languageOf(folder)).toBe(tag);
    if (tag !== undefined) expect(languageName(tag)).toBe(name);
  });

  it("has another edition where a folder for a language has a notebook of the same name", () => {
    const edition = (language: string, folder: string, ...names: string[]) => ({
      language,
      folder,
      names: new Set(names),
    });
    const two = [edition("en", "a", "1.ipynb", "2.ipynb"), edition("ru", "a/ru", "1.ipynb")];
    expect(otherEdition(two, "a/1.ipynb")).toEqual({ language: "ru", path: "a/ru/1.ipynb" });
    expect(otherEdition(two, "a/ru/1.ipynb")).toEqual({ language: "en", path: "a/1.ipynb" });
    expect(otherEdition(two, "a/2.ipynb")).toBeUndefined();
    expect(otherEdition(two, "elsewhere/1.ipynb")).toBeUndefined();
    expect(otherEdition([], "a/1.ipynb")).toBeUndefined();
    const three = [
      edition("en", "", "1.ipynb"),
      edition("de", "de", "1.ipynb"),
      edition("ru", "ru", "1.ipynb"),
    ];
    const around = ["1.ipynb", "de/1.ipynb", "ru/1.ipynb"].map((file) => otherEdition(three, file)?.path);
    expect(around).toEqual(["de/1.ipynb", "ru/1.ipynb", "1.ipynb"]);
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
