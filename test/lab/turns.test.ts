import { describe, expect, it } from "vitest";
import { Turns } from "../../lab/server/contents/turns";

/** A change that ends when it is told to, and writes down when it begins and ends. */
function change(turns: Turns, said: string[], name: string, ...paths: string[]) {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const done = turns.take(paths, async () => {
    said.push(`${name} begins`);
    await ended;
    said.push(`${name} ends`);
  });
  return { done, end };
}

describe("changes of files", () => {
  it.each([
    ["the same file", ["a.ipynb"], ["a.ipynb"]],
    ["a file and its folder", ["a/b/c.txt"], ["a"]],
    ["a folder and a file in it", ["a", "z"], ["a/c.txt"]],
    ["a rename and a save under the new name", ["a.txt", "b.txt"], ["b.txt"]],
    ["the root and anything", [""], ["a.txt"]],
  ])("happen one after the other: %s", async (_, first, second) => {
    const said: string[] = [];
    const turns = new Turns();
    const one = change(turns, said, "one", ...first);
    const two = change(turns, said, "two", ...second);
    two.end();
    one.end();
    await Promise.all([one.done, two.done]);
    expect(said).toEqual(["one begins", "one ends", "two begins", "two ends"]);
  });

  it("do not wait for those of other files, nor for ever after one that failed", async () => {
    const said: string[] = [];
    const turns = new Turns();
    const slow = change(turns, said, "slow", "a");
    const other = change(turns, said, "other", "ab/c");
    other.end();
    await other.done;
    expect(said.at(-1)).toBe("other ends");
    const failed = turns.take(["ab"], async () => {
      throw new Error("no");
    });
    const after = change(turns, said, "after", "ab");
    after.end();
    await expect(failed).rejects.toThrow("no");
    await after.done;
    slow.end();
    await slow.done;
  });
});
