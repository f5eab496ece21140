import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manifestFile, snapshotFolder } from "../../kernel-helpers/dist/kernel/snapshot/manifest.js";
import { Kernel, kernels, published, root, streamText } from "./client";

const run = promisify(execFile);

// Snapshots of its own: other tests start kernels while this one spoils them.
process.env.KERNEL_HELPERS_CACHE = mkdtempSync(join(tmpdir(), "kernel-cache-"));
const builder = join(root, "kernel-helpers", "dist", "kernel", "snapshot", "build.js");
const build = () => run(kernels.ours[0]!, [builder]);
const canBecome = typeof process.execve === "function" && process.platform !== "win32";

/** Whether a kernel was started from the snapshot: only then does it hold the blob among its arguments. */
const fromSnapshot = (kernel: Kernel) =>
  readFileSync(`/proc/${kernel.process.pid}/cmdline`, "utf8").includes("--snapshot-blob");

describe.skipIf(!canBecome || process.platform !== "linux")("the start-up snapshot", () => {
  beforeAll(async () => {
    await build();
  });

  test("starts a kernel that checks types, completes, fails and is interrupted as any other", async () => {
    await using kernel = await Kernel.start();
    expect(fromSnapshot(kernel)).toBe(true);
    expect(published(await kernel.run("const n = 6\nn * 7"), "execute_result").data["text/plain"]).toBe("42");
    expect((await kernel.run("const s: string = n")).reply.evalue).toMatch(
      /^TS2322 at cell 2, line 1, column 7/,
    );
    const { reply } = await kernel.ask("complete_request", { code: "n.toFix", cursor_pos: 7 });
    expect(reply.matches).toEqual(["toFixed"]);
    const inspected = await kernel.ask("inspect_request", { code: "n", cursor_pos: 0, detail_level: 0 });
    expect(inspected.reply.data["text/plain"]).toBe("const n: 6");
    // The texts and the explanations of the library are there, too.
    const library = await kernel.ask("inspect_request", { code: "Math.max", cursor_pos: 6, detail_level: 0 });
    expect(library.reply.data["text/plain"]).toMatch(
      /max\(\.\.\.values: number\[\]\): number\s+Returns the larger/,
    );
    const id = await kernel.submit("await null; console.log('started'); while (true) {}");
    await kernel.until(() => kernel.of(id, "stream")[0]);
    await kernel.ask("interrupt_request", {}, "control");
    expect((await kernel.answer(id)).reply.ename).toBe("Interrupted");
  });

  test("keeps the folder, the environment and the arguments of the start", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "kernel-cwd-"));
    const code = "JSON.stringify([process.cwd(), process.env.GLIBC_TUNABLES ?? null, process.execArgv])";
    for (const tunables of [undefined, "glibc.malloc.arena_max=4"]) {
      await using kernel = await Kernel.start({ cwd, env: { GLIBC_TUNABLES: tunables } });
      const value = published(await kernel.run(code), "execute_result").data["text/plain"];
      expect(value).toBe(`'${JSON.stringify([cwd, tunables ?? null, []])}'`);
    }
    rmSync(cwd, { recursive: true });
  });

  test("lets workers, forks and modules of its own load as usual", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kernel-fork-"));
    writeFileSync(join(folder, "child.cjs"), "process.send(process.execArgv.length)");
    await using kernel = await Kernel.start({ cwd: folder });
    const answer = await kernel.run(`
      import { Worker } from "node:worker_threads";
      import { fork } from "node:child_process";
      import { createHash } from "node:crypto";
      const worker = new Worker("require('worker_threads').parentPort.postMessage(6 * 7)", { eval: true });
      const value = await new Promise((got) => worker.once("message", got));
      const child = fork("./child.cjs");
      const sent = await new Promise((got) => child.once("message", got));
      console.log(value, sent, createHash("sha1").update("").digest("hex").length)`);
    expect(streamText(answer)).toBe("42 0 40\n");
    rmSync(folder, { recursive: true });
  });

  test("lets threads load every module of Node's, and fail", async () => {
    await using kernel = await Kernel.start();
    expect(fromSnapshot(kernel)).toBe(true);
    const modules = builtinModules.filter((name) => !name.startsWith("_") && name !== "trace_events");
    const source = `for (const name of ${JSON.stringify(modules)}) require(name); throw new RangeError('after all')`;
    const answer = await kernel.run(`
      import { Worker } from "node:worker_threads";
      import { once } from "node:events";
      const [error] = await once(new Worker(${JSON.stringify(source)}, { eval: true }), "error");
      error.message`);
    expect(published(answer, "execute_result").data["text/plain"]).toBe("'after all'");
  });

  test("is silently replaced by the launcher when it does not match", async () => {
    const manifest = readFileSync(manifestFile(), "utf8");
    const kept = mkdtempSync(join(tmpdir(), "kernel-blob-"));
    const { blob } = JSON.parse(manifest);
    cpSync(blob, join(kept, "blob"), { preserveTimestamps: true });
    const spoil: Record<string, () => void> = {
      "another Node": () => writeFileSync(manifestFile(), manifest.replace(/"node":"v/, '"node":"v0')),
      "a module that changed": () =>
        writeFileSync(manifestFile(), manifest.replace(/"size":\d+/, '"size":1')),
      "half a manifest": () => writeFileSync(manifestFile(), manifest.slice(0, manifest.length / 2)),
      "half a blob": () => truncateSync(blob, 1000),
    };
    try {
      for (const [what, act] of Object.entries(spoil)) {
        act();
        await using kernel = await Kernel.start();
        expect([what, fromSnapshot(kernel)]).toEqual([what, false]);
        expect((await kernel.run("1")).reply.status).toBe("ok");
        writeFileSync(manifestFile(), manifest);
      }
    } finally {
      cpSync(join(kept, "blob"), blob, { preserveTimestamps: true });
      writeFileSync(manifestFile(), manifest);
      rmSync(kept, { recursive: true });
    }
  });

  test("is left alone when Node is given other options than it was built with", async () => {
    const [node, ...rest] = kernels.ours as [string, ...string[]];
    for (const options of [
      { env: { NODE_OPTIONS: "--no-deprecation" } },
      { argv: [node, "--jitless", ...rest] },
    ]) {
      await using kernel = await Kernel.start(options);
      expect(fromSnapshot(kernel)).toBe(false);
      expect((await kernel.run("1")).reply.status).toBe("ok");
    }
  });

  test("may be built twice at once; both builds leave one that works", async () => {
    rmSync(manifestFile(), { force: true });
    await Promise.all([build(), build()]);
    await using kernel = await Kernel.start();
    expect(fromSnapshot(kernel)).toBe(true);
    expect(readdirSync(snapshotFolder()).filter((name) => name.startsWith("build-"))).toEqual([]);
  });

  afterAll(() => rmSync(process.env.KERNEL_HELPERS_CACHE!, { recursive: true }));
});
