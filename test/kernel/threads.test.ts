/** What threads print, call and report belongs to the cell whose task it was, whichever cell started the thread. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Answer, Kernel, published, streamText } from "./client";

let kernel: Kernel;
beforeAll(async () => {
  kernel = await Kernel.start();
  await kernel.run(`
    import { ContextVar, ThreadPoolExecutor, toThread, sleepSync, callSoonThreadsafe, runCoroutineThreadsafe } from "kernel-helpers";
    const say = (text: string) => { console.log(text); };
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const bad = () => { throw new RangeError("on the loop"); };
    let total = 0;`);
});
afterAll(() => kernel[Symbol.asyncDispose]());

const textOf = (answer: Answer) => streamText(answer) + streamText(answer, "stderr");
/** What each of the cells printed, on stdout and stderr. */
async function texts(...cells: string[]): Promise<string[]> {
  const printed: string[] = [];
  for (const cell of cells) printed.push(textOf(await kernel.run(cell)));
  return printed;
}

test("prints of a task that goes on, and calls back to the loop", async () => {
  const cells = [
    "console.log(await toThread(() => 1));",
    'await toThread(() => { console.log("A"); sleepSync(100); console.log("B"); });',
    'await toThread(() => { callSoonThreadsafe(say, "soon"); sleepSync(100); });',
    'await toThread(() => runCoroutineThreadsafe(say, "run").result());',
    'await toThread(() => { console.log("at once"); });',
  ];
  expect(await texts(...cells)).toEqual(["1\n", "A\nB\n", "soon\n", "run\n", "at once\n"]);
});

test("a thread that asks the reader is told how", async () => {
  const answer = await kernel.run('await toThread(() => prompt("name"));');
  expect(answer.reply).toMatchObject({ status: "error", ename: "StdinNotImplementedError" });
  const [, remedy] = /from the thread: (.*)\.$/.exec(answer.reply.evalue)!;
  const asking = await kernel.runAnswering(`await toThread(() => ${remedy})`, ["Ada"]);
  expect(published(asking, "execute_result").data["text/plain"]).toBe("'Ada'");
});

test("a pool of an earlier cell, and errors of callSoonThreadsafe and of what a task left behind", async () => {
  const cells = [
    'await pool.submit(() => { console.log("first use"); });',
    'await pool.submit(() => { console.log("second"); sleepSync(50); });',
    "await pool.submit(() => { callSoonThreadsafe(bad); sleepSync(50); });",
    'await pool.submit(() => { setTimeout(() => { throw new TypeError("left behind"); }, 1); }); ' +
      "await pool.submit(() => new Promise((r) => setTimeout(r, 50)));",
  ];
  expect(await texts(...cells)).toEqual([
    "first use\n",
    "second\n",
    expect.stringMatching(/UncaughtException.*RangeError: on the loop/s),
    expect.stringMatching(/^Uncaught in Worker-0, left behind.*TypeError: left behind/s),
  ]);
});

test("what calls of a portal leave behind prints in the cell of its call, each in its own", async () => {
  await kernel.run(
    'import { startBlockingPortal } from "kernel-helpers"; const portal = startBlockingPortal();',
  );
  const call = async (name: string) => {
    const id = await kernel.submit(
      `portal.call(() => { setTimeout(() => console.log("late of ${name}"), 100); });`,
    );
    await kernel.answer(id);
    return id;
  };
  const ids = [await call("A"), await call("B")];
  while (ids.some((id) => kernel.of(id, "stream").length === 0))
    await kernel.run("await new Promise((r) => setTimeout(r, 20));");
  await kernel.run("portal.stop();");
  const texts = ids.map((id) => kernel.of(id, "stream").map(({ content }) => content.text));
  expect(texts).toEqual([["late of A\n"], ["late of B\n"]]);
});

test("what a task's timer prints after other cells have run goes to the cell of the task", async () => {
  const id = await kernel.submit('await pool.submit(() => { setTimeout(() => console.log("late"), 200); });');
  await kernel.answer(id);
  const [next] = await texts("await pool.submit(() => new Promise((r) => setTimeout(r, 400)));");
  expect(next).toBe("");
  expect(kernel.of(id, "stream").map(({ content }) => content.text)).toEqual(["late\n"]);
});

test("context variables and done callbacks of a cell are its own", async () => {
  const cells = [
    'const user = new ContextVar("user", { default: "nobody" }); const tell = () => console.log(user.get());',
    'user.set("Ann"); await toThread(() => { callSoonThreadsafe(tell); sleepSync(50); });',
    'user.set("Bob"); await pool.submit(() => { callSoonThreadsafe(tell); sleepSync(50); });',
    'const future = pool.submit(() => 1); future.addDoneCallback(() => say("done")); await future;',
  ];
  expect(await texts(...cells)).toEqual(["", "Ann\n", "nobody\n", "done\n"]);
});

test("hints and the warning of an abandoned executor come at each run of a cell", async () => {
  const cell = `{ const p2 = new ThreadPoolExecutor({ maxWorkers: 1 }); await p2.submit(() => 1); }
    await toThread(() => { total += 1; });`;
  const [first, second, third] = await texts(cell, cell, cell);
  expect(first).toMatch(/^LostWriteWarning.*`total`/s);
  for (const text of [second, third]) {
    expect(text).toMatch(/ResourceWarning: The cell that made a ThreadPoolExecutor runs again/);
    expect(text).toMatch(/LostWriteWarning.*`total`/);
  }
});

test("three runs of one cell, sent at once, each keep their own prints", async () => {
  const code = 'await toThread(() => { console.log("A"); sleepSync(60); }); console.log("end");';
  const ids = await Promise.all([1, 2, 3].map(() => kernel.submit(code)));
  const answers: Answer[] = [];
  for (const id of ids) answers.push(await kernel.answer(id));
  expect(answers.map(textOf)).toEqual(["A\nend\n", "A\nend\n", "A\nend\n"]);
});
