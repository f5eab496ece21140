import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isRunning } from "../processes";
import { Kernel, kernels, published, root, streamText } from "./client";

test("25 starts in a row become ready for a client that asks once", { timeout: 240_000 }, async () => {
  for (let start = 0; start < 25; start++) {
    // Every fifth from the snapshot, if there is one.
    await using kernel = await Kernel.spawn(start % 5 ? { env: { KERNEL_HELPERS_SNAPSHOT: "off" } } : {});
    const id = await kernel.send("kernel_info_request");
    const reply = await kernel.until(() => kernel.of(id, "kernel_info_reply")[0]);
    expect(reply.content.status).toBe("ok");
  }
});

test("cells sent before the compiler is there are run in their order", async () => {
  await using kernel = await Kernel.spawn();
  const ids = [await kernel.submit("const first = 1"), await kernel.submit("first + 1")];
  const results = await Promise.all(ids.map((id) => kernel.until(() => kernel.of(id, "execute_reply")[0])));
  expect(results.map(({ content }) => [content.status, content.execution_count])).toEqual([
    ["ok", 1],
    ["ok", 2],
  ]);
});

test("a kernel whose ports are taken says so on its own stderr and ends", async () => {
  await using kernel = await Kernel.start();
  const [node, ...args] = kernels.ours as [string, ...string[]];
  const second = spawn(node, [...args, join(kernel.folder, "connection.json")]);
  const [said, [code]] = await Promise.all([text(second.stderr), once(second, "exit")]);
  expect(code).toBe(1);
  expect(said).toMatch(/^The kernel's sockets failed: Error: Address already in use/);
});

describe("an interrupt", () => {
  const loops = {
    "a synchronous loop": "console.log('started'); while (true) {}",
    "a loop after an await": "await null; console.log('started'); while (true) {}",
    "a loop in a timer":
      "await new Promise(() => setTimeout(() => { console.log('started'); while (true) {} }))",
    "a loop in nextTick":
      "await new Promise(() => process.nextTick(() => { console.log('started'); while (true) {} }))",
    "a loop in an async scope":
      "import { AsyncResource } from 'node:async_hooks'; new AsyncResource('x').runInAsyncScope(() => { console.log('started'); while (true) {} })",
    "a wait that never ends": "console.log('started'); await new Promise(() => {})",
    "a blocked thread":
      "console.log('started'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
  };
  describe("by message", () => {
    let kernel: Kernel;
    beforeAll(async () => {
      kernel = await Kernel.start();
    });
    afterAll(() => kernel[Symbol.asyncDispose]());

    test.each(Object.entries(loops))("stops %s, and the next cell runs", async (_, code) => {
      const id = await kernel.submit(code);
      await kernel.until(() => kernel.of(id, "stream")[0]);
      expect((await kernel.ask("interrupt_request", {}, "control")).reply).toEqual({ status: "ok" });
      expect((await kernel.answer(id)).reply).toMatchObject({ status: "error", ename: "Interrupted" });
      const next = await kernel.run("await new Promise((done) => setTimeout(done, 5)); 6 * 7");
      expect(published(next, "execute_result").data["text/plain"]).toBe("42");
    });
  });

  test("that ended a wait never reaches the cell after it", { timeout: 60_000 }, async () => {
    await using kernel = await Kernel.start();
    for (let round = 0; round < 20; round++) {
      const id = await kernel.submit("console.log('started'); await new Promise(() => {})");
      await kernel.until(() => kernel.of(id, "stream")[0]);
      await kernel.ask("interrupt_request", {}, "control");
      await kernel.answer(id);
      expect((await kernel.run("for (let i = 0; i < 1e6; i++);")).reply.status).toBe("ok");
    }
  });

  test("asked for again and again, at any moment of a cell, ends it and nothing else", {
    timeout: 120_000,
  }, async () => {
    await using kernel = await Kernel.start();
    const cells = ["while (true) {}", "try { while (true) {} } catch { await new Promise(() => {}) }"];
    for (let round = 0; round < 8; round++) {
      const id = await kernel.submit(cells[round % cells.length]!);
      await kernel.until(() => kernel.of(id).find(({ content }) => content.execution_state === "busy"));
      // The compiler, the first turn of the loop, the error on its way: the moments of these differ by themselves.
      const ask = () => kernel.ask("interrupt_request", {}, "control");
      for (let times = 0; times <= round % 4; times++) await ask();
      const ended = kernel.answer(id);
      const insist = setInterval(ask, 50 + 25 * round);
      expect((await ended).reply).toMatchObject({ status: "error", ename: "Interrupted" });
      clearInterval(insist);
      expect((await kernel.run("6 * 7")).reply.status).toBe("ok");
    }
  });

  test.skipIf(process.platform === "win32")(
    "ends the process that execSync waits for, and leaves those that run beside the cells",
    async () => {
      await using kernel = await Kernel.start();
      const started = await kernel.run(
        "import { spawn } from 'node:child_process'; const beside = spawn('sleep', ['300']); console.log(beside.pid)",
      );
      const blocking = [
        "require('child_process').execSync('echo $$; sleep 300; echo never', { stdio: 'inherit' })",
        "require('child_process').spawnSync('sh', ['-c', 'trap \"\" INT; echo $$; sleep 300; sleep 300'], { stdio: 'inherit' })",
      ];
      for (const code of blocking) {
        const id = await kernel.submit(code);
        const said = await kernel.until(() => kernel.of(id, "stream")[0]);
        await kernel.ask("interrupt_request", {}, "control");
        expect((await kernel.answer(id)).reply).toMatchObject({ status: "error", ename: "Interrupted" });
        await expect.poll(() => isRunning(Number(said.content.text))).toBe(false);
        expect((await kernel.run("1")).reply.status).toBe("ok");
      }
      expect(isRunning(Number(streamText(started)))).toBe(true);
    },
  );

  test("of a wait keeps what comes late out of the next cell", async () => {
    await using kernel = await Kernel.start();
    const id = await kernel.submit(
      "console.log('started'); await new Promise((done) => { (globalThis as any).release = done; })",
    );
    await kernel.until(() => kernel.of(id, "stream")[0]);
    await kernel.ask("interrupt_request", {}, "control");
    await kernel.answer(id);
    const next = await kernel.run(
      "(globalThis as any).release('late'); await new Promise((done) => setTimeout(done, 5)); 6 * 7",
    );
    expect(published(next, "execute_result").data["text/plain"]).toBe("42");
  });

  test.skipIf(process.platform === "win32")("by SIGINT stops a loop and a wait", async () => {
    await using kernel = await Kernel.start();
    // Said once the cell's script is over: as it ends, Node changes its handlers, and a signal may get lost or end
    // the process. That is why the kernelspec asks for messages.
    const wait = "setTimeout(() => console.log('started')); await new Promise(() => {})";
    for (const code of [loops["a synchronous loop"], wait]) {
      const id = await kernel.submit(code);
      await kernel.until(() => kernel.of(id, "stream")[0]);
      process.kill(kernel.process.pid!, "SIGINT");
      expect((await kernel.answer(id)).reply).toMatchObject({ status: "error", ename: "Interrupted" });
    }
  });

  test("while the compiler is loading changes nothing", async () => {
    await using kernel = await Kernel.start({ env: { KERNEL_HELPERS_SNAPSHOT: "off" } });
    await kernel.ask("interrupt_request", {}, "control");
    expect((await kernel.run("'alive'")).reply.status).toBe("ok");
  });

  test("of an idle kernel changes nothing", async () => {
    await using kernel = await Kernel.start();
    await kernel.run("const kept = 1");
    await kernel.ask("interrupt_request", {}, "control");
    expect((await kernel.run("kept")).reply.status).toBe("ok");
  });
});

describe("a shutdown", () => {
  for (const channel of ["control", "shell"] as const) {
    test(`on ${channel} is answered, repeats restart, and ends the process with 0`, async () => {
      await using kernel = await Kernel.start();
      await kernel.run("1");
      const answer = await kernel.ask("shutdown_request", { restart: true }, channel);
      expect(answer.reply).toEqual({ status: "ok", restart: true });
      expect(await kernel.exit).toBe(0);
    });
  }

  test("ends a kernel whose cell never yields", async () => {
    await using kernel = await Kernel.start();
    const id = await kernel.submit("await null; console.log('started'); while (true) {}");
    await kernel.until(() => kernel.of(id, "stream")[0]);
    expect((await kernel.ask("shutdown_request", { restart: false }, "control")).reply.status).toBe("ok");
    expect(await kernel.exit).toBe(0);
  });

  test("ends workers and child processes with the kernel", async () => {
    await using kernel = await Kernel.start();
    const answer = await kernel.run(`
      import { spawn } from "node:child_process";
      import { Worker } from "node:worker_threads";
      new Worker("setInterval(() => {}, 1000)", { eval: true });
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"]);
      await new Promise((up) => child.stdout.once("data", up));
      child.stdout.pipe(process.stdout);
      console.log(child.pid)`);
    const pid = Number(streamText(answer));
    await kernel.ask("shutdown_request", { restart: false }, "control");
    expect(await kernel.exit).toBe(0);
    expect(isRunning(pid)).toBe(false);
  });
});

describe.skipIf(process.platform === "win32")("a signal that ends the kernel", () => {
  const child = "import { spawn } from 'child_process'; console.log(spawn('sleep', ['302']).pid)";

  test("ends it as tidily as a shutdown: exit handlers run, what was printed arrives, no child is left", async () => {
    await using kernel = await Kernel.start();
    const id = await kernel.submit(`${child}; process.on('exit', () => console.log('last words'))`);
    const pid = Number(streamText(await kernel.answer(id)));
    process.kill(kernel.process.pid!, "SIGTERM");
    expect(await kernel.exit).toBe(0);
    await expect.poll(() => kernel.of(id, "stream").at(-1)?.content.text).toContain("last words");
    expect(isRunning(pid)).toBe(false);
  });

  for (const [signal, code] of [
    ["SIGTERM", "console.log('in'); while (true);"],
    ["SIGKILL", "console.log('in')"],
  ] as const) {
    test(`leaves no child either where it ends it at once: ${signal}, ${code}`, async () => {
      await using kernel = await Kernel.start();
      const pid = Number(streamText(await kernel.run(child)));
      const id = await kernel.submit(code);
      await kernel.until(() => kernel.of(id, "stream")[0]);
      process.kill(kernel.process.pid!, signal);
      expect(await kernel.exit).toBe(signal);
      await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
    });
  }
});

describe("a kernel whose parent is killed", () => {
  const endless = "console.log('started'); while (true) {}";

  async function startedUnder(parent: ChildProcess): Promise<Kernel> {
    const kernel = await Kernel.start({ env: { JPY_PARENT_PID: String(parent.pid) } });
    const id = await kernel.submit(endless);
    await kernel.until(() => kernel.of(id, "stream")[0]);
    return kernel;
  }

  test("ends, even in an endless loop", async () => {
    const parent = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    await using kernel = await startedUnder(parent);
    parent.kill("SIGKILL");
    expect(await kernel.exit).toBe(0);
  });

  test("ends with the runner that started it", async () => {
    const script = `
      const { startKernel, findKernelspec } = require("notebook-tools");
      startKernel(findKernelspec("tslab", "."), { cwd: "." }).then(async (kernel) => {
        console.log(kernel.pid);
        await kernel.execute(${JSON.stringify(endless)});
      })`;
    const runner = spawn(process.execPath, ["-e", script], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = await once(runner.stdout, "data");
    runner.kill("SIGKILL");
    await expect.poll(() => isRunning(Number(said)), { timeout: 20_000 }).toBe(false);
  });

  test("is not thought gone when the number names no process at the start, as in a container", async () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    await using kernel = await Kernel.start({ env: { JPY_PARENT_PID: String(pid) } });
    expect((await kernel.run("await new Promise((done) => setTimeout(done, 2500))")).reply.status).toBe("ok");
  });
});

describe("a kernel that ends by itself", () => {
  test("is noticed when a cell exits", async () => {
    await using kernel = await Kernel.start();
    await kernel.submit("process.exit(3)");
    expect(await kernel.exit).toBe(3);
  });

  test("ends with the code of its cell though a slow client has not taken all", async () => {
    await using kernel = await Kernel.start({ pauseMs: 300 });
    await kernel.submit(
      "const line = 'x'.repeat(8191); for (let i = 0; i < 1000; i++) console.log(line); process.exit(3)",
    );
    expect(await kernel.exit).toBe(3);
    expect(kernel.printed).not.toContain("terminate called");
  });

  test("is noticed when it is killed", async () => {
    await using kernel = await Kernel.start();
    kernel.process.kill("SIGKILL");
    expect(await kernel.exit).not.toBe(0);
  });

  test("is noticed when it runs out of memory", async () => {
    await using kernel = await Kernel.start({ env: { NODE_OPTIONS: "--max-old-space-size=300" } });
    await kernel.submit("const all: number[][] = []; while (true) all.push(new Array(100_000).fill(1))");
    expect(await kernel.exit).not.toBe(0);
    // Its last words come through a pipe, which outlives it by a moment.
    await expect.poll(() => kernel.printed, { timeout: 20_000 }).toContain("heap out of memory");
  });
});

test("stock tslab answers a client that asks once before it is bound with nothing, or late", async () => {
  await using kernel = await Kernel.start({ argv: kernels.stock });
  const interrupt = await kernel.send("interrupt_request", {}, "control");
  await kernel.until(() => kernel.of(interrupt).find(({ content }) => content.execution_state === "idle"));
  expect(kernel.of(interrupt, "interrupt_reply")).toEqual([]);
});
