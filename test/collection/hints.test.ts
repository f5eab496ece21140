/** That the exercises in which one chooses give a hint to each wrong answer, and take the right one. */
import { strict as assert } from "node:assert";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { readNotebook, sourceText } from "../../notebook-tools/nbformat";

/** The `checkExercise` of a section, which needs nothing of the other cells. */
async function checkOf(section: string): Promise<(answer: unknown) => void> {
  const name = readdirSync("notebooks").find((file) => file.startsWith(`${section}-`))!;
  const { notebook } = await readNotebook(join("notebooks", name));
  const source = notebook.cells.map(sourceText).find((text) => text.startsWith("function checkExercise"))!;
  const script = ts.transpile(source, { target: ts.ScriptTarget.ESNext });
  return new Function("assert", "console", `${script}; return checkExercise;`)(assert, { log: () => {} });
}

/** What the check says to an answer; undefined if it takes it. */
function hintTo(check: (answer: unknown) => void, answer: unknown): string | undefined {
  try {
    check(answer);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("07: a way for each need", () => {
  const ways = ["callSoonThreadsafe", "runCoroutineThreadsafe", "return", "queue"];
  const right: Record<string, string> = {
    bar: "callSoonThreadsafe",
    rows: "queue",
    stock: "runCoroutineThreadsafe",
    skipped: "callSoonThreadsafe",
    count: "return",
  };
  const wrong = Object.keys(right).flatMap((need) =>
    ways.filter((way) => way !== right[need]).map((way) => [need, way] as const),
  );

  it("takes the right ones, and nothing as not yet solved", async () => {
    const check = await checkOf("07");
    expect(hintTo(check, right)).toBeUndefined();
    expect(hintTo(check, undefined)).toBeUndefined();
  });

  it.each(wrong)("%s by %s gets a hint that names the need and not the right way", async (need, way) => {
    const hint = hintTo(await checkOf("07"), { ...right, [need]: way });
    expect(hint).toMatch(new RegExp(`^${need}: .{30}`));
    expect(hint).not.toContain(right[need] === "return" ? '"return"' : right[need]);
  });
});

describe("13: what shares libuv's threads", () => {
  const right = ["gunzip", "writeFile", "scrypt"];

  it("takes the three in any order", async () => {
    expect(hintTo(await checkOf("13"), right.toReversed())).toBeUndefined();
  });

  it.each([
    [[...right, "tcp"], '"tcp" waits on the loop itself'],
    [[...right, "timer"], '"timer" waits on the loop itself'],
    [right.slice(1), 'does "gunzip" have an asynchronous form'],
    [[], 'does "gunzip" have an asynchronous form'],
    [[...right, "fetch"], "there are three of them, got gunzip, writeFile, scrypt, fetch"],
  ])("%j gets a hint", async (answer, hint) => {
    expect(hintTo(await checkOf("13"), answer)).toContain(hint);
  });
});

describe("17: where the reports run", () => {
  it("takes a pool of its own with one thread", async () => {
    expect(hintTo(await checkOf("17"), { where: "a pool of its own", threads: 1 })).toBeUndefined();
  });

  it.each([
    ["the login pool", 2, "one of two login threads"],
    ["default executor", 1, "more threads than cores"],
    ["elsewhere", 1, "choose one of the three"],
    ["a pool of its own", 2, "with 2 the reports take"],
    ["a pool of its own", 32, "with 32 the reports take"],
  ])("%s with %i threads gets a hint", async (where, threads, hint) => {
    expect(hintTo(await checkOf("17"), { where, threads })).toContain(hint);
  });
});
