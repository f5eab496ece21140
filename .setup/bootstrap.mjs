#!/usr/bin/env node
// Makes a fresh clone ready for an npm script, and does nothing on a warm tree:
//   node .setup/bootstrap.mjs          packages, build, kernelspec
//   node .setup/bootstrap.mjs lab      the same, and JupyterLab's bundle
//   node .setup/bootstrap.mjs bench    the same as the first, and the benchmark's peers
// Runs on the host's Node before anything is installed, so it uses nothing but Node itself.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeAllLeftovers, workspaces } from "./leftovers.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const inRoot = (...parts) => join(root, ...parts);
const stamps = inRoot("node_modules", ".setup");
const pinnedNode = inRoot("node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
const oldestNode = 20;

class SetupError extends Error {}

function checkHost() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= oldestNode) return;
  throw new SetupError(
    `Node.js ${oldestNode} or later is needed, this is ${process.version}. Install a current one from nodejs.org and run the command again.`,
  );
}

/** npm hands the settings of its own run to its children; a nested npm must read them afresh. */
function cleanEnv() {
  const inherited = /^npm_(package|lifecycle|command|config_local_prefix)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name)));
}

/** Runs a program quietly; its output is shown only when it fails. */
function run(command, args, cwd) {
  return new Promise((resolve) => {
    // npm is a .cmd file on Windows, which only a shell can start.
    const shell = process.platform === "win32" && command === "npm";
    const child = spawn(command, args, { cwd, shell, stdio: ["ignore", "pipe", "pipe"], env: cleanEnv() });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => (output += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ code: 1, output: String(error) }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Says in one line what happens and how long it took. */
async function step(what, work) {
  const started = Date.now();
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
  const terminal = process.stderr.isTTY;
  process.stderr.write(`${what} … `);
  const beat = terminal && setInterval(() => process.stderr.write(`\r${what} … ${seconds()} `), 1000);
  try {
    await work();
    process.stderr.write(`${terminal ? `\r${what} … ` : ""}done in ${seconds()}\n`);
  } catch (error) {
    process.stderr.write("failed\n");
    throw error;
  } finally {
    clearInterval(beat);
  }
}

/** A fingerprint of files, to know whether they changed since the last time. */
function fingerprint(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

function filesBelow(folder, wanted) {
  const skipped = new Set(["node_modules", "dist", "build", "out", "lib", "labextension"]);
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      // Folders with a dot hold what somebody's use of the clone leaves, such as the lab's settings.
      const isSkipped = skipped.has(entry.name) || entry.name.startsWith(".");
      if (entry.isDirectory()) return isSkipped ? [] : filesBelow(path, wanted);
      return wanted.test(entry.name) ? [path] : [];
    });
}

/** Does `work` unless its `product` is there and `stamp` holds `value`; stamps only what succeeded. */
async function unlessDone({ stamp, value, product }, work) {
  const there = product.every((path) => existsSync(path));
  if (there && existsSync(stamp) && readFileSync(stamp, "utf8") === value) return;
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, value);
}

const networkFault = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET/;
const lastLines = (text, count = 12) => text.trim().split("\n").slice(-count).join("\n");

async function npmCi(folder) {
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  // npm's own patience is minutes; without a network a person should hear of it in half a minute.
  const patience = ["--fetch-retries=2", "--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=8000"];
  const { code, output } = await run("npm", ["ci", ...quiet, ...patience], folder);
  if (code === 0) return;
  if (networkFault.test(output)) {
    throw new SetupError(
      `npm could not reach its registry, so the packages are not installed. Check the network (or npm's proxy setting) and run the command again.\n${lastLines(output, 3)}`,
    );
  }
  throw new SetupError(`npm ci failed in ${folder}. What it said:\n${lastLines(output)}`);
}

/** Installs what a folder's lock file names, unless that was done before. */
function installed(folder, what, stamp) {
  const value = `${fingerprint([join(folder, "package-lock.json")])} ${process.platform} ${process.arch}`;
  const product = [join(folder, "node_modules")];
  return unlessDone({ stamp, value, product }, () => step(what, () => npmCi(folder)));
}

async function packages() {
  await installed(root, "Installing packages (about a quarter of a minute, once)", join(stamps, "packages"));
  if (existsSync(pinnedNode)) return;
  throw new SetupError(
    `The pinned Node.js is missing at ${pinnedNode}: npm did not run the install script of the package "node". Allow install scripts (npm config delete ignore-scripts), remove node_modules and run the command again.`,
  );
}

async function compile() {
  const compiler = inRoot("node_modules", "typescript", "bin", "tsc");
  const { code, output } = await run(pinnedNode, [compiler, "-b", ...workspaces], root);
  if (code !== 0) throw new SetupError(`The TypeScript sources do not compile:\n${lastLines(output)}`);
  removeAllLeftovers();
}

/** `nb` and the lab server look for kernels in node_modules/.jupyter: nothing is installed outside the clone. */
async function writeKernelspec() {
  const installer = inRoot("kernel-helpers", "dist", "kernel", "install.js");
  const { code, output } = await run(
    pinnedNode,
    [installer, "--data-dir", inRoot("node_modules", ".jupyter")],
    root,
  );
  if (code !== 0) throw new SetupError(`The kernelspec could not be written:\n${lastLines(output)}`);
}

function build() {
  const sources = workspaces.flatMap((folder) => filesBelow(inRoot(folder), /\.(m?ts|json|svg|png)$/));
  const value = `${fingerprint([inRoot("tsconfig.json"), ...sources])} ${root}`;
  const product = [...workspaces.map((folder) => inRoot(folder, "dist")), inRoot("node_modules", ".jupyter")];
  return unlessDone({ stamp: join(stamps, "build"), value, product }, () =>
    step("Compiling the helpers and tools", async () => {
      await compile();
      await writeKernelspec();
    }),
  );
}

/** For a Jupyter with this data directory in its JUPYTER_PATH: what has the kernelspec has the extension too. */
async function installExtension(dataDir) {
  const installer = inRoot("kernel-helpers", "dist", "kernel", "jupyterlab", "extension.js");
  const { code, output } = await run(pinnedNode, [installer, "--data-dir", dataDir], root);
  if (code !== 0)
    throw new SetupError(`The JupyterLab extension could not be installed:\n${lastLines(output)}`);
}

async function lab() {
  const app = inRoot("lab", "app");
  await installed(
    app,
    "Installing JupyterLab's packages (about a minute, once)",
    join(app, "node_modules", ".setup"),
  );
  const extension = inRoot("lab", "extension");
  // What the extension takes of notebook-tools is in the bundle, too.
  const shared = ["run", "nbformat", "kernel-client"].map((room) => inRoot("notebook-tools", room));
  const sources = [app, extension, ...shared].flatMap((folder) =>
    filesBelow(folder, /\.(tsx?|m?js|json|css|html|svg)$/),
  );
  const dataDir = inRoot("node_modules", ".jupyter");
  const product = [join(app, "build"), join(extension, "labextension"), join(dataDir, "labextensions")];
  await unlessDone({ stamp: join(app, "build", ".setup"), value: fingerprint(sources), product }, () =>
    step("Bundling JupyterLab", async () => {
      const { code, output } = await run("npm", ["run", "--silent", "build"], app);
      if (code !== 0)
        throw new SetupError(`JupyterLab's bundle could not be made:\n${lastLines(output, 30)}`);
      await installExtension(dataDir);
    }),
  );
}

function benchPeers() {
  const folder = inRoot("test", "bench");
  return installed(folder, "Installing the benchmark's peers", join(folder, "node_modules", ".setup"));
}

try {
  checkHost();
  await packages();
  await build();
  if (process.argv.includes("lab")) await lab();
  if (process.argv.includes("bench")) await benchPeers();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
