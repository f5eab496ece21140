import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Kernel, published, streamText } from "./client";

describe("a cell asks its reader", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  const result = (answer: Awaited<ReturnType<Kernel["runAnswering"]>>) =>
    published(answer, "execute_result")?.data["text/plain"];

  test("with prompt, synchronously", async () => {
    const answer = await kernel.runAnswering("prompt('Name? ') + '!'", ["Ada 🙂"]);
    expect(answer.asked).toEqual([{ prompt: "Name? ", password: false }]);
    expect(result(answer)).toBe("'Ada 🙂!'");
  });

  test("with a default for an empty answer", async () => {
    const answer = await kernel.runAnswering("[prompt('Port?', '8080'), prompt('Host?', 'x'), prompt()]", [
      "",
      "y",
      "",
    ]);
    expect(answer.asked.map(({ prompt }) => prompt)).toEqual(["Port? [8080]", "Host? [x]", ""]);
    expect(result(answer)).toBe("[ '8080', 'y', '' ]");
  });

  test("with confirm", async () => {
    const answer = await kernel.runAnswering("[confirm('Sure?'), confirm(), confirm()]", [
      "y",
      "YES",
      "nope",
    ]);
    expect(answer.asked[0]).toEqual({ prompt: "Sure? [y/N]", password: false });
    expect(result(answer)).toBe("[ true, true, false ]");
  });

  test("for what must not be shown", async () => {
    const answer = await kernel.runAnswering("promptSecret('Password: ').length", ["hunter2"]);
    expect(answer.asked).toEqual([{ prompt: "Password: ", password: true }]);
    expect(result(answer)).toBe("7");
  });

  test("with readline, by promise and by callback, and asks no more than that", async () => {
    const byPromise = await kernel.runAnswering(
      `import { createInterface } from "node:readline/promises";
      const lines = createInterface({ input: process.stdin, output: process.stdout });
      const both = [await lines.question("Who? "), await lines.question("And? ")];
      lines.close();
      both`,
      ["me", "you"],
    );
    expect(result(byPromise)).toBe("[ 'me', 'you' ]");
    expect(streamText(byPromise)).toBe("Who? And? ");
    expect(byPromise.asked).toHaveLength(2);
    const byCallback = await kernel.runAnswering(
      `import * as readline from "node:readline";
      const asking = readline.createInterface({ input: process.stdin, output: process.stdout });
      await new Promise<string>((done) => asking.question("Age? ", (text) => { asking.close(); done(text); }))`,
      ["42"],
    );
    expect(result(byCallback)).toBe("'42'");
    expect(byCallback.asked).toHaveLength(1);
  });

  test("with the events of process.stdin, and with the lines of readline", async () => {
    const events = await kernel.runAnswering(
      "await new Promise((done) => process.stdin.once('data', (line) => { process.stdin.pause(); done(String(line)); }))",
      ["typed"],
    );
    expect(result(events)).toBe("'typed\\n'");
    const lines = await kernel.runAnswering(
      `import { createInterface } from "node:readline";
      const read: string[] = [];
      for await (const line of createInterface({ input: process.stdin })) if (read.push(line) === 2) break;
      read`,
      ["one", "two"],
    );
    expect(result(lines)).toBe("[ 'one', 'two' ]");
  });

  test("with readSync and readFileSync of descriptor 0", async () => {
    const answer = await kernel.runAnswering(
      `import * as fs from "node:fs";
      const buffer = Buffer.alloc(3);
      const counts = [fs.readSync(0, buffer), fs.readSync(0, buffer, 0, 3, null)];
      [counts, buffer.toString(), fs.readFileSync(0, "utf8")]`,
      ["abcd", "rest"],
    );
    expect(result(answer)).toBe("[ [ 3, 2 ], 'd\\nc', 'rest\\n' ]");
  });

  test("while timers of the loop go on, where it awaits the answer", async () => {
    const id = await kernel.submit(
      `setTimeout(() => console.log("tick"));
      await new Promise((done) => process.stdin.once("data", done)); process.stdin.pause()`,
      { allow_stdin: true },
    );
    await kernel.until(() => kernel.of(id, "input_request")[0]);
    await kernel.until(() => kernel.of(id, "stream")[0]);
    await kernel.send("input_reply", { value: "" }, "stdin");
    expect((await kernel.answer(id)).reply.status).toBe("ok");
  });

  for (const code of ["prompt('x')", "await new Promise((done) => process.stdin.once('data', done))"]) {
    test(`and an interrupt ends the wait: ${code}`, async () => {
      const id = await kernel.submit(code, { allow_stdin: true });
      await kernel.until(() => kernel.of(id, "input_request")[0]);
      await kernel.ask("interrupt_request", {}, "control");
      expect((await kernel.answer(id)).reply).toMatchObject({ status: "error", ename: "Interrupted" });
      // An answer that comes late is nobody's.
      await kernel.send("input_reply", { value: "late" }, "stdin");
      const next = await kernel.runAnswering("prompt('Next? ')", ["next"]);
      expect(result(next)).toBe("'next'");
    });
  }
});

describe("a cell that cannot ask fails at once, in one sentence", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  test.each([
    ["prompt('x')", "prompt()"],
    ["confirm('x')", "confirm()"],
    ["promptSecret('x')", "promptSecret()"],
    ["require('fs').readSync(0, Buffer.alloc(1))", "reading stdin"],
    ["require('fs').readFileSync('/dev/stdin')", "reading stdin"],
    ["await new Promise((done) => process.stdin.once('data', done))", "process.stdin"],
    [
      "import { createInterface as create } from 'node:readline/promises'; await create({ input: process.stdin }).question('x')",
      "process.stdin",
    ],
  ])("%s", async (code, what) => {
    for (const options of [{ allow_stdin: false }, {}]) {
      const { reply } = await kernel.run(code, options);
      expect(reply).toMatchObject({ status: "error", ename: "StdinNotImplementedError" });
      expect(reply.evalue).toBe(
        `${what} needs a front end that can ask its reader, and this one cannot (allow_stdin is false). Give the cell the value instead.`,
      );
    }
  });

  test("when its own run is over, although another cell could ask", async () => {
    const id = await kernel.submit("setTimeout(() => { prompt('late') }, 30); 1", { allow_stdin: true });
    await kernel.answer(id);
    await kernel.run("await new Promise((done) => setTimeout(done, 80))", { allow_stdin: true });
    const late = await kernel.until(() => kernel.of(id).find(({ metadata }) => metadata.late_failure));
    expect(late.metadata.evalue).toMatch(
      /^prompt\(\) can ask only while its cell runs, and that cell has been answered\./,
    );
  });
});
