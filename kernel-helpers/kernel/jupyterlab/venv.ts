/** A Python environment in the folder `.venv`, with the official JupyterLab and this kernel. */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { install } from "../install";
import { prefixDataDir } from "../kernelspec";
import { requirements } from "./environment";
import { installExtension } from "./extension";

/** Says why JupyterLab cannot be had, and what to do. */
export class SetupError extends Error {}

const windows = process.platform === "win32";
const oldestPython = [3, 10];
const otherwise = "`npm start` opens a JupyterLab that needs no Python.";

/** A program of the environment. */
export function program(venv: string, name: string): string {
  return windows ? join(venv, "Scripts", `${name}.exe`) : join(venv, "bin", name);
}

function versionOf(python: string): number[] | undefined {
  const asked = spawnSync(python, ["-c", "import sys; print(*sys.version_info[:2])"], { encoding: "utf8" });
  return asked.status === 0 ? asked.stdout.trim().split(" ").map(Number) : undefined;
}

/** The Python to make the environment with; throws SetupError if there is none that is new enough. */
export function findPython(candidates = windows ? ["py", "python"] : ["python3", "python"]): string {
  const [major, minor] = oldestPython as [number, number];
  const found = candidates.map((name) => ({ name, version: versionOf(name) }));
  const fit = found.find(
    ({ version }) => version && (version[0]! > major || (version[0] === major && version[1]! >= minor)),
  );
  if (fit) return fit.name;
  const old = found.find(({ version }) => version);
  const got = old ? `${old.name} is ${old.version!.join(".")}` : `${candidates.join(" and ")} do not start`;
  throw new SetupError(
    `The official JupyterLab needs Python ${major}.${minor} or later, and ${got}. Install one from python.org; or: ${otherwise}`,
  );
}

const lastLines = (text: string) => text.trim().split("\n").slice(-5).join("\n");
const unreachable =
  /resolution|resolve|ConnectionError|NewConnectionError|Network is unreachable|timed out|ProxyError|No matching distribution/i;

function createVenv(python: string, venv: string) {
  const { status, stdout, stderr } = spawnSync(python, ["-m", "venv", venv], { encoding: "utf8" });
  if (status === 0) return;
  throw new SetupError(
    `${python} -m venv failed. On Debian and Ubuntu the package python3-venv is needed. It said:\n${lastLines(stdout + stderr)}\nOr: ${otherwise}`,
  );
}

function pipInstall(venv: string, wanted: string[]) {
  const quiet = ["--quiet", "--disable-pip-version-check", "--retries", "2", "--timeout", "20"];
  const args = ["-m", "pip", "install", ...quiet, ...wanted];
  const { status, stdout, stderr } = spawnSync(program(venv, "python"), args, { encoding: "utf8" });
  if (status === 0) return;
  const why = unreachable.test(stderr)
    ? "PyPI could not be reached, or does not have it. Check the network (or pip's proxy setting) and run the command again"
    : "pip could not install it";
  throw new SetupError(`${wanted.join(", ")}: ${why}.\n${lastLines(stdout + stderr)}\nOr: ${otherwise}`);
}

/**
 * Makes `.venv` in `project` with what its environment.yml names, unless it is there already, and
 * writes the kernelspec and our extension into it. Returns the environment's folder. Throws SetupError with the way out.
 */
export function prepare(project: string, say: (line: string) => void): string {
  const venv = join(project, ".venv");
  const wanted = requirements(readFileSync(join(project, "environment.yml"), "utf8"));
  // Written last: an installation that was stopped halfway is taken up again.
  const stamp = join(venv, "installed.txt");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted.join("\n")) {
    const python = findPython();
    say(`Installing ${wanted.join(", ")} from PyPI into .venv (one to five minutes, once).`);
    createVenv(python, venv);
    pipInstall(venv, wanted);
    writeFileSync(stamp, wanted.join("\n"));
    say("Installed.");
  }
  install(prefixDataDir(venv));
  installExtension(project, prefixDataDir(venv));
  return venv;
}
