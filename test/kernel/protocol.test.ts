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

  test("comm_info with no comms, and closes a comm that is opened", async () => {
    expect((await kernel.ask("comm_info_request")).reply).toEqual({ status: "ok", comms: {} });
    const id = await kernel.send("comm_open", { comm_id: "c", target_name: "t", data: {} });
    const close = await kernel.until(() => kernel.of(id, "comm_close")[0]);
    expect(close.content).toEqual({ comm_id: "c", data: {} });
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

  test("heartbeats while a cell computes", async () => {
    const id = await kernel.submit("console.log('started'); while (true) {}");
    await kernel.until(() => kernel.of(id, "stream")[0]);
    await kernel.heartbeat.send("ping");
    expect(String(await kernel.heartbeat.receive())).toBe("ping");
    await kernel.ask("interrupt_request", {}, "control");
    await kernel.answer(id);
  });

  test("nothing to an unknown request, and goes on", async () => {
    const id = await kernel.send("no_such_request");
    await kernel.until(() => kernel.of(id).find(({ content }) => content.execution_state === "idle"));
    expect(kernel.of(id).every(({ socket }) => socket === "iopub")).toBe(true);
    expect((await kernel.run("1")).reply.status).toBe("ok");
  });
});

test("stock tslab says comm_info with the type of a completion, and versions of another day", async () => {
  await using kernel = await Kernel.start({ argv: kernels.stock });
  const id = await kernel.send("comm_info_request");
  const reply = await kernel.until(() => kernel.of(id).find(({ socket }) => socket === "shell"));
  expect(reply.header.msg_type).toBe("complete_reply");
  const { reply: info } = await kernel.ask("kernel_info_request");
  expect(info.language_info.version).toBe("3.7.2");
});
