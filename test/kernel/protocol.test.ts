import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Kernel, kernels } from "./client";

const require = createRequire(import.meta.url);

describe("the kernel answers", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start();
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  test("kernel_info with the versions that run, on shell and on control", async () => {
    const { version } = require("typescript/package.json");
    for (const channel of ["shell", "control"] as const) {
      const { reply } = await kernel.ask("kernel_info_request", {}, channel);
      expect(reply).toMatchObject({ status: "ok", protocol_version: "5.3", implementation: "tslab" });
      expect(reply.language_info).toMatchObject({ name: "typescript", version, file_extension: ".ts" });
      expect(reply.banner).toMatch(/^TypeScript 6\.0\.3 on Node\.js v24\./);
    }
  });

  test("every request between busy and idle", async () => {
    for (const type of ["kernel_info_request", "comm_info_request", "history_request"]) {
      const { published } = await kernel.ask(type);
      expect(published.map(({ content }) => content.execution_state)).toEqual(["busy", "idle"]);
    }
  });

  test("pending_work_request with what cells have left behind", async () => {
    const ask = async () => (await kernel.ask("pending_work_request")).reply;
    expect(await ask()).toEqual({ status: "ok", pending: [], open: [], exit_code: 0 });
    const { reply: info } = await kernel.ask("kernel_info_request");
    expect(info.supported_features).toContain("pending work");
    await kernel.run(
      "const timer = setTimeout(() => {}, 60_000); const each = setInterval(() => {}, 60_000); each.unref(); const beat = setInterval(() => {}, 60_000);",
    );
    const { pending, open } = await ask();
    expect(open).toEqual([{ kind: "interval" }]);
    expect(pending).toEqual([{ kind: "timer", due_ms: expect.any(Number) }]);
    expect(pending[0].due_ms).toBeGreaterThan(1000);
    await kernel.run("clearTimeout(timer); clearInterval(each); clearInterval(beat);");
    expect(await ask()).toMatchObject({ pending: [], open: [] });
  });

  test("whether code is complete", async () => {
    expect((await kernel.ask("is_complete_request", { code: "1 + 1" })).reply).toEqual({
      status: "complete",
    });
    const open = await kernel.ask("is_complete_request", { code: "function f() {" });
    expect(open.reply).toEqual({ status: "incomplete", indent: "  " });
  });

  test("what can follow and what a name is, counting cursors in characters", async () => {
    await kernel.run("const wide = { height: 1 }");
    const code = "/* 🙂 */ wide.hei";
    const characters = Array.from(code).length;
    const { reply } = await kernel.ask("complete_request", { code, cursor_pos: characters });
    expect(reply).toMatchObject({
      matches: ["height"],
      cursor_start: characters - 3,
      cursor_end: characters,
    });
    const inspected = await kernel.ask("inspect_request", {
      code,
      cursor_pos: characters - 5,
      detail_level: 0,
    });
    expect(inspected.reply.data["text/plain"]).toContain("const wide: {");
  });

  test("connect with its ports, debug with a refusal, and subshells with another", async () => {
    const { reply } = await kernel.ask("connect_request");
    expect(Object.keys(reply).sort()).toEqual([
      "control_port",
      "hb_port",
      "iopub_port",
      "shell_port",
      "status",
      "stdin_port",
    ]);
    expect(Object.values(reply).every((port) => port === "ok" || Number.isInteger(port))).toBe(true);
    const debug = await kernel.ask("debug_request", { seq: 7, command: "readMemory" }, "control");
    expect(debug.reply).toMatchObject({
      type: "response",
      request_seq: 7,
      command: "readMemory",
      success: false,
    });
    expect((await kernel.ask("create_subshell_request", {}, "control")).reply.status).toBe("error");
  });

  test("history of this session: the tail, a range, and what matches a pattern", async () => {
    await using own = await Kernel.start();
    for (const code of ["const one = 1", "one + 1", "'[x]'", "one + 1"]) await own.run(code);
    await own.run("hidden", { store_history: false });
    const ask = async (content: object) => (await own.ask("history_request", content)).reply.history;
    expect(await ask({ hist_access_type: "tail", n: 2 })).toEqual([
      [1, 3, "'[x]'"],
      [1, 4, "one + 1"],
    ]);
    const range = { hist_access_type: "range", session: 0, start: 1, stop: 3 };
    expect(await ask({ ...range, output: true })).toEqual([
      [1, 1, ["const one = 1", null]],
      [1, 2, ["one + 1", "2"]],
    ]);
    expect(await ask({ ...range, session: -1 })).toEqual([]);
    const search = { hist_access_type: "search", n: 10 };
    expect(await ask({ ...search, pattern: "one*" })).toHaveLength(2);
    expect(await ask({ ...search, pattern: "one*", unique: true })).toEqual([[1, 4, "one + 1"]]);
    expect(await ask({ ...search, pattern: "?[[]x[]]?" })).toEqual([[1, 3, "'[x]'"]]);
    expect(await ask({})).toHaveLength(4);
  });

  test("user_expressions, each with a value or an error of its own", async () => {
    const expressions = {
      sum: "seven + 1",
      bad: "nowhere.x",
      html: "({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': 'x' }) })",
    };
    const { reply } = await kernel.run("const seven = 7", { user_expressions: expressions });
    expect(reply.user_expressions.sum).toEqual({ status: "ok", data: { "text/plain": "8" }, metadata: {} });
    expect(reply.user_expressions.bad).toMatchObject({ status: "error", ename: "TypeScriptError" });
    expect(reply.user_expressions.html.data["text/html"]).toBe("x");
    expect((await kernel.run("seven")).reply.status).toBe("ok");
    const failed = await kernel.run("throw new Error('x')", { user_expressions: expressions });
    expect(failed.reply.user_expressions).toEqual({});
  });

  test("a cell without code, or with what is none, in one sentence", async () => {
    for (const [content, got] of [
      [{}, "nothing"],
      [{ code: 5 }, "5"],
      [{ code: null }, "null"],
      [{ code: ["1"] }, "[ '1' ]"],
    ] as const) {
      const { reply } = await kernel.ask("execute_request", content);
      expect(reply).toMatchObject({ status: "error", ename: "TypeError" });
      expect(reply.evalue).toBe(`an execute_request needs its \`code\` as a string, got ${got}`);
    }
    for (const type of ["complete_request", "inspect_request", "is_complete_request"]) {
      expect((await kernel.ask(type, { code: 5 })).reply).toMatchObject({
        status: "error",
        evalue: `${type} needs its \`code\` as a string, got 5`,
      });
    }
    const odd = await kernel.run("1", {
      silent: "no",
      store_history: 1,
      user_expressions: 5,
      allow_stdin: "x",
    });
    expect(odd.reply.status).toBe("ok");
  });

  test("heartbeats while a cell computes", async () => {
    const id = await kernel.submit("console.log('started'); while (true) {}");
    await kernel.until(() => kernel.of(id, "stream")[0]);
    await kernel.heartbeat.send("ping");
    expect(String(await kernel.heartbeat.receive())).toBe("ping");
    await kernel.ask("interrupt_request", {}, "control");
    await kernel.answer(id);
  });

  test("nothing to an unknown request, and goes on", async () => {
    for (const type of ["no_such_request", "toString", "__proto__", "constructor"]) {
      const id = await kernel.send(type);
      await kernel.until(() => kernel.of(id).find(({ content }) => content.execution_state === "idle"));
      expect(kernel.of(id).every(({ socket }) => socket === "iopub")).toBe(true);
    }
    const odd = await kernel.ask("debug_request", { type: "request", command: "toString" }, "control");
    expect(odd.reply).toMatchObject({ success: false, command: "toString" });
    expect((await kernel.run("1")).reply.status).toBe("ok");
  });
});

test("a client that reconnects with its old identity is answered", async () => {
  await using kernel = await Kernel.start();
  expect(await kernel.reconnect()).toBe("kernel_info_reply");
});

test("stock tslab says comm_info with the type of a completion, and versions of another day", async () => {
  await using kernel = await Kernel.start({ argv: kernels.stock });
  const id = await kernel.send("comm_info_request");
  const reply = await kernel.until(() => kernel.of(id).find(({ socket }) => socket === "shell"));
  expect(reply.header.msg_type).toBe("complete_reply");
  const { reply: info } = await kernel.ask("kernel_info_request");
  expect(info.language_info.version).toBe("3.7.2");
});
