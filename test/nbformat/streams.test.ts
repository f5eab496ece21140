import { describe, expect, test } from "vitest";
import {
  applyCarriageReturns,
  type CodeCell,
  joinStreams,
  readNotebook,
} from "../../notebook-tools/nbformat";
import { fixture } from "./fixtures";

test("neighbouring streams of one name become one, as a front end shows them", async () => {
  const { cells } = await readNotebook(fixture("streams"));
  const shown = joinStreams((cells[0] as CodeCell).outputs).map(
    (output) => output.output_type === "stream" && output.text,
  );
  expect(shown).toEqual(["a\ndone\n", "c\n", "d\n"]);
});

describe("applyCarriageReturns", () => {
  test.each([
    ["keeps text without any", "a\nb", "a\nb"],
    ["lets a later text replace an earlier one", "\r0/3\r1/3\r2/3\n", "2/3\n"],
    ["leaves what a shorter text does not reach", "abc\rx", "xbc"],
    ["takes a line end after a carriage return as a line end", "a\r\nb", "a\nb"],
    ["goes back one character for a backspace", "ab\bc", "ac"],
    ["goes back no further than the start of the line", "a\n\b\bb", "a\nb"],
    ["counts a character outside the basic plane as one", "😀\rx", "x"],
  ])("%s", (_, text, seen) => expect(applyCarriageReturns(text)).toBe(seen));
});
