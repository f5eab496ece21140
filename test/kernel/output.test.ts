import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, Kernel, kernels, published, streamText } from "./client";

describe("what a cell prints", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  test("100,000 lines of one synchronous loop all arrive, in order, before idle", async () => {
    const answer = await kernel.run("for (let i = 0; i < 100_000; i++) console.log('line ' + i)");
    const lines = streamText(answer).trimEnd().split("\n");
    expect(lines).toHaveLength(100_000);
    expect(lines.every((line, i) => line === `line ${i}`)).toBe(true);
    expect(answer.published.at(-1)?.content).toEqual({ execution_state: "idle" });
  });

  test("stdout and stderr keep their order", async () => {
    const answer = await kernel.run(
      "console.log('a'); console.log('b'); console.error('c'); console.log('d')",
    );
    const streams = answer.published.filter(({ header }) => header.msg_type === "stream");
    const shown = streams.map(({ content }) => `${content.name}: ${content.text}`).join("");
    expect(shown).toMatch(/^stdout: a\n(stdout: )?b\nstderr: c\nstdout: d\n$/);
  });

  test("a line leaves while the cell still computes", async () => {
    const id = await kernel.submit(
      "const flag = new Int32Array(new SharedArrayBuffer(4)); console.log('early'); Atomics.wait(flag, 0, 0)",
    );
    await kernel.until(() => kernel.of(id, "stream")[0]);
    expect(kernel.of(id, "execute_reply")).toEqual([]);
    await kernel.ask("interrupt_request", {}, "control");
    await kernel.answer(id);
  });

  test("a character split over two writes arrives whole", async () => {
    const code = "for (const byte of Buffer.from('é\\n')) process.stdout.write(Buffer.from([byte]))";
    expect(streamText(await kernel.run(code))).toBe("é\n");
  });

  test("the callback of a write is called", async () => {
    const code = "await new Promise<void>((done) => process.stdout.write('x\\n', () => done())); 'called'";
    expect(published(await kernel.run(code), "execute_result").data["text/plain"]).toBe("'called'");
  });

  test("tables and colours pass as they are", async () => {
    const answer = await kernel.run("console.table([{ a: 1 }]); console.log('\\x1b[32mgreen\\x1b[0m')");
    expect(streamText(answer)).toContain("│ (index) │ a │");
    expect(streamText(answer)).toContain("\x1b[32mgreen\x1b[0m");
  });

  test("a timer prints to the cell that started it, also while another runs", async () => {
    const id = await kernel.submit("setTimeout(() => console.log('from the first'), 20); undefined");
    await kernel.answer(id);
    const next = await kernel.run(
      "await new Promise((r) => setTimeout(r, 60)); console.log('from the second')",
    );
    expect(streamText(next)).toBe("from the second\n");
    expect(kernel.of(id, "stream")[0]?.content.text).toBe("from the first\n");
  });

  test("display, update and clear reach the front end as they were given", async () => {
    const answer = await kernel.run(`
      const publish = (globalThis as any)[Symbol.for("kernel-helpers.publish")];
      publish.display({ data: { "text/plain": "one", "text/html": "<b>one</b>" }, displayId: "d" });
      publish.display({ data: { "text/plain": "two" }, displayId: "d", update: true });
      publish.clearOutput(true);`);
    expect(published(answer, "display_data")).toEqual({
      data: { "text/plain": "one", "text/html": "<b>one</b>" },
      metadata: {},
      transient: { display_id: "d" },
    });
    expect(published(answer, "update_display_data").data).toEqual({ "text/plain": "two" });
    expect(published(answer, "clear_output")).toEqual({ wait: true });
  });

  test("tslab's own display works", async () => {
    const answer = await kernel.run("import { display } from 'tslab'; display.html('<i>x</i>')");
    expect(published(answer, "display_data").data).toEqual({ "text/html": "<i>x</i>" });
  });
});

describe.skipIf(process.platform === "win32")("what is printed past the streams of the cell", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  const shown = (answer: Answer) =>
    answer.published
      .filter(({ header }) => header.msg_type === "stream")
      .map(({ content }) => `${content.name}: ${content.text}`)
      .join("");

  test("by children that inherit them, in order with the cell's own lines, before idle", async () => {
    const answer = await kernel.run(`
      import { execFileSync, execSync, spawnSync } from "node:child_process";
      console.log("a");
      execSync("echo b; echo c >&2", { stdio: "inherit" });
      console.log("d");
      spawnSync("sh", ["-c", "echo e"], { stdio: ["ignore", 1, 2] });
      execFileSync("sh", ["-c", "echo f >&2"], { stdio: ["ignore", process.stdout, process.stderr] });`);
    expect(shown(answer).replace(/(stdout|stderr): /g, "")).toBe("a\nb\nc\nd\ne\nf\n");
    expect(streamText(answer, "stderr")).toBe("c\nf\n");
  });

  test("by a spawned process, and by one whose stderr alone is inherited", async () => {
    const answer = await kernel.run(`
      import { execSync, spawn } from "node:child_process";
      const child = spawn("sh", ["-c", "echo out; echo err >&2"], { stdio: "inherit" });
      await new Promise((done) => child.on("close", done));
      execSync("echo quiet; echo loud >&2").toString()`);
    expect(streamText(answer)).toBe("out\n");
    expect(streamText(answer, "stderr")).toBe("err\nloud\n");
  });

  test("by functions of fs, in order and without tearing characters", async () => {
    const answer = await kernel.run(`
      import * as fs from "node:fs";
      const written: Promise<void> = new Promise((done) => {
        console.log("a");
        fs.writeSync(1, "b\\n");
        console.log("c");
        const bytes = Buffer.from("-é\\n-");
        fs.writeSync(process.stdout.fd, bytes, 1, 1);
        fs.writeSync(1, bytes, 2, 2);
        fs.writeFileSync(2, "e\\n");
        fs.write(1, "f\\n", () => done());
      });
      await written;
      [fs.writeSync(1, "éx\\n"), fs.writeSync(1, new Uint8Array([65, 10]))]`);
    expect(streamText(answer)).toBe("a\nb\nc\né\nf\néx\nA\n");
    expect(streamText(answer, "stderr")).toBe("e\n");
    expect(published(answer, "execute_result").data["text/plain"]).toBe("[ 4, 2 ]");
  });

  test("by a worker's descriptors", async () => {
    const answer = await kernel.run(`
      import { Worker } from "node:worker_threads";
      const worker = new Worker('require("fs").writeSync(1, "raw\\\\n"); console.log("piped")', { eval: true });
      await new Promise((done) => worker.on("exit", done));`);
    expect(streamText(answer).split("\n").sort()).toEqual(["", "piped", "raw"]);
  });

  test("however much it is, while the loop is blocked by it", async () => {
    const answer = await kernel.run(
      "require('child_process').execSync('head -c 3000000 /dev/zero | tr \"\\\\0\" x', { stdio: 'inherit' }); 'ended'",
    );
    expect(streamText(answer)).toHaveLength(3_000_000);
  });

  test("and a child that reads an inherited stdin finds it empty", async () => {
    const answer = await kernel.run(
      "require('child_process').execSync('cat; echo ended', { stdio: 'inherit' })",
    );
    expect(answer.reply).toMatchObject({ status: "ok" });
    expect(streamText(answer)).toBe("ended\n");
  });
});

describe("an error that a cell prints", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  test.each([
    ["console.trace('tr')", "stderr", /^Trace: tr\n {4}at cell \d+:1:9\n$/],
    ["console.trace('%s is %d', 'x', 1)", "stderr", /^Trace: x is 1\n {4}at /],
    ["console.error(new Error('x'))", "stderr", /^Error: x\n {4}at cell \d+:1:15\n$/],
    ["console.log([new TypeError('x')])", "stdout", /^\[\n {2}TypeError: x\n {6}at cell \d+:1:14\n\]\n$/],
    ["console.dir({ e: new Error('x') })", "stdout", /e: Error: x\n {6}at cell/],
    [
      "console.group('g'); console.log(new Error('x')); console.groupEnd()",
      "stdout",
      /^g\n {2}Error: x\n {6}at cell/,
    ],
    [
      "console.log(new Error('x', { cause: new RangeError('y') }))",
      "stdout",
      /\[cause\]: RangeError: y\n {6}at cell/,
    ],
    [
      "console.log(new AggregateError([new Error('p')], 'agg'))",
      "stdout",
      /^AggregateError: agg[\s\S]*\[errors\]: \[\n {4}Error: p/,
    ],
    [
      "class Own extends Error { override name = 'Own' }\nconsole.log(new Own('x').stack)",
      "stdout",
      /^Own: x\n {4}at cell \d+:2:13\n$/,
    ],
    [
      "try { Buffer.alloc('x' as any) } catch (e: any) { console.log(e.stack) }",
      "stdout",
      /^TypeError \[ERR_INVALID_ARG_TYPE\]: The "size"/,
    ],
    [
      "const bare = { name: 'Bare', message: 'm' } as any; Error.captureStackTrace(bare); console.log(bare.stack)",
      "stdout",
      /^Bare: m\n {4}at cell/,
    ],
    ["console.assert(false, new Error('x') as any)", "stderr", /^Assertion failed Error: x\n {4}at cell/],
  ] as const)("%s", async (code, stream, expected) => {
    expect(streamText(await kernel.run(code), stream)).toMatch(expected);
  });

  test("has the form that the reader asks for, and the usual one again when that is taken back", async () => {
    const answer = await kernel.run(`
      const before = Error.prepareStackTrace;
      Error.prepareStackTrace = (_error, sites) => sites.length as never;
      console.log(typeof new Error("x").stack);
      Error.prepareStackTrace = before;
      console.log(new Error("y").stack);
      Error.prepareStackTrace = () => "mine";
      Error.prepareStackTrace = undefined as never;
      console.log(new Error("z").stack);`);
    expect(streamText(answer)).toMatch(
      /^number\nError: y\n {4}at cell \d+:6:19\nError: z\n {4}at cell \d+:9:19\n$/,
    );
  });
});

test("memory stays bounded while the reader is slow, and nothing is lost", { timeout: 180_000 }, async () => {
  await using kernel = await Kernel.start({ pauseMs: 1 });
  const megabytes = 256;
  const answer = await kernel.run(`
    const line = "x".repeat(8191);
    const before = process.memoryUsage.rss();
    let most = before;
    for (let i = 0; i < ${(megabytes * 1024) / 8}; i++) {
      console.log(line);
      if (i % 64 === 0) most = Math.max(most, process.memoryUsage.rss());
    }
    (most - before) / 2 ** 20`);
  const growth = Number(published(answer, "execute_result").data["text/plain"]);
  expect(streamText(answer)).toHaveLength(megabytes * 2 ** 20);
  expect(growth).toBeLessThan(megabytes * 0.7);
});

test("what was printed before process.exit() arrives, and the exit code is the cell's", async () => {
  await using kernel = await Kernel.start();
  const id = await kernel.submit("for (let i = 0; i < 5000; i++) console.log(i); process.exit(3)");
  expect(await kernel.exit).toBe(3);
  const last = () => kernel.of(id, "stream").at(-1)?.content.text as string | undefined;
  expect(last()?.endsWith("4999\n")).toBe(true);
});

describe("stock tslab", () => {
  test("loses lines of a synchronous loop, and may lose idle with them", async () => {
    await using kernel = await Kernel.start({ argv: kernels.stock });
    const id = await kernel.submit("for (let i = 0; i < 2000; i++) console.log('line ' + i)");
    // A later line marks the point up to which everything that was sent has arrived. It may be lost, too.
    const markers: string[] = [];
    const mark = setInterval(async () => markers.push(await kernel.submit("console.log('marker')")), 500);
    await kernel.until(() => markers.flatMap((marker) => kernel.of(marker, "stream"))[0]);
    clearInterval(mark);
    const text = kernel
      .of(id, "stream")
      .map(({ content }) => content.text)
      .join("");
    expect(text.split("\n").length).toBeLessThan(2000);
  });
});
