/** What `npm start` and `npm test` do first, in a clone whose npm, compiler and installer only say that they ran. */

import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const bootstrap = join(import.meta.dirname, "..", "..", ".setup", "bootstrap.mjs");

let clone: string;

function put(path: string, text = "") {
  const file = join(clone, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A script of this Node that notes its own run (`says` is an expression) and then does `work`. */
const script = (says: string, work: string) => `
const { appendFileSync, existsSync, mkdirSync, symlinkSync } = require("node:fs");
const root = ${JSON.stringify(clone)};
appendFileSync(root + "/ran", ${says} + "\\n");
${work}`;

/** `npm ci` leaves the pinned Node behind, `npm run build` a bundle. */
const npm = () =>
  script(
    '"npm " + process.argv[2] + " in " + process.cwd().slice(root.length)',
    `
if (process.argv[2] === "ci") {
  const node = root + "/node_modules/node/bin/" + (process.platform === "win32" ? "node.exe" : "node");
  mkdirSync("node_modules", { recursive: true });
  mkdirSync(root + "/node_modules/node/bin", { recursive: true });
  if (!existsSync(node)) symlinkSync(process.execPath, node);
} else {
  mkdirSync("build", { recursive: true });
  mkdirSync("../extension/labextension", { recursive: true });
  require("node:fs").writeFileSync("../extension/labextension/built.js", String(Date.now()));
}`,
  );

const compiler = () =>
  script(
    '"tsc"',
    `for (const folder of ["kernel-helpers", "notebook-tools", "lab/server"]) mkdirSync(root + "/" + folder + "/dist", { recursive: true });`,
  );

const extensionInstaller = () =>
  script('"labextension"', `mkdirSync(process.argv[3] + "/labextensions", { recursive: true });`);

const installer = () => script('"kernelspec"', `mkdirSync(process.argv[3], { recursive: true });`);

function putNpm(source: string) {
  put("bin/npm.cjs", source);
  put("bin/npm", `#!/bin/sh\nexec "${process.execPath}" "${join(clone, "bin", "npm.cjs")}" "$@"\n`);
  put("bin/npm.cmd", `@"${process.execPath}" "${join(clone, "bin", "npm.cjs")}" %*\r\n`);
  chmodSync(join(clone, "bin", "npm"), 0o755);
}

beforeEach(() => {
  clone = realpathSync(mkdtempSync(join(tmpdir(), "bootstrap-")));
  cpSync(dirname(bootstrap), join(clone, ".setup"), { recursive: true });
  for (const file of ["package-lock.json", "tsconfig.json", "lab/app/package-lock.json"]) put(file, "{}");
  for (const folder of ["kernel-helpers", "notebook-tools", "lab/server"]) put(`${folder}/index.ts`, "1");
  put("notebook-tools/vitest.mts", "1");
  put("lab/app/main.js", "1");
  put("node_modules/typescript/bin/tsc", compiler());
  put("kernel-helpers/kernel/install.ts", "1");
  put("kernel-helpers/dist/kernel/install.js", installer());
  put("lab/extension/src/index.ts", "1");
  for (const room of ["run", "nbformat", "kernel-client"]) put(`notebook-tools/${room}/index.ts`, "1");
  put("kernel-helpers/kernel/jupyterlab/extension.ts", "1");
  put("kernel-helpers/dist/kernel/jupyterlab/extension.js", extensionInstaller());
  putNpm(npm());
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

/** Runs the script as an npm script would, and says what it started and printed. */
async function setUp(...args: string[]): Promise<{ ran: string[]; printed: string; code: number | null }> {
  put("ran");
  const child = spawn(process.execPath, [join(clone, ".setup", "bootstrap.mjs"), ...args], {
    env: { ...process.env, PATH: `${join(clone, "bin")}${delimiter}${process.env.PATH}` },
  });
  let printed = "";
  child.stdout.on("data", (chunk) => (printed += chunk));
  child.stderr.on("data", (chunk) => (printed += chunk));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  const ran = readFileSync(join(clone, "ran"), "utf8").split("\n").filter(Boolean);
  return { ran: ran.map((line) => line.replaceAll("\\", "/")), printed, code };
}

const everything = [
  "npm ci in ",
  "tsc",
  "kernelspec",
  "npm ci in /lab/app",
  "npm run in /lab/app",
  "labextension",
];

test("a fresh clone gets its packages, its build, its kernelspec and JupyterLab's bundle, each named", async () => {
  const { ran, printed, code } = await setUp("lab");
  expect(ran).toEqual(everything);
  expect(printed).toMatch(
    /Installing packages.*done in.*\nCompiling.*done in.*\nInstalling JupyterLab.*done in.*\nBundling JupyterLab.*done in/,
  );
  expect(code).toBe(0);
});

test("a warm clone starts nothing and prints nothing", async () => {
  await setUp("lab");
  expect(await setUp("lab")).toEqual({ ran: [], printed: "", code: 0 });
});

test("what was installed without the lab is not installed again with it", async () => {
  expect((await setUp()).ran).toEqual(everything.slice(0, 3));
  expect((await setUp("lab")).ran).toEqual(everything.slice(3));
});

test.each(["kernel-helpers/index.ts", "notebook-tools/vitest.mts", "lab/server/index.ts", "tsconfig.json"])(
  "an edit of %s compiles again, and does no more",
  async (file) => {
    await setUp("lab");
    put(file, "2");
    expect((await setUp("lab")).ran).toEqual(["tsc", "kernelspec"]);
  },
);

test("what a source that is gone was compiled to is removed, and nothing else", async () => {
  const gone = ["old.js", "old.js.map", "old.d.ts", "old.d.mts", "old.mjs"];
  const kept = ["kernel/install.js", "index.js", "index.d.ts", "index.js.map", "logo.svg"];
  for (const name of [...gone, ...kept.slice(1)]) put(`kernel-helpers/dist/${name}`);
  await setUp();
  const isThere = (name: string) => existsSync(join(clone, "kernel-helpers", "dist", name));
  expect([gone.filter(isThere), kept.filter(isThere)]).toEqual([[], kept]);
});

test("an edit of the lab's page bundles again, a saved setting of the lab does not", async () => {
  await setUp("lab");
  put("lab/.user/settings/themes.json", "{}");
  expect((await setUp("lab")).ran).toEqual([]);
  put("lab/app/main.js", "2");
  expect((await setUp("lab")).ran).toEqual(["npm run in /lab/app", "labextension"]);
  put("lab/extension/src/index.ts", "2");
  expect((await setUp("lab")).ran).toEqual(["npm run in /lab/app", "labextension"]);
});

test("a new lock file installs again", async () => {
  await setUp();
  put("package-lock.json", '{ "lockfileVersion": 3 }');
  expect((await setUp()).ran).toContain("npm ci in ");
});

test("without a network it says so in a sentence, keeps npm's last words, and is not taken for done", async () => {
  putNpm(script('"npm"', `console.error("npm error code ENOTFOUND"); process.exitCode = 1;`));
  const { printed, code } = await setUp();
  expect(printed).toMatch(/npm could not reach its registry.*Check the network[\s\S]*code ENOTFOUND/);
  expect(code).toBe(1);
  putNpm(npm());
  expect((await setUp()).ran).toEqual(everything.slice(0, 3));
});

test("what does not compile is shown, and compiled again next time", async () => {
  const broken = "kernel-helpers/index.ts(1,1): error TS2304: Cannot find name 'x'.";
  put(
    "node_modules/typescript/bin/tsc",
    script('"tsc"', `console.log(${JSON.stringify(broken)}); process.exitCode = 2;`),
  );
  const { printed, code } = await setUp();
  expect(printed).toContain(broken);
  expect(code).toBe(1);
  put("node_modules/typescript/bin/tsc", compiler());
  expect((await setUp()).ran).toEqual(["tsc", "kernelspec"]);
});
