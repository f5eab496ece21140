import { describe, expect, it } from "vitest";
import { History } from "../../../lab/extension/src/loop/history";
import { cellTitle, durationText, isLoopState, loopText } from "../../../lab/extension/src/loop/text";

const english = (text: string, ...values: string[]) => text.replace(/%(\d)/g, (_, n) => values[n - 1]!);

describe("the text of the loop's indicator", () => {
  it.each([
    [0, "0 ms"],
    [812.4, "812 ms"],
    [999.6, "1.0 s"],
    [1_249, "1.2 s"],
    [59_949, "59.9 s"],
    [59_951, "1 min 0 s"],
    [125_400, "2 min 5 s"],
  ])("says %d ms as %s", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it("tells free from blocked", () => {
    expect(loopText({ state: "free", ms: 0 }, english)).toBe("Loop: free");
    expect(loopText({ state: "blocked", ms: 1_200 }, english)).toBe("Loop: blocked for 1.2 s");
  });

  it.each([null, "free", {}, { state: "odd", ms: 1 }, { state: "free" }, { state: "blocked", ms: -1 }])(
    "does not show %j",
    (data) => {
      expect(isLoopState(data)).toBe(false);
    },
  );

  it.each([
    ["// a comment\n\n  const page = download();\nmore", "const page = download();"],
    ["// only a comment", "// only a comment"],
    ["", ""],
    ["x".repeat(70), `${"x".repeat(59)}…`],
  ])("names the cell %j by its first line of code", (source, title) => {
    expect(cellTitle(source)).toBe(title);
  });
});

describe("the history of a loop", () => {
  const free = { state: "free", ms: 0 } as const;
  const blocked = (ms: number) => ({ state: "blocked", ms }) as const;

  it("takes the messages of one block together, with the cell that ran when it began", () => {
    const history = new History<string>();
    history.add(free, 0, undefined);
    history.add(blocked(200), 1_200, "a");
    history.add(blocked(300), 1_300, "b");
    history.add(free, 1_350, undefined);
    expect(history.blocks).toEqual([{ since: 1_000, ms: 300, cell: "a" }]);
  });

  it("tells blocks apart, also where no free loop was seen between them", () => {
    const history = new History<string>();
    for (const ms of [200, 900, 200, 300]) history.add(blocked(ms), 5_000, undefined);
    history.add(free, 6_000, undefined);
    history.add(blocked(250), 7_000, undefined);
    expect(history.blocks.map(({ ms }) => ms)).toEqual([250, 300, 900]);
  });

  it("keeps the last twelve", () => {
    const history = new History<number>();
    for (let i = 0; i < 20; i++) {
      history.add(blocked(200), i, i);
      history.add(free, i, undefined);
    }
    expect(history.blocks.map(({ cell }) => cell)).toEqual([19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8]);
  });
});
