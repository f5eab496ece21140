/** What README promises of its commands on a fresh clone. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const read = (name: string) => readFileSync(join(root, name), "utf8");
const scripts = JSON.parse(read("package.json")).scripts as Record<string, string>;
const named = [...read("README.md").matchAll(/`?npm (?:run )?([a-z:]+)/g)].map(([, name]) => name!);
const commands = [...new Set([...named, "data", "sync"])].filter((name) => name in scripts);

test("README names the commands", () => {
  expect(commands).toEqual(expect.arrayContaining(["start", "test", "notebooks", "export", "bench"]));
});

test.each(commands)("npm run %s installs what it needs the first time", (name) => {
  expect(scripts[`pre${name}`]).toMatch(/^node \.setup\/bootstrap\.mjs/);
});

test("npx runs what is installed here, and nothing that it would have to fetch", () => {
  expect(read(".npmrc")).toMatch(/^yes=false$/m);
});

test.each([
  [["nosuch"], /^There is no benchmark nosuch; there are .*\bthreads\b.*\.\n$/],
  [["--bogus"], /^Unknown option '--bogus'\. Usage: npm run bench -- .*\n$/],
])("npm run bench -- %j is refused in one sentence", (args, sentence) => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "test", "bench", "main.ts"), ...args]);
  expect(stderr.toString()).toMatch(sentence);
  expect(status).toBe(2);
});
