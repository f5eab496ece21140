import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { Kernel, published, root } from "./client";
import { cells, cursors } from "./corpus";

interface Session {
  cells: string[];
  cursors: string[];
}

/** The code cells of every notebook of the collection: the corpus that matters most. */
function notebooks(): Session[] {
  const folder = join(root, "notebooks");
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));
  return files.map((name) => {
    const { cells } = JSON.parse(readFileSync(join(folder, name), "utf8"));
    const code = cells.filter(({ cell_type }: { cell_type: string }) => cell_type === "code");
    const sources = code.map(({ source }: { source: string | string[] }) => [source].flat().join(""));
    return { cells: sources, cursors: [] };
  });
}

async function converted(by: "stock" | "ours", sessions: Session[]) {
  const host = join(import.meta.dirname, "converter-host.cjs");
  const child = spawn(process.execPath, [host, by], { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(sessions));
  return JSON.parse(await text(child.stdout));
}

describe("the launcher's lighter compiler and stock tslab", () => {
  test("say the same of every cell: diagnostics, output, declarations, completion, inspection", async () => {
    const sessions = [{ cells, cursors }];
    const [stock, ours] = [await converted("stock", sessions), await converted("ours", sessions)];
    for (const [index, cell] of cells.entries()) {
      expect({ cell, result: ours[0].converted[index] }).toEqual({ cell, result: stock[0].converted[index] });
    }
    for (const [index, code] of cursors.entries()) {
      expect({ code, found: ours[0].asked[index] }).toEqual({ code, found: stock[0].asked[index] });
    }
    // A corpus in which everything fails, or nothing does, would prove little.
    const failing = stock[0].converted.filter(
      (result: { diagnostics: unknown[] }[]) => result[0]?.diagnostics.length,
    );
    expect(failing.length).toBeGreaterThan(15);
    expect(failing.length).toBeLessThan(cells.length / 2);
  });

  test("say the same of the cells of this collection", { timeout: 300_000 }, async () => {
    const sessions = notebooks();
    expect(await converted("ours", sessions)).toEqual(await converted("stock", sessions));
  });
});

test("a file beside the notebook is compiled, watched, and named in stacks", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "kernel-files-"));
  const file = join(cwd, "helper.ts");
  const version = (n: number) =>
    `type Unused = ${n}\nexport const version: ${n} = ${n}\nexport function fail(): never {\n  throw new Error('helper')\n}\n`;
  writeFileSync(file, version(1));
  await using kernel = await Kernel.start({ cwd });
  const value = async () => {
    const answer = await kernel.run("import { version } from './helper'; version");
    return published(answer, "execute_result")?.data["text/plain"];
  };
  expect(await value()).toBe("1");
  const failed = await kernel.run("import { fail } from './helper'\nfail()");
  expect(failed.reply.traceback.join("\n")).toContain("at fail (helper.ts:4:9)");
  writeFileSync(file, version(2));
  while ((await value()) !== "2");
  rmSync(cwd, { recursive: true });
});
