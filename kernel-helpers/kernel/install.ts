/** Writes the kernelspec, or removes it: `npx kernel-helpers install --help`. */

import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { constants, setPriority } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { isOurs, kernelName, kernelspec, pinnedNode, prefixDataDir, userDataDir } from "./kernelspec";
import { findTypeScript, missingTypeScript } from "./typescript-package";

/** The logos lie beside the sources: the compiler copies nothing to `dist`. */
const logos = join(__dirname, "..", "..", "kernel", "logos");

/** For the help. */
function compilerInUse(): string {
  const found = findTypeScript();
  return found ? `TypeScript ${found.version}: ${found.file}` : `TypeScript 6. ${missingTypeScript}`;
}

const usage = () => `Makes the TypeScript kernel known to Jupyter, VS Code and other front ends.

  npx kernel-helpers install [OPTIONS]       in a clone: npm run kernel:install [-- OPTIONS]

where (one of them)
  --user               the user's Jupyter directory; the default
  --sys-prefix         the active Python environment
  --prefix DIR         an environment at DIR
  --data-dir DIR       a Jupyter data directory

what
  --name NAME          how notebooks ask for it; the default is ${kernelName}
  --display-name TEXT  how front ends call it; the default is TypeScript
  --force              also in place of a kernelspec of another kernel
  --uninstall          removes the kernelspec
  --wait               ends only when the start-up snapshot is built, which otherwise goes on in the background
  --help               shows this

Cells are compiled by ${compilerInUse()}
`;

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
function checkNeeded() {
  if (process.versions.pnp) {
    throw new UsageError(
      "Yarn's Plug'n'Play keeps packages in archives, where the kernel's processes and the compiler cannot read. " +
        "Set `nodeLinker: node-modules` in .yarnrc.yml, then run `yarn install`. Threads and charts need no such change.",
    );
  }
  const { peerDependencies } = require("../../package.json") as { peerDependencies: Record<string, string> };
  if (!isInstalled("tslab")) {
    throw new UsageError(
      "The kernel is tslab with a launcher around it, and tslab cannot be found here: " +
        `npm install --save-exact tslab@${peerDependencies.tslab}`,
    );
  }
  if (!findTypeScript()) throw new UsageError(missingTypeScript);
}

function isInstalled(name: string): boolean {
  try {
    return Boolean(require.resolve(`${name}/package.json`));
  } catch {
    return false;
  }
}

const places = {
  user: { type: "boolean" },
  "sys-prefix": { type: "boolean" },
  prefix: { type: "string" },
  "data-dir": { type: "string" },
} as const;
const options = {
  ...places,
  name: { type: "string" },
  "display-name": { type: "string" },
  force: { type: "boolean" },
  uninstall: { type: "boolean" },
  wait: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

/** The data directory that the command line asks for. */
function chosenDataDir(values: Values): string {
  const chosen = Object.keys(values).filter((name) => name in places);
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

/** Jupyter's rule for names of kernels. Source: `jupyter_client.kernelspec._is_valid_kernel_name`. */
function checkName(name: string) {
  if (/^[a-z0-9._-]+$/i.test(name)) return;
  throw new UsageError(`A kernel's name has letters, digits, dots, dashes and underscores, got "${name}".`);
}

/** The kernel.json in a folder, if there is one. */
function existing(folder: string): string | undefined {
  const file = join(folder, "kernel.json");
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** Refuses what is another kernel's. */
function checkOurs(folder: string, force: boolean) {
  const found = existing(folder);
  if (found === undefined || force || isOurs(found)) return;
  throw new UsageError(
    `${folder} holds the kernelspec of another kernel. Choose another name (--name), or say that it may go (--force).`,
  );
}

/** Writes a file in one step: a reader sees the old content or the new, never a half. */
function replaceFile(path: string, write: (temporary: string) => void) {
  const temporary = `${path}.${process.pid}`;
  write(temporary);
  renameSync(temporary, path);
}

/** What is installed. */
export interface InstallOptions {
  name?: string;
  displayName?: string;
  /** Also in place of another kernel's. */
  force?: boolean;
}

/**
 * Writes the kernelspec into `<dataDir>/kernels/<name>` and returns that folder. Running it again, or twice at once,
 * leaves the same files. Throws an Error if another kernel has that name, unless `force` is set.
 */
export function install(dataDir: string, options: InstallOptions = {}): string {
  const { name = kernelName, displayName, force = false } = options;
  checkName(name);
  const folder = join(dataDir, "kernels", name);
  checkOurs(folder, force);
  mkdirSync(folder, { recursive: true });
  for (const logo of readdirSync(logos)) {
    replaceFile(join(folder, logo), (temporary) => copyFileSync(join(logos, logo), temporary));
  }
  const spec = kernelspec(pinnedNode(existsSync), join(__dirname, "launcher.js"), displayName);
  const text = `${JSON.stringify(spec, null, 2)}\n`;
  if (existing(folder) === text) return folder;
  replaceFile(join(folder, "kernel.json"), (temporary) => writeFileSync(temporary, text));
  return folder;
}

/** Removes what `install` has written; returns a sentence. */
function uninstall(dataDir: string, name: string, force: boolean): string {
  checkName(name);
  const folder = join(dataDir, "kernels", name);
  if (existing(folder) === undefined) return `There is no kernelspec in ${folder}`;
  checkOurs(folder, force);
  rmSync(folder, { recursive: true });
  return `Removed the kernelspec ${name} from ${folder}`;
}

const builder = join(__dirname, "compiler", "snapshot", "build.js");

/** Builds the start-up snapshot in a process of its own, which outlives this one, says nothing and must not be felt. */
function buildSnapshot() {
  const child = spawn(pinnedNode(existsSync), [builder], { detached: true, stdio: "ignore" });
  child.unref();
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
}

/** The same, and waits: where every process ends with this one, as when an image is built, it would get lost. */
function buildSnapshotNow() {
  const { status } = spawnSync(pinnedNode(existsSync), [builder], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  console.log(
    status === 0
      ? "The start-up snapshot is built."
      : "Without a start-up snapshot: the kernel starts slower.",
  );
}

function run(args: string[]) {
  const { values } = parseArgs({ args, options });
  if (values.help) return console.log(usage());
  const { name = kernelName, "display-name": displayName, force = false } = values;
  const dataDir = chosenDataDir(values);
  if (values.uninstall) return console.log(uninstall(dataDir, name, force));
  checkNeeded();
  console.log(`Installed the kernelspec ${name} in ${install(dataDir, { name, displayName, force })}`);
  if (values.wait) buildSnapshotNow();
  else buildSnapshot();
}

/** The command. What is wrong with `args` is said in a sentence, with the exit code 2. */
export function main(args: string[]) {
  try {
    run(args);
  } catch (error) {
    const badOption = (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
    if (!(error instanceof UsageError) && !badOption) throw error;
    console.error(
      `${(error as Error).message}${badOption ? "\nnpx kernel-helpers install --help shows what there is." : ""}`,
    );
    process.exitCode = 2;
  }
}

if (require.main === module) main(process.argv.slice(2));
