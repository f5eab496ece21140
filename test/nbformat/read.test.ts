import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseNotebook, readNotebook, refuseOldFormat, sourceText } from "../../notebook-tools/nbformat";
import { fixture } from "./fixtures";

const CELL = { cell_type: "code", execution_count: null, id: "a", metadata: {}, outputs: [], source: "1" };

function textOf(cells: unknown[], minor = 5): string {
  return JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: minor });
}

describe("readNotebook reads", () => {
  test("a stream of many lines as one text", async () => {
    const { cells } = await readNotebook(fixture("streams"));
    const outputs = cells.flatMap((cell) => (cell.cell_type === "code" ? cell.outputs : []));
    const texts = outputs.flatMap((output) => (output.output_type === "stream" ? [output.text] : []));
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.every((text) => typeof text === "string")).toBe(true);
  });

  test("a file that starts with a byte order mark", async () => {
    const { cells } = await readNotebook(fixture("byte-order-mark"));
    expect(sourceText(cells[0]!)).toBe("2 + 2");
  });

  test("a source that is a list of lines", async () => {
    const { cells } = await readNotebook(fixture("tabs"));
    expect(sourceText(cells[0]!)).toBe("const a = 1;\na");
  });

  test("a notebook without cells", async () => {
    expect((await readNotebook(fixture("no-cells"))).cells).toEqual([]);
  });

  test("metadata it does not know, and raw cells", async () => {
    const { notebook } = await readNotebook(fixture("odd-metadata"));
    expect(notebook.metadata.alpha).toEqual({ deep: [1, 2] });
    expect(notebook.cells[1]!.cell_type).toBe("raw");
  });

  test("members that were left out, as empty", () => {
    const { cells, problems } = parseNotebook(textOf([{ cell_type: "code", id: "a", source: "1" }]));
    expect(cells[0]).toMatchObject({ metadata: {}, outputs: [], execution_count: null });
    expect(problems.map(({ message }) => message.split(" ")[0])).toEqual([
      "`metadata`",
      "`outputs`",
      "`execution_count`",
    ]);
  });
});

describe("one sentence says what is wrong, where, and what to do, for", () => {
  test.each([
    ["merge-conflict", /merge-conflict\.ipynb:7: Git left conflict markers here \(`<<<<<<< HEAD`\); resolve/],
    ["bare-nan", /bare-nan\.ipynb:12: `NaN` is not JSON; write null/],
    ["truncated", /truncated\.ipynb:13: the file ends too early.*restore it/],
    [
      "output-without-type",
      /output-without-type\.ipynb, cell 2: output 1: `output_type` must be one of .*, got nothing; run/,
    ],
    ["no-such-file", /no-such-file\.ipynb: there is no such file/],
  ])("%s", async (name, message) => {
    const error = await readNotebook(fixture(name)).catch((error: unknown) => error);
    expect(error).toMatchObject({ name: "NotebookError", message: expect.stringMatching(message) });
    expect((error as Error).message).not.toContain("\n");
  });

  test.each([
    ["an empty file", "", /^x:1: the file is empty/],
    ["a comma before a bracket", '{"cells": [1,]}', /^x:1: not JSON: expected a value, got `\]}`/],
    ["a name in single quotes", "{\n'cells': []}", /^x:2: not JSON: expected a name in double quotes/],
    ["a string that is cut", '{"cells": "a', /^x:1: the file ends too early, where the end of the string/],
    ["lists within lists without end", "[".repeat(1e6), /^x:1: lists and objects are nested too deeply/],
    ["something after the end", "{} {}", /^x:1: not JSON: expected the end of the file/],
    ["a list", "[]", /^x: a notebook is a JSON object, got a list/],
    ["some other JSON", "{}", /^x: not a notebook: it has no number `nbformat`/],
    [
      "a later major version",
      '{"nbformat": 5, "nbformat_minor": 0}',
      /^x: this is nbformat 5\.0, expected 2 to 4\.5/,
    ],
    [
      "an earlier major version without its list",
      '{"nbformat": 3, "nbformat_minor": 0}',
      /^x: this is nbformat 3\.0, expected 2 to 4\.5, and it has no list `worksheets`; save it again/,
    ],
    [
      "a notebook without a list of cells",
      '{"nbformat": 4, "nbformat_minor": 5}',
      /^x: `cells` must be a list, got nothing/,
    ],
    [
      "a cell without cell_type",
      textOf([CELL, { source: "" }]),
      /^x, cell 2: `cell_type` must be .*, got nothing/,
    ],
    [
      "a cell without source",
      textOf([{ ...CELL, source: undefined }]),
      /^x, cell 1: `source` must be a string or a list/,
    ],
    [
      "a broken cell in a notebook without `nbformat_minor`",
      '{"nbformat": 4, "cells": [{}]}',
      /^x, cell 1: `cell_type` must be/,
    ],
    [
      "an output type that every object has",
      textOf([{ ...CELL, outputs: [{ output_type: "constructor" }] }]),
      /got "constructor"/,
    ],
    [
      "an old output type",
      textOf([{ ...CELL, outputs: [{ output_type: "pyout" }] }]),
      /^x, cell 1: output 1: .* got "pyout"/,
    ],
  ])("%s", (_, text, message) => {
    expect(() => parseNotebook(text, "x")).toThrow(message);
  });

  test("a file that is not UTF-8", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nb-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "latin.ipynb");
    await writeFile(file, Buffer.from(textOf([{ ...CELL, source: "é" }]), "latin1"));
    await expect(readNotebook(file)).rejects.toThrow(/is not UTF-8 text; save it as UTF-8/);
  });
});

describe("the problems of a readable notebook name", () => {
  function problemsOf(cells: unknown[], minor = 5): string[] {
    return parseNotebook(textOf(cells, minor)).problems.map(({ cell, message }) => `${cell}: ${message}`);
  }

  test("nothing when it is sound", () => expect(problemsOf([CELL])).toEqual([]));

  test("members of the wrong kind that do no harm", () => {
    expect(problemsOf([{ ...CELL, execution_count: "1", metadata: null }])).toEqual([
      "1: `metadata` must be an object, got null.",
      "1: `execution_count` must be an integer or null, got a string.",
    ]);
  });

  test("an id that two cells share", () => {
    expect(problemsOf([CELL, CELL])).toEqual(['2: `id` "a" is that of cell 1 too; give this cell another.']);
  });

  test("an id with other characters than letters, digits, - and _", () => {
    expect(problemsOf([{ ...CELL, id: "a b" }])[0]).toMatch(/^1: `id` must be 1 to 64 letters.*got "a b"/);
  });

  test("a missing id from 4.5 on, and an id before", () => {
    expect(problemsOf([{ ...CELL, id: undefined }])[0]).toMatch(/^1: nbformat 4\.5 wants an `id`/);
    expect(problemsOf([{ ...CELL, id: undefined }], 4)).toEqual([]);
    expect(problemsOf([CELL], 2)[0]).toMatch(/^1: nbformat 4\.2 knows no `id`/);
  });
});

describe("a notebook of nbformat 3 or 2", () => {
  const old = (nbformat: number) =>
    JSON.stringify({
      metadata: { name: "Old", signature: "x" },
      nbformat,
      nbformat_minor: 0,
      worksheets: [
        {
          cells: [
            { cell_type: "heading", level: 2, source: ["A\n", "title"] },
            { cell_type: "html", source: "<b>x</b>" },
            {
              cell_type: "code",
              collapsed: true,
              input: ["1\n", "2"],
              language: "python",
              prompt_number: 4,
              outputs: [
                { output_type: "pyout", prompt_number: 4, text: ["5"], html: "<i>5</i>", json: '{"a": 1}' },
                { output_type: "stream", stream: "stderr", text: "warned" },
                { output_type: "display_data", png: "AAAA", metadata: { png: { width: 1 } } },
                { output_type: "pyerr", ename: "E", evalue: "v", traceback: ["t"] },
              ],
            },
          ],
        },
        { cells: [{ cell_type: "markdown", source: "second sheet" }] },
      ],
    });

  test.each([3, 2])("is read as what it would be in 4: %i", (nbformat) => {
    const document = parseNotebook(old(nbformat), "x");
    expect(document.originalVersion).toBe(`${nbformat}.0`);
    expect(document.problems).toEqual([]);
    expect(document.notebook).toEqual({
      cells: [
        { cell_type: "markdown", metadata: {}, source: "## A title" },
        { cell_type: "markdown", metadata: {}, source: "<b>x</b>" },
        {
          cell_type: "code",
          execution_count: 4,
          metadata: { collapsed: true },
          outputs: [
            {
              output_type: "execute_result",
              execution_count: 4,
              data: { "text/plain": ["5"], "text/html": "<i>5</i>", "application/json": { a: 1 } },
              metadata: {},
            },
            { output_type: "stream", name: "stderr", text: "warned" },
            {
              output_type: "display_data",
              data: { "image/png": "AAAA" },
              metadata: { "image/png": { width: 1 } },
            },
            { output_type: "error", ename: "E", evalue: "v", traceback: ["t"] },
          ],
          source: ["1\n", "2"],
        },
        { cell_type: "markdown", metadata: {}, source: "second sheet" },
      ],
      metadata: { title: "Old", orig_nbformat: nbformat },
      nbformat: 4,
      nbformat_minor: 4,
    });
  });

  test("gives a whole notebook of 4 when it is written elsewhere, and is not written in place", () => {
    const document = parseNotebook(old(3), "x");
    const text = document.withOutputs(2, { outputs: [], execution_count: null }).toText();
    expect(parseNotebook(text, "y").notebook.cells[2]).toMatchObject({ outputs: [], source: ["1\n", "2"] });
    expect(() => refuseOldFormat(document)).toThrow(
      /^x: is of nbformat 3\.0, which is read but not written; write a copy/,
    );
    expect(() => refuseOldFormat(parseNotebook(text, "y"))).not.toThrow();
  });
});
