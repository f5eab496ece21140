import { describe, expect, it } from "vitest";
import { History } from "../../../lab/extension/src/loop/history";
import { cellTitle, durationText, loopText, readLoopState } from "../../../lab/extension/src/loop/text";

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
    expect(durationText(ms, english)).toBe(text);
  });

  const none = { busy: 0, all: 4 };
  const at = { function: "parseLog", cell: "cell 4", line: 2 };

  it.each([
    [{ state: "free", ms: 0, threads: none }, "Loop: free"],
    [{ state: "free", ms: 0, threads: { busy: 3, all: 4 } }, "Loop: free · 3 of 4 threads busy"],
    [{ state: "blocked", ms: 1_200, threads: none }, "Loop: blocked for 1.2 s"],
    [{ state: "paused", ms: 1_200, threads: none }, "Loop: paused in the debugger"],
    [{ state: "paused", ms: 1_200, threads: none, at }, "Loop: paused at parseLog, cell 4 line 2"],
    [
      { state: "blocked", ms: 1_200, threads: none, at },
      "Loop: blocked for 1.2 s by parseLog, cell 4 line 2",
    ],
    [
      { state: "blocked", ms: 200, threads: { busy: 1, all: 4 }, at: { ...at, function: "" } },
      "Loop: blocked for 200 ms by cell 4 line 2 · 1 of 4 threads busy",
    ],
    [
      { state: "blocked", ms: 200, threads: none, at: { ...at, cell: "lib/log.ts" } },
      "Loop: blocked for 200 ms by parseLog, lib/log.ts line 2",
    ],
  ] as const)("of %j is %s", (state, text) => {
    expect(loopText(state, english)).toBe(text);
  });

  it.each([
    undefined,
    null,
    "free",
    {},
    { state: "odd", ms: 1 },
    { state: "free" },
    { state: "blocked", ms: -1 },
  ])("does not show %j", (data) => {
    expect(readLoopState(data)).toBeUndefined();
  });

  it.each([
    {},
    { threads: 3 },
    { threads: { busy: -1, all: 4 } },
    { at: "here" },
    { at: { function: "f", cell: 3 } },
  ])("leaves out of a message what is not as expected: %j", (odd) => {
    const state = readLoopState({ state: "blocked", ms: 200, ...odd });
    expect(loopText(state!, english)).toBe("Loop: blocked for 200 ms");
  });

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
  const threads = { busy: 0, all: 0 };
  const free = { state: "free", ms: 0, threads } as const;
  const blocked = (ms: number) => ({ state: "blocked", ms, threads }) as const;

  it("takes the messages of one block together, with the cell that ran when it began", () => {
    const history = new History<string>();
    history.add(free, 0, undefined);
    history.add(blocked(200), 1_200, "a");
    history.add(blocked(300), 1_300, "b");
    history.add(free, 1_350, undefined);
    expect(history.blocks).toEqual([{ since: 1_000, ms: 300, cell: "a" }]);
  });

  it("takes the line that blocks, and its cell, once the kernel has found it", () => {
    const history = new History<string>();
    const at = { function: "f", cell: "cell 1", line: 2 };
    history.add(blocked(100), 1_100, "the cell that runs");
    history.add({ ...blocked(300), at }, 1_300, "the cell of f");
    history.add(blocked(400), 1_400, "the cell that runs");
    expect(history.blocks).toEqual([{ since: 1_000, ms: 400, at, cell: "the cell of f" }]);
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
