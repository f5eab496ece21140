import { describe, expect, test } from "vitest";
import { notebookText, parseCells, parseNotebook, parseWithout } from "../../notebook-tools/nbformat";
import { mutants, whole } from "./mutants.ts";

const isNaught = Symbol("refused");

/** What `read` gives, or that it throws. */
function attempt<T>(read: () => T): T | typeof isNaught {
  try {
    return read();
  } catch {
    return isNaught;
  }
}

const cellByCell = (text: string) => {
  const { cells, ...rest } = parseCells(text);
  return { ...rest, cells: [...cells] };
};
const atOnce = (text: string) => parseNotebook(text).notebook;

describe("a notebook read cell by cell", () => {
  test.each([
    ["compact", JSON.stringify(whole(5))],
    ["laid out by Jupyter", notebookText(whole(5) as never)],
    ["with other line ends", JSON.stringify(whole(5), null, 2).replaceAll("\n", "\r\n")],
    ["without cells", JSON.stringify({ ...whole(5), cells: [] }, null, 1)],
    ["whose metadata has cells, too", JSON.stringify({ ...whole(5), metadata: { cells: [1] } })],
    ["that says twice what its cells are", JSON.stringify(whole(5)).replace("{", '{"cells": 5,')],
    ["that says so in other letters", JSON.stringify(whole(5)).replace('"cells"', '"c\\u0065lls"')],
  ])("is the same: %s", (_, text) => {
    expect(cellByCell(text)).toEqual(atOnce(text));
  });

  test("is the same, or refused, with any member changed", () => {
    const texts = mutants(5).map(({ notebook }) => JSON.stringify(notebook));
    const refused = texts.filter((text) => {
      const read = attempt(() => cellByCell(text));
      if (read !== isNaught) expect(read).toEqual(atOnce(text));
      return read === isNaught;
    });
    expect(refused.length).toBeLessThan(texts.length / 2);
    expect(refused.every((text) => attempt(() => atOnce(text)) === isNaught)).toBe(true);
  });

  test("is refused where the text is not JSON, wherever a character is missing, doubled or another", () => {
    const text = JSON.stringify({ ...whole(5), cells: (whole(5).cells as object[]).slice(1) });
    for (let at = 0; at < text.length; at++)
      for (const put of ["", text[at]! + text[at], '"', "]", "}", ",", "\\", "\u0001"]) {
        const garbled = text.slice(0, at) + put + text.slice(at + 1);
        const read = attempt(() => cellByCell(garbled));
        if (read !== isNaught) expect(read, garbled).toEqual(atOnce(garbled));
      }
    for (let end = 0; end < text.length; end++)
      expect(attempt(() => cellByCell(text.slice(0, end)))).toBe(isNaught);
  });
});

test("a member is left out of an object, the last of two with one name", () => {
  expect(parseWithout("b", '{"a": 1, "b": [2, "}"], "b": {"c": 3} }')).toEqual({
    rest: { a: 1 },
    member: '{"c": 3}',
  });
  expect(parseWithout("b", '{"a": 1}')).toEqual({ rest: { a: 1 }, member: undefined });
  for (const text of ["", "[]", "null", "{", '{"b": 1', '{"b": [1}', '{"b" 1}', '{"a": 1,}'])
    expect(
      attempt(() => JSON.parse(parseWithout("b", text).member ?? "")),
      text,
    ).toBe(isNaught);
});
