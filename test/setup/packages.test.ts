/** What somebody gets who installs a package of this project from npm. */

import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import * as helpers from "kernel-helpers";
import * as tools from "notebook-tools";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testedTypeScript } from "../../kernel-helpers/dist/kernel/typescript-package.js";

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

/** What publint and arethetypeswrong say of a packed workspace. */
async function lint(name: string): Promise<string[]> {
  const { version } = JSON.parse(readFileSync(join(root, name, "package.json"), "utf8"));
  const tarball = readFileSync(join(project, `${name}-${version}.tgz`));
  const { messages } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer } });
  const checked = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  if (!checked.types) return ["no types"];
  // What is for vitest can only be an ES module, as vitest itself is.
  const problems = checked.problems.filter(
    (problem) => problem.kind !== "CJSResolvesToESM" || !problem.entrypoint.startsWith("./vitest"),
  );
  return [...messages, ...problems].map((found) => JSON.stringify(found));
}

const readme = (name: string) => readFileSync(join(root, name, "README.md"), "utf8");

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
        /tsbuildinfo|\.map$|^(?!bin\/|dist\/|kernel\/logos\/|README|LICENSE|package\.json)/.test(file),
      ),
    ).toEqual([]);
  });

  test("has nothing that publint and arethetypeswrong find fault with", async () => {
    expect(await lint("kernel-helpers")).toEqual([]);
  });

  test("runs README's examples as they stand, without tslab: each prints what is said below it", async () => {
    const examples = [...readme("kernel-helpers").matchAll(/```js\n(.*?)```\s+It prints (.*?)\. /gs)];
    expect(examples).toHaveLength(3);
    for (const [, code, prints] of examples) {
      const program = join(project, "example.cjs");
      writeFileSync(program, code!);
      const { stdout } = await run(process.execPath, [program]);
      const lines = [...prints!.matchAll(/`([^`]+)`/g)].map(([, line]) => `${line}\n`);
      expect(stdout).toBe(lines.join(""));
    }
  });

  test("asks for tslab and TypeScript where the kernel is wanted, in the versions of README", async () => {
    const commandIn = (folder: string) =>
      join(folder, "node_modules", "kernel-helpers", "bin", "kernel-helpers.js");
    for (const [folder, remedy] of [
      [project, /npm install --save-exact tslab@\S+/],
      [strangersProject("without-typescript", ["tslab"]), /npm install --save-dev typescript-6@\S+/],
    ] as const) {
      const args = [commandIn(folder), "install", "--prefix", folder];
      const failure = await run(process.execPath, args, { cwd: folder }).catch((error) => error);
      expect(failure).toMatchObject({ code: 2 });
      expect(readme("kernel-helpers")).toContain(remedy.exec(failure.stderr)![0]);
    }
  });

  test("under Yarn's Plug'n'Play the installer says that the kernel needs a node_modules folder", async () => {
    const pnp = join(project, "pnp.cjs");
    writeFileSync(pnp, 'process.versions.pnp = "3"');
    const installer = join(project, "node_modules", "kernel-helpers", "bin", "kernel-helpers.js");
    const args = ["-r", pnp, installer, "install", "--prefix", project];
    const failure = await run(process.execPath, args).catch((error) => error);
    expect(failure).toMatchObject({ code: 2, stderr: expect.stringContaining("`nodeLinker: node-modules`") });
  });

  test.each(["5.9.3", "7.0.2"])("npm puts it beside TypeScript %s and Vega 6", async (version) => {
    const folder = join(project, `beside-${version}`);
    const packageIn = (name: string, content: object) => {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, "package.json"), JSON.stringify(content));
    };
    const packed = join(project, "node_modules", "kernel-helpers", "package.json");
    // What it depends on would have to come from a registry, and has no part in this.
    const { dependencies, ...helpers } = JSON.parse(readFileSync(packed, "utf8"));
    packageIn("helpers", helpers);
    packageIn("typescript", { name: "typescript", version });
    packageIn("vega", { name: "vega", version: "6.4.0" });
    packageIn("typescript-6", { name: "typescript", version: testedTypeScript });
    packageIn(".", {
      dependencies: { "kernel-helpers": "file:helpers", typescript: "file:typescript", vega: "file:vega" },
      devDependencies: { "typescript-6": "file:typescript-6" },
    });
    await run("npm", ["install", "--offline", "--no-audit", "--no-fund"], {
      cwd: folder,
      shell: process.platform === "win32",
    });
    const installed = readFileSync(join(folder, "node_modules", "typescript", "package.json"), "utf8");
    expect(JSON.parse(installed).version).toBe(version);
  });

  test("has everything that README lists, and README tells of everything", async () => {
    const [, table = ""] = readme("kernel-helpers").split("## What is in it");
    const names = table.split("## ")[0]!.match(/(?<=`)\w+(?=`)/g)!;
    expect(names.toSorted()).toEqual(Object.keys(helpers).sort());
  });
});

/**
 * A project of its own with kernel-helpers from its package, and links to those of its peers that are named; laid
 * out as by `npm install --install-strategy=linked` and pnpm: nothing is found but what is declared. `aliases` are
 * packages that the project alone has, under other names.
 */
function strangersProject(name: string, peers: string[], aliases: Record<string, string> = {}): string {
  const folder = join(project, name);
  const store = join(folder, "node_modules", ".store", "kernel-helpers", "node_modules");
  const installed = join(project, "node_modules", "kernel-helpers");
  cpSync(join(installed, "node_modules"), store, { recursive: true, verbatimSymlinks: true });
  cpSync(installed, join(store, "kernel-helpers"), {
    recursive: true,
    filter: (path) => path !== join(installed, "node_modules"),
  });
  const linkTo = (target: string, path: string) => {
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(realpathSync(target), path, "junction");
  };
  linkTo(join(store, "kernel-helpers"), join(folder, "node_modules", "kernel-helpers"));
  for (const [alias, real] of Object.entries(aliases)) {
    linkTo(join(root, "node_modules", real), join(folder, "node_modules", alias));
  }
  for (const peer of peers) {
    linkTo(join(root, "node_modules", peer), join(store, peer));
    linkTo(join(root, "node_modules", peer), join(folder, "node_modules", peer));
  }
  return folder;
}

describe("kernel-helpers' entry points, installed from its package", () => {
  const script = (folder: string, code: string, ...options: string[]) =>
    run(process.execPath, [...options, "-e", code], { cwd: folder });
  let alone: string;
  beforeAll(async () => {
    if (!isThere(join(project, "node_modules", "kernel-helpers"))) await install("kernel-helpers");
    alone = strangersProject("alone", []);
  }, 60_000);

  test("who wants threads alone installs under 5 MB and loads neither Vega nor, before the first thread, Piscina", async () => {
    expect(bytesIn(join(alone, "node_modules", ".store"))).toBeLessThan(5e6);
    const { stdout } = await script(
      alone,
      `const { toThread, startBlockingPortal } = require("kernel-helpers/threads");
       const loaded = () => Object.keys(require.cache).filter((file) => /vega|piscina|[\\\\/]plots[\\\\/]/.test(file)).length;
       const before = loaded();
       const portal = startBlockingPortal();
       toThread(() => 6).then((six) => console.log(before, six, portal.call(async () => 7)));`,
    );
    expect(stdout).toBe("0 6 7\n");
  });

  test("CommonJS and ES modules find each of them; all else is closed", async () => {
    const parts = [
      "kernel-helpers",
      "kernel-helpers/threads",
      "kernel-helpers/timing",
      "kernel-helpers/plots",
    ];
    const names = ["toThread", "toThread", "Timeline", "concurrencyChart"];
    const list = JSON.stringify(parts);
    const required = await script(
      alone,
      `for (const p of ${list}) console.log(Object.keys(require(p)).join())`,
    );
    const imports = `for (const p of ${list}) console.log(Object.keys(await import(p)).join())`;
    const imported = await script(alone, imports, "--input-type=module");
    for (const { stdout } of [required, imported]) {
      stdout
        .trim()
        .split("\n")
        .forEach((line, index) => {
          expect(line.split(",")).toContain(names[index]);
        });
    }
    const { stdout } = await script(
      alone,
      `console.log(require("kernel-helpers/package.json").name);
       for (const deep of ["kernel-helpers/dist/threads/index.js", "kernel-helpers/threads/executor/pool"])
         try { require(deep) } catch (error) { console.log(error.code) }`,
    );
    expect(stdout).toBe("kernel-helpers\nERR_PACKAGE_PATH_NOT_EXPORTED\nERR_PACKAGE_PATH_NOT_EXPORTED\n");
  });

  test.each([
    ["node10", "commonjs"],
    ["node16", "node16"],
    ["bundler", "esnext"],
  ])("their types are found under moduleResolution %s", async (moduleResolution, module) => {
    const folder = strangersProject(`types-${moduleResolution}`, ["@types/node", "undici-types"]);
    writeFileSync(
      join(folder, "main.ts"),
      `import { Lock, startBlockingPortal } from "kernel-helpers/threads";
       import { Timeline } from "kernel-helpers/timing";
       import { concurrencyChart } from "kernel-helpers/plots";
       import { toThread } from "kernel-helpers";
       export const n: number = startBlockingPortal().call(async (x: number) => x, 1);
       export const all = [Lock, Timeline, concurrencyChart, toThread];
       // @ts-expect-error: the types are there, so that this is wrong
       export const wrong: string = startBlockingPortal().call(async (x: number) => x, 1);`,
    );
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const options = [
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--target",
      "es2022",
      "--lib",
      "es2023,esnext.disposable",
    ];
    const how = ["--moduleResolution", moduleResolution, "--module", module, "--ignoreDeprecations", "6.0"];
    await run(process.execPath, [tsc, ...options, ...how, "--types", "node", "main.ts"], {
      cwd: folder,
    }).catch(({ stdout }) => expect(stdout).toBe(""));
  });

  test("a chart without Vega says what to install; its words need none", async () => {
    const { stdout } = await script(
      alone,
      `const { latencyChart } = require("kernel-helpers/plots");
       const chart = latencyChart({ a: [1, 2, 3] });
       console.log(String(chart).length > 0);
       try { chart.toSvg() } catch (error) { console.log(error.message) }`,
    );
    expect(stdout).toMatch(/^true\n.*npm install vega@5 vega-lite@5\n$/);
  });

  test("a chart is drawn by Vega 6 as well, which is of ES modules that cannot be required", async () => {
    const folder = strangersProject("vega-6", []);
    for (const name of ["vega", "vega-lite"]) {
      const place = join(folder, "node_modules", name);
      mkdirSync(place);
      const content = { name, version: "6.4.0", type: "module", exports: { ".": "./module.js" } };
      writeFileSync(join(place, "package.json"), JSON.stringify(content));
      writeFileSync(join(place, "module.js"), "export default await 1;");
      const script = join(root, "node_modules", name, "build", `${name}.min.js`);
      cpSync(script, join(place, `${name}.min.js`));
    }
    const peers = join(folder, "node_modules", ".store", "kernel-helpers", "node_modules");
    for (const name of ["vega", "vega-lite"])
      symlinkSync(join(folder, "node_modules", name), join(peers, name), "junction");
    const { stdout } = await script(
      folder,
      'console.log(require("kernel-helpers/plots").latencyChart({ a: [1, 2, 3] }).toSvg())',
    );
    expect(stdout).toMatch(/^<svg .*<\/svg>\n$/s);
  });

  test("the help says which TypeScript compiles cells; one of version 7 beside it is not it", async () => {
    const folder = strangersProject("seven", ["tslab"], { "typescript-6": "typescript" });
    const native = join(folder, "node_modules", "typescript");
    mkdirSync(native);
    writeFileSync(
      join(native, "package.json"),
      JSON.stringify({ name: "typescript", version: "7.0.2", main: "main.js" }),
    );
    writeFileSync(join(native, "main.js"), 'throw new Error("this is the project\'s own TypeScript")');
    const installer = join(folder, "node_modules", "kernel-helpers", "dist", "kernel", "install.js");
    const { stdout } = await run(process.execPath, [installer, "--help"], { cwd: folder });
    expect(stdout).toContain(`Cells are compiled by TypeScript ${testedTypeScript}: `);
  });

  test("the kernel takes the sockets of its tslab and TypeScript 6, whatever the project has", async () => {
    const folder = strangersProject("kernel", ["tslab", "@types/node"], {
      // Of version 5.
      typescript: "@tslab/typescript-for-tslab",
      "typescript-6": "typescript",
    });
    const stranger = join(folder, "node_modules", "zeromq");
    mkdirSync(stranger);
    writeFileSync(join(stranger, "index.js"), 'throw new Error("this is the project\'s own zeromq")');
    const env = { ...process.env, JUPYTER_PATH: join(folder, "jupyter"), KERNEL_HELPERS_SNAPSHOT: "off" };
    const command = join(folder, "node_modules", "kernel-helpers", "bin", "kernel-helpers.js");
    await run(process.execPath, [command, "install", "--data-dir", env.JUPYTER_PATH], { cwd: folder, env });
    const cell = {
      cell_type: "code",
      id: "one",
      metadata: {},
      execution_count: null,
      outputs: [],
      source: `import { toThread } from "kernel-helpers/threads";
        { using closed = { [Symbol.dispose]() {} } }
        await toThread(() => 6 * 7)`,
    };
    const notebook = {
      cells: [cell],
      metadata: { kernelspec: { name: "tslab", display_name: "TypeScript" } },
      nbformat: 4,
      nbformat_minor: 5,
    };
    writeFileSync(join(folder, "one.ipynb"), JSON.stringify(notebook));
    const nb = join(root, "notebook-tools", "bin", "nb.js");
    await run(process.execPath, [nb, "run", "--update", "one.ipynb"], { cwd: folder, env });
    const [{ outputs }] = JSON.parse(readFileSync(join(folder, "one.ipynb"), "utf8")).cells;
    expect(JSON.stringify(outputs)).toContain("42");
  });
});

function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const stat = statSync(path);
    bytes += stat.isDirectory() ? bytesIn(path) : stat.size;
  }
  return bytes;
}

test("notebook-tools, installed from its package, has the command nb", async () => {
  const files = await install("notebook-tools");
  expect(
    files.filter((file) =>
      /tsbuildinfo|^(?!dist\/|bin\/|README|LICENSE|package\.json|nbformat\/schemas\/LICENSE)/.test(file),
    ),
  ).toEqual([]);
  expect(await lint("notebook-tools")).toEqual([]);
  const nb = join(project, "node_modules", "notebook-tools", "bin", "nb.js");
  const { stdout } = await run(process.execPath, [nb, "--help"]);
  expect(stdout).toMatch(/^Usage: nb /);
  const exported = Object.keys(tools).filter((name) => name !== "default");
  expect(exported.filter((name) => !readme("notebook-tools").includes(`\`${name}\``))).toEqual([]);
  // Its schemas come along.
  const notebook = join(root, "test", "fixtures", "notebooks", "counts-up.ipynb");
  expect((await run(process.execPath, [nb, "validate", notebook])).stdout).toMatch(/: valid/);
}, 60_000);
