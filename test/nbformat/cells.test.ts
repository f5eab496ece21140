import { describe, expect, test } from "vitest";
import { type Cell, hasTag, headingAbove, headings, readNotebook, tags } from "../../notebook-tools/nbformat";
import { fixture } from "./fixtures";

describe("headings", () => {
  test.each([
    ["are plain text", "# `toThread` and [friends](x.ipynb) ##", ["toThread and friends"]],
    ["are not lines of code", "```sh\n# comment\n```\n## After", ["After"]],
    ["are not found in a fence that is never closed", "# Before\n~~~\n# comment", ["Before"]],
    ["need a blank after their mark", "#hashtag", []],
  ])("%s", (_, markdown, found) => expect(headings(markdown)).toEqual(found));
});

test("headingAbove is the nearest heading above a cell", () => {
  const cells = [
    ["code", "1"],
    ["markdown", "# A\n## B"],
    ["code", "2"],
    ["markdown", "text"],
    ["code", "3"],
  ].map(([cell_type, source]) => ({ cell_type, source, metadata: {} }) as Cell);
  expect(cells.map((_, index) => headingAbove(cells, index))).toEqual([undefined, "B", "B", "B", "B"]);
});

test("tags are the texts in the list of tags", async () => {
  const { cells } = await readNotebook(fixture("odd-metadata"));
  expect(tags(cells[0]!)).toEqual(["measured"]);
  expect(hasTag(cells[0]!, "measured")).toBe(true);
  expect(tags(cells[1]!)).toEqual([]);
});
