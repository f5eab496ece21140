// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are code
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, Kernel, kernels, published, streamText } from "./client";

const traceback = ({ reply }: Answer) => stripVTControlCharacters(reply.traceback.join("\n"));

describe("a failing cell", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  test("sends the same error on IOPub and in its reply, and nothing on stderr", async () => {
    const answer = await kernel.run("throw new RangeError('out of range')");
    const { ename, evalue, traceback } = answer.reply;
    expect(answer.reply).toMatchObject({ status: "error", ename: "RangeError", evalue: "out of range" });
    expect(published(answer, "error")).toEqual({ ename, evalue, traceback });
    // Bold and in no colour: a red one would not be read on the red behind it in a dark theme.
    expect(traceback[0]).toContain("\x1b[1mRangeError\x1b[0m");
    expect(traceback.join("\n")).not.toMatch(/\[(?:1;)?3\dm/);
    expect(streamText(answer, "stderr")).toBe("");
  });

  test("shows the lines of TypeScript that the reader wrote, with a frame of code", async () => {
    const answer = await kernel.run(
      [
        "interface Row { price: number }",
        "type Rows = Row[]",
        "function total(rows: Rows): number {",
        "  if (rows.length === 0) throw new Error('no rows')",
        "  return rows.reduce((sum, { price }) => sum + price, 0)",
        "}",
        "total([])",
      ].join("\n"),
    );
    const count = answer.reply.execution_count;
    expect(traceback(answer)).toBe(
      [
        "Error: no rows",
        "  2 | type Rows = Row[]",
        "  3 | function total(rows: Rows): number {",
        "> 4 |   if (rows.length === 0) throw new Error('no rows')",
        "    |                                ^",
        "  5 |   return rows.reduce((sum, { price }) => sum + price, 0)",
        "  6 | }",
        `    at total (cell ${count}:4:32)`,
        `    at cell ${count}:7:1`,
      ].join("\n"),
    );
  });

  test("has its place although Node's loader and the kernel's `require` lie between", async () => {
    const answer = await kernel.run("const inner = () => require('./missing-file')\ninner()");
    const cell = `cell ${answer.reply.execution_count}`;
    expect(traceback(answer)).toContain("> 1 | const inner = () => require('./missing-file')");
    expect(traceback(answer)).toMatch(new RegExp(`at inner \\(${cell}:1:21\\)\n    at ${cell}:2:1\n`));
  });

  test("names the cell in which a function was written, not the one that called it", async () => {
    const written = await kernel.run(
      "const half = (n: number) => {\n  if (n % 2) throw new Error('odd')\n  return n / 2\n}",
    );
    const called = await kernel.run("half(3)");
    expect(traceback(called)).toContain(`at half (cell ${written.reply.execution_count}:2:20)`);
    expect(traceback(called)).toContain(`at cell ${called.reply.execution_count}:1:`);
    expect(traceback(called)).toContain("> 2 |   if (n % 2) throw new Error('odd')");
  });

  test("has no frames of Node's that carry it from one scope to another", async () => {
    const answer = await kernel.run(
      "import { AsyncResource } from 'node:async_hooks'\nnew AsyncResource('X').runInAsyncScope(() => { throw new Error('in a scope') })",
    );
    const cell = `cell ${answer.reply.execution_count}`;
    expect(traceback(answer).split("\n").slice(-2)).toEqual([`    at ${cell}:2:54`, `    at ${cell}:2:24`]);
  });

  test("has its place though a function was made in a thread and ran on the loop", async () => {
    const answer = await kernel.run(
      "import { runCoroutineThreadsafe, toThread } from 'kernel-helpers/threads'\nawait toThread(() => runCoroutineThreadsafe(async () => {\n  throw new Error('on the loop')\n}).result())",
    );
    const cell = `cell ${answer.reply.execution_count}`;
    expect(traceback(answer)).toContain("> 3 |   throw new Error('on the loop')");
    expect(traceback(answer)).toMatch(new RegExp(`\\n    at ${cell}:3:9\\n    at ${cell}:2:\\d+$`));
  });

  test("rejects as it throws", async () => {
    const answer = await kernel.run(
      "const later = async () => { throw new TypeError('later') }\nawait later()",
    );
    expect(answer.reply).toMatchObject({ ename: "TypeError", evalue: "later" });
    expect(traceback(answer)).toMatch(/at later \(cell \d+:1:35\)/);
  });

  test("shows causes and gathered errors", async () => {
    const cause = await kernel.run("throw new Error('outer', { cause: new TypeError('inner') })");
    expect(traceback(cause)).toMatch(/^Error: outer[\s\S]*caused by:\n {2}TypeError: inner\n/);
    const many = await kernel.run(
      "await Promise.any([Promise.reject(new Error('a')), Promise.reject(new RangeError('b'))])",
    );
    expect(many.reply.ename).toBe("AggregateError");
    expect(traceback(many)).toMatch(/error 1 of 2:\n {2}Error: a[\s\S]*error 2 of 2:\n {2}RangeError: b/);
  });

  test("shows what an error carries, and classes that set no name", async () => {
    const answer = await kernel.run(
      "class LimitError extends Error { limit = 8 }\nthrow new LimitError('too many')",
    );
    expect(answer.reply.ename).toBe("LimitError");
    expect(traceback(answer)).toContain("{ limit: 8 }");
  });

  test("may throw anything", async () => {
    expect((await kernel.run("throw 'text'")).reply).toMatchObject({ ename: "Thrown", evalue: "text" });
    expect((await kernel.run("throw undefined")).reply).toMatchObject({
      ename: "Thrown",
      evalue: "undefined",
    });
    expect((await kernel.run("throw null")).reply).toMatchObject({ ename: "Thrown", evalue: "null" });
    expect((await kernel.run("throw { code: 5 }")).reply.evalue).toBe("{ code: 5 }");
  });

  test("may throw what cannot even be read", async () => {
    const answer = await kernel.run(
      "throw new Proxy({}, { get() { throw new Error('no') }, has() { throw 1 } })",
    );
    expect(answer.reply).toMatchObject({
      status: "error",
      evalue: "something was thrown that cannot be read",
    });
    expect((await kernel.run("1")).reply.status).toBe("ok");
  });

  test("shows no path of the machine and no frame of the kernel", async () => {
    const answer = await kernel.run(
      "import { readFileSync } from 'node:fs'\n;[1].map(() => readFileSync('missing.txt'))",
    );
    expect(traceback(answer)).toContain("code: 'ENOENT'");
    expect(traceback(answer)).not.toMatch(/tslab|node:vm|node:internal|kernel-helpers/);
    const frames = traceback(answer)
      .split("\n")
      .filter((line) => /^ {4}at /.test(line));
    expect(frames.filter((frame) => /\(\/|at \/|[A-Z]:\\/.test(frame))).toEqual([]);
  });

  test("prints its own stacks in lines of TypeScript, too", async () => {
    const answer = await kernel.run("type Unused = string\n\nconsole.log(new Error('shown').stack)");
    const count = answer.reply.execution_count;
    expect(streamText(answer)).toBe(`Error: shown\n    at cell ${count}:3:13\n`);
  });

  test("keeps frames of a worker that name a cell, and drops those that do not", async () => {
    const first = await kernel.run("const shipped = 1");
    const script = `cell-${first.reply.execution_count}.js`;
    const answer = await kernel.run(
      `const e = new Error('from the worker')
e.stack = "Error: from the worker\\n    at job (cell 1:2:3)\\n    at own (/home/me/book/own.js:4:5)\\n    at run (/x/kernel-helpers/dist/threads/worker.js:1:1)\\n    at node:internal/main/worker_thread:1:1\\n    at MessagePort.<anonymous> (/x/node_modules/piscina/dist/worker.js:1:2)"
throw e`,
    );
    expect(script).toMatch(/^cell-\d+\.js$/);
    expect(traceback(answer)).toContain("at job (cell 1:2:3)\n    at own (book/own.js:4:5)");
    expect(traceback(answer)).not.toMatch(/worker\.js|worker_thread/);
  });

  test("carries the code and the column of a type error", async () => {
    const answer = await kernel.run("const before = 1\nconst port: number = 'http'");
    const count = answer.reply.execution_count;
    const evalue = `TS2322 at cell ${count}, line 2, column 7: Type 'string' is not assignable to type 'number'.`;
    expect(answer.reply).toMatchObject({ status: "error", ename: "TypeScriptError", evalue });
    expect(traceback(answer)).toBe(
      [evalue, "  1 | const before = 1", "> 2 | const port: number = 'http'", "    |       ^"].join("\n"),
    );
  });

  test("places a syntax error in the cell, even where the cell ends too early", async () => {
    const answer = await kernel.run("const open = {");
    expect(answer.reply.ename).toBe("SyntaxError");
    expect(answer.reply.evalue).toMatch(/^TS1005 at cell \d+, line 1, column 15: /);
  });

  test("names the file at fault when a cell imports one with a type error", async () => {
    const answer = await kernel.run("/** @module broken */\nexport const n: number = 'x'");
    expect(answer.reply).toMatchObject({ status: "error", ename: "TypeScriptError" });
  });
});

describe("what is said is said in the reader's words", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
    await kernel.run(
      'import assert, { ok } from "node:assert"; import { toThread } from "kernel-helpers"; let rows: number[] = [], loose: any = 5, site = 1; const fixed: any = { a: 1 };',
    );
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  test.for([
    ["assert(rows.length > 5)", "assert(rows.length > 5)"],
    ["ok(rows.length > 5, undefined)", "ok(rows.length > 5)"],
    ["assert.ok(rows.length)", "assert.ok(rows.length)"],
    ["const local = 1;\nfor (const row of [local]) { assert(row === rows[0]) }", "assert(row === rows[0])"],
    ["await Promise.resolve(); assert(fixed.a === 2)", "assert(fixed.a === 2)"],
    ["assert(\n  `,)` === String(rows), // a comment)\n)", "assert(\n    `,)` === String(rows))"],
    ["(() => { assert(!site) })()", "assert(!site)"],
  ])("a failed assertion: %s", async ([code, call]) => {
    const answer = await kernel.run(code!);
    expect(answer.reply.evalue).toBe(`The expression evaluated to a falsy value:\n\n  ${call}\n`);
    expect(traceback(answer)).not.toContain("exports.");
  });

  test.for([
    ["loose()", "loose is not a function"],
    ["new loose()", "loose is not a constructor"],
    ["[...loose]", "loose is not iterable"],
    ["loose.method()", "loose.method is not a function"],
    ["fixed.a()", "fixed.a is not a function"],
    ["for (const x of loose) ;", "loose is not iterable"],
    ["loose`x`", "loose is not a function"],
    ["const { a } = fixed.b;", "Cannot destructure property 'a' of 'fixed.b' as it is undefined."],
    ["import * as fs2 from 'node:fs'; (fs2 as any).nope()", "fs2.nope is not a function"],
    ["throw new TypeError('exports.x says the reader')", "exports.x says the reader"],
    ["require('./nowhere')", "Cannot find module './nowhere'"],
  ])("%s: %s", async ([code, message]) => {
    const answer = await kernel.run(code!);
    expect(answer.reply.evalue).toBe(message);
    if (!code!.startsWith("throw")) expect(traceback(answer)).not.toMatch(/exports\.|\/src\.js/);
  });

  test.for([
    [
      "sites",
      "`sites` is not defined yet: no cell run so far makes it; run the cell that declares it first.",
    ],
    ["syncFunction()", "`syncFunction` is not defined yet"],
    ["const solution: Smooth = 1", "`Smooth` is not defined yet"],
    ["({ sitesTwo })", "`sitesTwo` is not defined yet"],
    ["const later: Promise<string> = Promise.resolve(sitesThree)", "`sitesThree` is not defined yet"],
    ["let e: Space.Inner", "`Space` is not defined yet"],
    ["describe('x', () => {})", "`describe` is not defined yet"],
    ["consoel.log(1)", "Or is `console` meant?"],
  ])("a name that no cell has made: %s", async ([code, message]) => {
    const { reply } = await kernel.run(code!);
    expect(reply.evalue).toContain(message);
    expect(reply.evalue).not.toMatch(/Did you mean|private name|TS40\d\d|and \d+ more/);
  });

  test("a name of a cell that failed says which", async () => {
    const failed = await kernel.run("const half = 1; throw new Error('midway')");
    const { reply } = await kernel.run("half");
    expect(reply.evalue).toContain(
      `\`half\` is not defined: cell ${failed.reply.execution_count}, which declares it, failed.`,
    );
  });

  test.for([
    "function hidden() { interface Inner { a: number } return { a: 1 } as Inner }\nconst shown = hidden()",
    "const Mixed = class { private secret = 1; protected half = 2 }",
    "import * as http from 'node:http'; const server1 = http.createServer(); server1.close()",
    "const unique = { [Symbol.iterator]: function* () { yield Symbol('x') } }",
    "export const exported = (() => { class Local { #p = 1 } return new Local() })()",
    "const recursive = { get self() { return recursive } } as any",
  ])("types that no declaration can name are no error: %s", async (code) => {
    expect((await kernel.run(code)).reply).toMatchObject({ status: "ok" });
    expect((await kernel.run("1")).reply.status).toBe("ok");
  });

  test("a script that V8 refuses, though the compiler was told to let it pass, has a place", async () => {
    const answer = await kernel.run("// @ts-nocheck\nconst twice = 1;\nconst twice = 2");
    expect(traceback(answer)).toMatch(
      /SyntaxError: Identifier 'twice' has already been declared[\s\S]*> 3 \| const twice = 2/,
    );
  });

  test("an error in a function that ran in a thread points at its line and column in the cell", async () => {
    const short = await kernel.run('await toThread(() => { throw new RangeError("in thread") })');
    expect(traceback(short)).toContain(`at cell ${short.reply.execution_count}:1:30`);
    expect(traceback(short)).toContain('> 1 | await toThread(() => { throw new RangeError("in thread") })');
    const long = await kernel.run(
      "interface Skipped { x: number }\nconst factor = 2;\nfunction work(n: number): number {\n  const doubled: number = n * factor;\n  throw new RangeError(`${doubled}`)\n}",
    );
    const called = await kernel.run("await toThread(work, 2)");
    expect(traceback(called)).toContain(`at work (cell ${long.reply.execution_count}:5:9)`);
    expect(traceback(called)).toContain("> 5 |   throw new RangeError(`${doubled}`)");
    expect(traceback(called)).toMatch(/RangeError: 4\n/);
  });

  test("a cell may call a name of its own `require` or `exports`", async () => {
    const own = await kernel.run(
      'import { createRequire } from "node:module"; const require = createRequire(import.meta.url); const { exports } = { exports: 7 }; [require("node:path").sep.length, exports, { require }.require === require]',
    );
    expect(published(own, "execute_result")?.data["text/plain"]).toBe("[ 1, 7, true ]");
    const later = await kernel.run("[typeof require, exports]");
    expect(published(later, "execute_result")?.data["text/plain"]).toBe("[ 'function', 7 ]");
  });
});

describe("the scripts of cells", () => {
  test("can be looked up by name, from a compiled position to the reader's line", async () => {
    await using kernel = await Kernel.start();
    const answer = await kernel.run(`type Skipped = number
const parse = (text: string) => {
  const site = (() => {
    const { prepareStackTrace } = Error
    Error.prepareStackTrace = (_, sites) => sites[1]
    const found = new Error().stack as any
    Error.prepareStackTrace = prepareStackTrace
    return found
  })()
  const cells = (globalThis as any)[Symbol.for("kernel-helpers.cells")]
  const script = cells.get(site.getScriptNameOrSourceURL())
  return [script.label, script.origin(site.getLineNumber(), site.getColumnNumber()).line, script.source.length > 9]
}
JSON.stringify(parse(""))`);
    const value = published(answer, "execute_result").data["text/plain"];
    expect(value).toBe(`'["cell 1",9,true]'`);
  });
});

test("stock tslab sends a stack with absolute paths on stderr, and an error without a name", async () => {
  await using kernel = await Kernel.start({ argv: kernels.stock });
  const answer = await kernel.run("throw new RangeError('x')");
  expect(answer.reply).toEqual({ status: "error", execution_count: 1 });
  expect(published(answer, "error")).toBeUndefined();
  expect(streamText(answer, "stderr")).toMatch(/tslab[\\/]dist[\\/]executor\.js/);
});
