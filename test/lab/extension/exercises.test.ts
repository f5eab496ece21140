import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { exercisesOf, stateOf } from "../../../lab/extension/src/exercises/text";
import { project } from "../playground";

const stream = (text: unknown) => ({ output_type: "stream", name: "stdout", text });
const error = (evalue: string) => ({ output_type: "error", ename: "AssertionError", evalue, traceback: [] });

describe("an exercise", () => {
  it("goes up to the next one, with its checks and its solution", () => {
    const tags = [["check"], ["exercise"], [], ["check"], ["check"], ["solution"], ["exercise"], ["other"]];
    expect(exercisesOf(tags)).toEqual([
      { exercise: 1, checks: [3, 4], solution: 5 },
      { exercise: 6, checks: [], solution: undefined },
    ]);
    expect(exercisesOf([])).toEqual([]);
  });

  it.each([
    ["was never checked", [undefined, []], { state: "unsolved" }],
    ["has nothing that checks it", [], { state: "unsolved" }],
    [
      "is not begun",
      [[], [stream(["Not solved yet: ", "replace undefined above.\n"])]],
      { state: "unsolved" },
    ],
    [
      "is wrong",
      [[], [error("\u001b[31mexpected 1,2,3\u001b[0m")]],
      { state: "wrong", hint: "expected 1,2,3" },
    ],
    ["is wrong without a word", [[error("")]], { state: "wrong", hint: "AssertionError" }],
    ["is solved and says so", [[], [stream("Correct: 3 threads\n")]], { state: "solved" }],
    ["is solved and says nothing", [[], []], { state: "solved" }],
  ] as const)("that %s", (_, checks, state) => {
    expect(stateOf(checks)).toEqual(state);
  });

  it("of each section is found, and none is solved as it is stored", () => {
    const folder = path.join(project, "notebooks");
    const names = readdirSync(folder).filter((name) => /^(?!00)\d.*\.ipynb$/.test(name));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      const { cells } = JSON.parse(readFileSync(path.join(folder, name), "utf8"));
      const [exercise, ...others] = exercisesOf(
        cells.map(({ metadata }: { metadata: { tags?: string[] } }) => metadata.tags ?? []),
      );
      expect(others, name).toEqual([]);
      expect(exercise?.solution, name).toBeDefined();
      expect(stateOf(exercise!.checks.map((place) => cells[place].outputs)), name).toEqual({
        state: "unsolved",
      });
    }
  });
});
