import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startNb } from "./nb.ts";

const readme = readFileSync(join(import.meta.dirname, "../../notebook-tools/README.md"), "utf8");
const help = async (...command: string[]) => (await startNb([...command, "--help"]).finished).stdout;

it("the README of notebook-tools names every command and every flag, and none that there is not", async () => {
  const commands = Array.from((await help()).matchAll(/^ {2}([a-z]+) (?=.* {2})/gm), ([, name]) => name!);
  expect(commands).toContain("run");
  const pages = await Promise.all(commands.filter((name) => name !== "help").map((name) => help(name)));
  const flags = [await help(), ...pages].flatMap((page) => page.match(/^ {2}.*?--[a-z-]+/gm) ?? []);
  const known = new Set(flags.map((line) => /--[a-z-]+/.exec(line)![0]));
  for (const name of commands) expect(readme).toContain(`\`nb ${name}\``);
  for (const flag of known) expect(readme).toMatch(new RegExp(`${flag}(?![a-z-])`));
  for (const [flag] of readme.matchAll(/--[a-z][a-z-]*/g)) expect([...known]).toContain(flag);
});
