import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Kernel, published, root } from "./client";

describe("a cache folder that cannot be used costs speed, not the kernel", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "kernel-cache-"));
    writeFileSync(join(folder, "file"), "x");
    symlinkSync(join(folder, "loop-b"), join(folder, "loop-a"));
    symlinkSync(join(folder, "loop-a"), join(folder, "loop-b"));
    mkdirSync(join(folder, "compile-is-a-file"));
    writeFileSync(join(folder, "compile-is-a-file", "compile"), "x");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const places = {
    "in /proc": () => "/proc/nope/deeper",
    "a file in its place": () => join(folder, "file"),
    "a file above it": () => join(folder, "file", "below"),
    "links in a circle": () => join(folder, "loop-a"),
    "a file where its part should be": () => join(folder, "compile-is-a-file"),
    "no name at all": () => "a\0b".replace("\0", "\u0001"),
  };
  for (const [what, place] of Object.entries(places)) {
    test(what, async () => {
      await using kernel = await Kernel.start({ cwd: folder, env: { KERNEL_HELPERS_CACHE: place() } });
      const answer = await kernel.run("6 * 7");
      expect(published(answer, "execute_result").data["text/plain"]).toBe("42");
    });
  }

  test("and the builder of the snapshot ends, too", () => {
    const build = join(root, "kernel-helpers", "dist", "kernel", "compiler", "snapshot", "build.js");
    const env = { ...process.env, KERNEL_HELPERS_CACHE: "/proc/nope" };
    expect(() => execFileSync(process.execPath, [build], { env, stdio: "pipe", timeout: 60_000 })).toThrow(
      /cannot be written to/,
    );
  });
});
