import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { type CodeCell, type Output, parseNotebook, readNotebook } from "../../notebook-tools/nbformat";
import { fixture } from "./fixtures";

const PRINTED: Output = { output_type: "stream", name: "stdout", text: "4\né" };

async function textOf(name: string): Promise<string> {
  return (await readFile(fixture(name), "utf8")).replace(/^\ufeff/, "");
}

/** The text with the values of these keys taken out, so that what remains can be compared byte by byte. */
function without(text: string): string {
  return text
    .replace(/"outputs": \[[\s\S]*?\](?=,?\s+"(?:source|id)")/g, "OUTPUTS")
    .replace(/"execution_count": \w+/g, "COUNT");
}

const READABLE = [
  "byte-order-mark",
  "crlf-two-spaces",
  "tabs",
  "without-ids",
  "escaped",
  "odd-metadata",
  "streams",
];

describe("only the bytes of outputs and execution_count change in", () => {
  test.each(READABLE)("%s", async (name) => {
    const document = await readNotebook(fixture(name));
    const text = document.withOutputs(0, { outputs: [PRINTED], execution_count: 7 }).toText();
    expect(without(text)).toBe(without(await textOf(name)));
    expect(JSON.parse(text).cells[0]).toMatchObject({
      execution_count: 7,
      outputs: [{ ...PRINTED, text: ["4\n", "é"] }],
    });
  });
});

describe("nothing changes", () => {
  test.each(READABLE)("when %s gets the outputs it has", async (name) => {
    const document = await readNotebook(fixture(name));
    const { outputs, execution_count } = document.cells[0] as CodeCell;
    expect(document.withOutputs(0, { outputs: structuredClone(outputs), execution_count }).toText()).toBe(
      await textOf(name),
    );
  });

  test("when the same outputs are written a second time", async () => {
    const document = await readNotebook(fixture("crlf-two-spaces"));
    const once = document.withOutputs(0, { outputs: [PRINTED], execution_count: 1 }).toText();
    const twice = parseNotebook(once)
      .withOutputs(0, { outputs: [PRINTED], execution_count: 1 })
      .toText();
    expect(twice).toBe(once);
  });

  test("in the document that was edited", async () => {
    const document = await readNotebook(fixture("tabs"));
    document.withOutputs(0, { outputs: [PRINTED], execution_count: 1 });
    expect((document.cells[0] as CodeCell).outputs).toEqual([]);
    expect(document.toText()).toBe(await textOf("tabs"));
  });
});

describe("new outputs are written", () => {
  test("as Jupyter does: sorted names, text as lines, images and JSON as they are", async () => {
    const data = { "text/plain": "a\nb", "image/png": "aGk=\n", "application/json": { b: [1], a: {} } };
    const document = await readNotebook(fixture("without-ids"));
    const text = document
      .withOutputs(0, {
        outputs: [{ output_type: "display_data", metadata: {}, data }],
        execution_count: null,
      })
      .toText();
    expect(text).toContain(
      [
        '   "outputs": [',
        "    {",
        '     "data": {',
        '      "application/json": {',
        '       "a": {},',
        '       "b": [',
        "        1",
        "       ]",
        "      },",
        '      "image/png": "aGk=\\n",',
        '      "text/plain": [',
        '       "a\\n",',
        '       "b"',
        "      ]",
        "     },",
        '     "metadata": {},',
        '     "output_type": "display_data"',
        "    }",
        "   ],",
      ].join("\n"),
    );
  });

  test("with the line ends and the indentation of the file", async () => {
    const document = await readNotebook(fixture("crlf-two-spaces"));
    const text = document.withOutputs(0, { outputs: [PRINTED], execution_count: 1 }).toText();
    expect(text).toContain('      "outputs": [\r\n        {\r\n          "name": "stdout",\r\n');
    expect(text.replaceAll("\r\n", "")).not.toContain("\n");
    expect(text.endsWith("}")).toBe(true);
  });

  test("on one line when the notebook is on one line", () => {
    const text =
      '{"cells":[{"cell_type":"code","execution_count":null,"metadata":{},"outputs":[],"source":"1"}],"metadata":{},"nbformat":4,"nbformat_minor":4}';
    const edited = parseNotebook(text)
      .withOutputs(0, { outputs: [PRINTED], execution_count: 1 })
      .toText();
    expect(edited).toContain(
      '"outputs":[{"name":"stdout","output_type":"stream","text":["4\\n","é"]}],"source"',
    );
  });

  test("where the cell had left them out", () => {
    const text =
      '{\n "cells": [\n  {\n   "cell_type": "code",\n   "source": "1"\n  }\n ],\n "nbformat": 4,\n "nbformat_minor": 4\n}\n';
    const edited = parseNotebook(text).withOutputs(0, { outputs: [], execution_count: 1 }).toText();
    expect(edited).toContain('  {\n   "execution_count": 1,\n   "outputs": [],\n   "cell_type": "code",\n');
  });

  test("into the right cells, whatever their strings hold", () => {
    const tricky = {
      cell_type: "code",
      execution_count: null,
      metadata: { "}]": '\\"]},{"cells":[' },
      outputs: [],
      source: '"outputs": [1]\\',
    };
    const text = JSON.stringify(
      { metadata: { cells: [1] }, nbformat: 4, nbformat_minor: 4, cells: [tricky, tricky] },
      null,
      1,
    );
    const edited = parseNotebook(text).withOutputs(1, { outputs: [PRINTED], execution_count: 2 });
    const twice = edited.withOutputs(0, { outputs: [], execution_count: 1 });
    expect(JSON.parse(twice.toText()).cells).toMatchObject([
      { ...tricky, execution_count: 1 },
      { ...tricky, execution_count: 2, outputs: [{ text: ["4\n", "é"] }] },
    ]);
  });
});

test("a cell that is no code cell cannot have outputs", async () => {
  const document = await readNotebook(fixture("without-ids"));
  const results = { outputs: [], execution_count: null };
  expect(() => document.withOutputs(1, results)).toThrow(
    /expected the index of a code cell, got 1 \(markdown\)/,
  );
  expect(() => document.withOutputs(9, results)).toThrow(/got 9 \(no such cell\)/);
});
