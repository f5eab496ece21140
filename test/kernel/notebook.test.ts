import { type CellResult, runNotebooks } from "notebook-tools";
import { beforeAll, describe, expect, test } from "vitest";
import { codeCells, fileOf, matching, shown } from "./fixture-notebook";

describe.each([
  ["language", "the language of its cells"],
  ["output", "every output under its own cell"],
])("a day's work in one notebook: %s", (name) => {
  const code = codeCells(name);

  let results: Map<number, CellResult>;
  beforeAll(async () => {
    const { notebooks } = await runNotebooks([fileOf(name)]);
    const [{ problem, cells }] = notebooks as [(typeof notebooks)[0]];
    expect(problem).toBeUndefined();
    results = new Map(cells.map((cell) => [cell.index, cell]));
  });

  test("has at least 60 cells", () => expect(code.length).toBeGreaterThanOrEqual(60));

  test.for(code.map(({ source, ...cell }) => [source, cell] as const))("%s", ([, { index, expected }]) => {
    const { outputs } = results.get(index)!;
    expect(shown(outputs)).toEqual(matching(expected));
    expect(JSON.stringify(outputs)).not.toMatch(/exports\.|TS40\d\d/);
  });
});
