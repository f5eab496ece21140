/**
 * Writes the kernelspec `tslab`:
 *
 *     node install.js [--user | --sys-prefix | --prefix DIR | --data-dir DIR]
 *
 * `--user` (the default) is the user's Jupyter directory, `--sys-prefix` the active Python
 * environment, `--prefix DIR` an environment at DIR, `--data-dir DIR` a Jupyter data directory.
 */

import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { constants, setPriority } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { kernelName, kernelspec, pinnedNode, prefixDataDir, userDataDir } from "./kernelspec";

/** The logos lie beside the sources: the compiler copies nothing to `dist`. */
const logos = join(__dirname, "..", "..", "kernel", "logos");

class UsageError extends Error {}

function activePrefix(): string {
  const active = process.env.VIRTUAL_ENV || process.env.CONDA_PREFIX;
  if (active) return active;
  const python = process.platform === "win32" ? "python" : "python3";
  const { status, stdout } = spawnSync(python, ["-c", "import sys; print(sys.prefix)"], { encoding: "utf8" });
  if (status === 0) return stdout.trim();
  throw new UsageError(
    `--sys-prefix needs a Python to ask where it is installed, and ${python} does not start. Activate the environment, or name it: --prefix DIR.`,
  );
}

/** Who uses the threads alone does not have tslab: only the kernel needs it, in the version it was made for. */
function checkTslab() {
  const { peerDependencies } = require("../../package.json") as { peerDependencies: Record<string, string> };
  const needed = ["tslab", "typescript"];
  const missing = needed.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const packages = needed.map((name) => `${name}@${peerDependencies[name]}`).join(" ");
  throw new UsageError(
    `The kernel is tslab with a launcher around it and a newer TypeScript, and ${missing.join(" and ")} cannot be ` +
      `found here: npm install --save-exact ${packages}`,
  );
}

function isInstalled(name: string): boolean {
  try {
    return Boolean(require.resolve(`${name}/package.json`));
  } catch {
    return false;
  }
}

/** The data directory that the command line asks for. */
function chosenDataDir(args: string[]): string {
  const { values } = parseArgs({
    args,
    options: {
      user: { type: "boolean" },
      "sys-prefix": { type: "boolean" },
      prefix: { type: "string" },
      "data-dir": { type: "string" },
    },
  });
  const chosen = Object.keys(values);
  if (chosen.length > 1) {
    throw new UsageError(
      `One place at most can be chosen, got ${chosen.map((name) => `--${name}`).join(" and ")}.`,
    );
  }
  if (values["data-dir"] !== undefined) return resolve(values["data-dir"]);
  if (values.prefix !== undefined) return prefixDataDir(resolve(values.prefix));
  if (values["sys-prefix"]) return prefixDataDir(activePrefix());
  return userDataDir(process.env, process.platform);
}

/** Writes a file in one step: a reader sees the old content or the new, never a half. */
function replaceFile(path: string, write: (temporary: string) => void) {
  const temporary = `${path}.${process.pid}`;
  write(temporary);
  renameSync(temporary, path);
}

/**
 * Writes the kernelspec into `<dataDir>/kernels/tslab` and returns that folder. Running it again,
 * or twice at once, leaves the same files.
 */
export function install(dataDir: string): string {
  const folder = join(dataDir, "kernels", kernelName);
  mkdirSync(folder, { recursive: true });
  for (const logo of readdirSync(logos)) {
    replaceFile(join(folder, logo), (temporary) => copyFileSync(join(logos, logo), temporary));
  }
  const spec = kernelspec(pinnedNode(existsSync), join(__dirname, "launcher.js"));
  const text = `${JSON.stringify(spec, null, 2)}\n`;
  const target = join(folder, "kernel.json");
  if (existsSync(target) && readFileSync(target, "utf8") === text) return folder;
  replaceFile(target, (temporary) => writeFileSync(temporary, text));
  return folder;
}

/** Builds the start-up snapshot in a process of its own, which outlives this one, says nothing and must not be felt. */
function buildSnapshot() {
  const build = join(__dirname, "compiler", "snapshot", "build.js");
  const child = spawn(pinnedNode(existsSync), [build], { detached: true, stdio: "ignore" });
  child.unref();
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
}

function main() {
  try {
    const dataDir = chosenDataDir(process.argv.slice(2));
    checkTslab();
    const folder = install(dataDir);
    console.log(`Installed the kernelspec ${kernelName} in ${folder}`);
    buildSnapshot();
  } catch (error) {
    const badOption = (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
    if (!(error instanceof UsageError) && !badOption) throw error;
    console.error((error as Error).message);
    process.exitCode = 2;
  }
}

if (require.main === module) main();
