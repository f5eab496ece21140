/** Programs that run through a loader, which threads do not have. */
import { expect, test } from "vitest";
import { node } from "../helpers.ts";

const file = `${import.meta.dirname}/../fixtures/typed.cts`;

/** What becomes of the tasks in a program that ts-node runs. */
async function outcomes(tasks: string): Promise<string[]> {
  const script = `
    require("ts-node").register({ transpileOnly: true, skipProject: true, compilerOptions: { module: "commonjs", ignoreDeprecations: "6.0" } });
    const { moduleTask, runInExecutor, toThread } = require("kernel-helpers");
    const { twice } = require(${JSON.stringify(file)});
    const said = (promise) => promise.then(String, (error) => error.message);
    Promise.all([${tasks}].map(said)).then((all) => console.log(JSON.stringify(all)));`;
  return JSON.parse((await node(script)).stdout);
}

test("a module that only the loader can read: the error names it, the reason and the way out", async () => {
  const all = await outcomes(
    `toThread(twice, 2), toThread(() => twice(2)), toThread(moduleTask(${JSON.stringify(file)}, "twice"), 2)`,
  );
  expect(all).toHaveLength(3);
  for (const message of all) {
    expect(message).toMatch(
      /typed\.cts cannot be loaded in a thread \(.*Error: .+\)\. A thread has no loader.*moduleTask\("\.\/compiled\.js"/,
    );
  }
});

test("the program's own functions go as they are", async () => {
  expect(await outcomes("toThread((x) => x * 2, 2)")).toEqual(["4"]);
});
