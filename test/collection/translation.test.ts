import { describe, expect, it } from "vitest";
import { alignTranslation } from "../../notebook-tools/collection/translation";
import type { Cell, Notebook, Output } from "../../notebook-tools/nbformat";

const notebook = (...cells: Cell[]): Notebook => ({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
const md = (id: string, source: string, metadata = {}): Cell => ({
  cell_type: "markdown",
  id,
  metadata,
  source,
});
const code = (id: string, source: string, metadata = {}, outputs: Output[] = []): Cell => ({
  ...{ cell_type: "code", id, metadata, source, outputs, execution_count: null },
});
const faults = (original: Notebook, translation: Notebook) =>
  alignTranslation(original, translation).faults.map(
    ({ number, id, wrong, way }) => `${number} ${id} ${wrong}: ${way}`,
  );

/** The translation after every Markdown cell was said to be translated. */
const accepted = (original: Notebook, translation: Notebook) =>
  alignTranslation(original, translation, () => true).notebook;

const english = notebook(
  md("a", "# One"),
  code("b", "1", { tags: ["measured"] }),
  md("c", "Two."),
  code("d", "2"),
);
const russian = accepted(
  english,
  notebook(md("a", "# Раз"), code("b", "1", { tags: ["measured"] }), md("c", "Два."), code("d", "2")),
);
const [a, b, c, d] = russian.cells as [Cell, Cell, Cell, Cell];

describe("a translation", () => {
  it("that has the same code and translates the text as it is has no fault", () => {
    expect(alignTranslation(english, russian)).toEqual({ notebook: russian, faults: [] });
  });

  const outputs: Output[] = [{ output_type: "stream", name: "stdout", text: "задача" }];

  it("gets the code and the tags of the original; its outputs go with the code that gave them", () => {
    const edited = notebook(a, code("b", "1; // ", { tags: [] }, outputs), c, d);
    expect(faults(english, edited)).toEqual([
      "2 b differs from the original: sync",
      "2 b has other tags or metadata than the original: sync",
    ]);
    expect(alignTranslation(english, edited).notebook).toEqual(russian);
    const tagged = notebook(a, code("b", "1", {}, outputs), c, d);
    expect(alignTranslation(english, tagged).notebook.cells[1]).toEqual(
      code("b", "1", { tags: ["measured"] }, outputs),
    );
  });

  it("has outputs where its original has", () => {
    const ran = notebook(...english.cells.slice(0, 3), code("d", "2", {}, outputs));
    expect(faults(ran, russian)).toEqual(["4 d has no outputs, its original has: run"]);
    expect(faults(ran, notebook(a, b, c, code("d", "2", {}, outputs)))).toEqual([]);
    expect(faults(english, notebook(a, b, c, code("d", "2", {}, outputs)))).toEqual([]);
  });

  it("gets the cells that it lacks: code without outputs, text as a draft that is named until it is translated", () => {
    const ran = notebook(...english.cells.slice(0, 3), code("d", "2", {}, outputs));
    expect(faults(ran, notebook(a, b))).toEqual([
      "undefined c is missing (cell 3 of the original): sync",
      "undefined d is missing (cell 4 of the original): sync",
    ]);
    const mended = alignTranslation(ran, notebook(a, b)).notebook;
    expect(mended.cells).toEqual([a, b, md("c", "Two."), code("d", "2")]);
    expect(faults(ran, mended)).toEqual([
      "3 c is not translated: translate",
      "4 d has no outputs, its original has: run",
    ]);
    expect(accepted(ran, mended).cells[2]).toEqual(md("c", "Two."));
  });

  it("keeps a cell that the original lacks where it stands, and names it", () => {
    const added = notebook(md("new", "Нет."), a, b, code("more", "3"), c, d);
    expect(faults(english, added)).toEqual([
      "1 new is not in the original; write it there first, or delete it: edit",
      "4 more is not in the original; write it there first, or delete it: edit",
    ]);
    expect(alignTranslation(english, added).notebook).toEqual(added);
  });

  it("counts a second cell with the same id as one that the original lacks", () => {
    expect(faults(english, notebook(a, b, c, d, { ...c }))).toEqual([
      "5 c is not in the original; write it there first, or delete it: edit",
    ]);
  });

  it("gets the original's order, and only the cells that were moved are named", () => {
    const moved = notebook(d, a, b, c);
    expect(faults(english, moved)).toEqual(["1 d stands in another place than in the original: sync"]);
    expect(alignTranslation(english, moved).notebook).toEqual(russian);
    expect(faults(english, notebook(b, a, d, c))).toHaveLength(2);
  });

  it("gets the original's cell where it has one of another kind", () => {
    const text = notebook(a, md("b", "1"), c, d);
    expect(faults(english, text)).toEqual(["2 b is a markdown cell, in the original a code cell: sync"]);
    expect(alignTranslation(english, text).notebook).toEqual(russian);
  });

  it("is stale where the original's text has changed, until the new text is said to be translated", () => {
    const changed = notebook(...english.cells.slice(0, 2), md("c", "Two and a half."), english.cells[3]!);
    const wrong = "3 c is older than its original, whose text has changed since: translate";
    expect(faults(changed, russian)).toEqual([wrong]);
    expect(faults(changed, alignTranslation(changed, russian).notebook)).toEqual([wrong]);
    const renewed = alignTranslation(changed, russian, (id) => id === "c").notebook;
    expect(faults(changed, renewed)).toEqual([]);
    expect(faults(english, renewed)).toEqual([wrong]);
  });

  it("is untranslated where a text was never said to be translated, or is still the original's", () => {
    expect(faults(english, notebook(md("a", "# Раз"), b, c, d))).toEqual([
      "1 a is not translated: translate",
    ]);
    expect(faults(english, accepted(english, english))).toEqual([
      "1 a is not translated: translate",
      "3 c is not translated: translate",
    ]);
  });

  it("has nothing to translate in a cell of generated parts alone", () => {
    const bar = (title: string) => md("n", `<!-- nav -->\n[${title}](01.ipynb)\n<!-- /nav -->`);
    expect(faults(notebook(bar("Index")), notebook(bar("Указатель")))).toEqual([]);
    const heading = (text: string, title: string) =>
      md("h", `${text}\n<!-- nav -->\n${title}\n<!-- /nav -->`);
    const translated = accepted(notebook(heading("# A", "B")), notebook(heading("# А", "Б")));
    expect(faults(notebook(heading("# A", "Other title")), translated)).toEqual([]);
  });
});
