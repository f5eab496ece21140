import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  builder,
  manifestFile,
  readManifest,
  snapshotFolder,
  stamp,
} from "../../kernel-helpers/dist/kernel/compiler/snapshot/manifest.js";
import { familyOf } from "../processes";
import { Kernel, kernels, published } from "./client";

const run = promisify(execFile);

// Snapshots of its own: other tests start kernels while this one spoils them.
process.env.KERNEL_HELPERS_CACHE = mkdtempSync(join(tmpdir(), "kernel-cache-"));
const build = () => run(kernels.ours[0]!, [builder]);

/** What a kernel would start from: a path, or nothing. */
async function usable(): Promise<string> {
  const manifest = JSON.stringify(join(builder, "..", "manifest.js"));
  const { stdout } = await run(kernels.ours[0]!, ["-p", `require(${manifest}).usableSnapshot() ?? ""`]);
  return stdout.trim();
}

/** Whether the compiler of a kernel was started from the snapshot: only then does it hold the blob among its arguments. */
const fromSnapshot = (kernel: Kernel) =>
  familyOf(kernel.process.pid!).some((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(".blob"));

describe.skipIf(process.platform !== "linux")("the start-up snapshot", () => {
  beforeAll(async () => {
    await build();
  }, 300_000);

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

  test("is used whatever Node of the cells is told in NODE_OPTIONS", async () => {
    await using kernel = await Kernel.start({ env: { NODE_OPTIONS: "--no-deprecation" } });
    expect((await kernel.run("1")).reply.status).toBe("ok");
    expect(fromSnapshot(kernel)).toBe(true);
  });

  test("is silently left out when it does not match, and the compiler begins without", async () => {
    const { files, ...rest } = readManifest()!;
    const { blob } = rest;
    const content = readFileSync(blob);
    const write = (bytes: Uint8Array) => {
      writeFileSync(blob, bytes);
      // A time that can be given again, whatever the bytes.
      utimesSync(blob, 1e9, 1e9);
    };
    write(content);
    const others = files.filter(({ path }) => path !== blob);
    const manifest = JSON.stringify({ ...rest, files: [...others, stamp(blob)] });
    const spoil: Record<string, () => void> = {
      "another Node": () => writeFileSync(manifestFile(), manifest.replace(/"node":"v/, '"node":"v0')),
      "another builder": () => {
        const kept = [...others.filter(({ path }) => path !== builder), stamp(blob)];
        writeFileSync(manifestFile(), JSON.stringify({ ...rest, files: kept }));
      },
      "a module that changed": () =>
        writeFileSync(manifestFile(), manifest.replace(/"size":\d+/, '"size":1')),
      "half a manifest": () => writeFileSync(manifestFile(), manifest.slice(0, manifest.length / 2)),
      "half a blob": () => write(content.subarray(0, content.length / 2)),
    };
    for (const [what, act] of Object.entries(spoil)) {
      writeFileSync(manifestFile(), manifest);
      expect(await usable()).toBe(blob);
      act();
      expect([what, await usable()]).toEqual([what, ""]);
      write(content);
    }
    writeFileSync(manifestFile(), manifest);
    // Node alone can say that it does not take one.
    write(new Uint8Array(content.length));
    {
      await using kernel = await Kernel.start();
      expect((await kernel.run("1")).reply.status).toBe("ok");
      expect(fromSnapshot(kernel)).toBe(false);
    }
    write(content);
    writeFileSync(manifestFile(), manifest);
    await using kernel = await Kernel.start();
    expect((await kernel.run("1")).reply.status).toBe("ok");
    expect(fromSnapshot(kernel)).toBe(true);
  });

  test("may be built twice at once; both builds leave one that works", { timeout: 300_000 }, async () => {
    rmSync(manifestFile(), { force: true });
    await Promise.all([build(), build()]);
    await using kernel = await Kernel.start();
    expect(fromSnapshot(kernel)).toBe(true);
    expect(readdirSync(snapshotFolder()).filter((name) => name.startsWith("build-"))).toEqual([]);
  });

  afterAll(() => rmSync(process.env.KERNEL_HELPERS_CACHE!, { recursive: true }));
});
