import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
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

it("the Node.js that notebook-tools asks for is the README's, and enough for what it depends on", () => {
  const load = createRequire(join(import.meta.dirname, "../../notebook-tools/package.json"));
  const { engines, dependencies, peerDependencies } = load("./package.json");
  const oldest = (range = ">=0") => /\d+(\.\d+)?/.exec(range)![0];
  expect(engines.node).toBe(`>=${oldest(engines.node)}`);
  expect(readme.replaceAll(/\s+/g, " ")).toContain(`Needs Node.js ${oldest(engines.node)} or later`);
  for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
    const folder = load.resolve.paths(name)!.find((path) => existsSync(join(path, name, "package.json")))!;
    const wanted = JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")).engines?.node;
    const [major = 0, minor = 0] = oldest(wanted).split(".").map(Number);
    const [ownMajor = 0, ownMinor = 0] = oldest(engines.node).split(".").map(Number);
    expect(ownMajor * 1000 + ownMinor, `${name} wants ${wanted}`).toBeGreaterThanOrEqual(
      major * 1000 + minor,
    );
  }
});
