import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { node } from "../helpers.ts";

/** A copy of the built package, to be built anew under a program that runs. */
const root = join(import.meta.dirname, "../../..");
let copy: string;

beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), "rebuilt-"));
  await cp(join(root, "kernel-helpers/dist"), join(copy, "dist"), { recursive: true });
  await symlink(join(root, "node_modules"), join(copy, "node_modules"), "junction");
});
afterEach(() => rm(copy, { recursive: true }));

/** What a task says after `file` was written anew. */
async function said(file: string, change: string): Promise<string> {
  const threads = JSON.stringify(join(copy, "dist/threads"));
  const script = `
    const fs = require("node:fs"), path = require("node:path");
    const { toThread } = require(${threads});
    const file = path.join(${threads}, ${JSON.stringify(file)});
    const text = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, (${change})(text));
    fs.utimesSync(file, 4e9, 4e9);
    toThread(() => 1).then(String, (error) => error.message).then(console.log);`;
  return (await node(script)).stdout;
}

test("a build that works is no error", async () => {
  expect(await said("sync/queue-errors.js", "(text) => text")).toBe("1\n");
});

test("an error of the new build in a thread says that the program is to be restarted", async () => {
  const message = await said(
    "worker/run-task.js",
    `(text) => text.replace("if (message.setup)", "message.gone.now; if (message.setup)")`,
  );
  expect(message).toMatch(/undefined.*\nkernel-helpers was rebuilt while this program runs: restart it/);
});
