/** What somebody gets who installs a package of this project from npm. */

import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import * as helpers from "kernel-helpers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const run = promisify(execFile);

let project: string;

/** Packs a workspace and installs it with its dependencies, but without its peers. */
async function install(name: string): Promise<string[]> {
  const shell = process.platform === "win32";
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", project], {
    cwd: join(root, name),
    shell,
  });
  const [{ filename, files }] = JSON.parse(stdout);
  const place = join(project, "node_modules", name);
  mkdirSync(place, { recursive: true });
  await run("tar", ["-xzf", join(project, filename), "-C", place, "--strip-components=1"]);
  const { dependencies } = JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
  for (const dependency of Object.keys(dependencies)) link(dependency, name);
  return files.map(({ path }: { path: string }) => path);
}

function link(dependency: string, name: string): void {
  const nested = join(root, name, "node_modules", dependency);
  const target = join(project, "node_modules", name, "node_modules", dependency);
  mkdirSync(dirname(target), { recursive: true });
  const source = [nested, join(root, "node_modules", dependency)].find(isThere);
  symlinkSync(realpathSync(source!), target, "junction");
}

function isThere(folder: string): boolean {
  try {
    return Boolean(realpathSync(folder));
  } catch {
    return false;
  }
}

const readme = (name: string) => readFileSync(join(root, name, "README.md"), "utf8");
const firstExample = (text: string) => /```js\n(.*?)```/s.exec(text)![1]!;

beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), "packages-")));
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe("kernel-helpers, installed from its package", () => {
  let files: string[];
  beforeAll(async () => {
    files = await install("kernel-helpers");
  }, 60_000);

  test("brings its code and the kernel's logos, and nothing of how it was built", () => {
    expect(files).toEqual(
      expect.arrayContaining(["dist/index.d.ts", "kernel/logos/logo-svg.svg", "README.md"]),
    );
    expect(
      files.filter((file) =>
        /tsbuildinfo|^(?!dist\/|kernel\/logos\/|README|LICENSE|package\.json)/.test(file),
      ),
    ).toEqual([]);
  });

  test("runs README's example as it stands, without tslab", async () => {
    const program = join(project, "example.cjs");
    writeFileSync(program, firstExample(readme("kernel-helpers")));
    const { stdout } = await run(process.execPath, [program]);
    expect(stdout).toBe("[ 0, 1, 4 ] 1000\n22\n");
  });

  test("asks for tslab where the kernel is wanted, in the version of README", async () => {
    const installer = join(project, "node_modules", "kernel-helpers", "dist", "kernel", "install.js");
    const failure = await run(process.execPath, [installer, "--prefix", project]).catch((error) => error);
    expect(failure).toMatchObject({ code: 2 });
    const [command] = /npm install --save-exact tslab@\S+/.exec(failure.stderr)!;
    expect(readme("kernel-helpers")).toContain(command);
  });

  test("has everything that README lists", () => {
    const [, table = ""] = readme("kernel-helpers").split("## What is in it");
    const names = table.split("## ")[0]!.match(/(?<=`)\w+(?=`)/g)!;
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !(name in helpers))).toEqual([]);
  });
});

test("notebook-tools, installed from its package, has the command nb", async () => {
  const files = await install("notebook-tools");
  expect(
    files.filter((file) =>
      /tsbuildinfo|^(?!dist\/|bin\/|README|LICENSE|package\.json|nbformat\/schemas\/LICENSE)/.test(file),
    ),
  ).toEqual([]);
  const nb = join(project, "node_modules", "notebook-tools", "bin", "nb.js");
  const { stdout } = await run(process.execPath, [nb, "--help"]);
  expect(stdout).toMatch(/^Usage: nb /);
  // Its schemas come along.
  const notebook = join(root, "test", "fixtures", "notebooks", "counts-up.ipynb");
  expect((await run(process.execPath, [nb, "validate", notebook])).stdout).toMatch(/: valid/);
}, 60_000);
