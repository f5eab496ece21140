/** Python's tools, for tests that compare with them: CI must have them, other machines may lack them. */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const isWindows = process.platform === "win32";
const packages = ["ipykernel==7.1.0", "nbformat==5.11.1", "jupyter_kernel_test==0.7.0"];

/** A virtual environment of the tests' own, made the first time. */
export const venv = join(root, "node_modules", ".cache", "notebook-tools", "ipykernel");
export const venvPython = isWindows ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");

function works(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout: 240_000 }).status === 0;
}

function isThere(): boolean {
  if (works(venvPython, "-c", "import ipykernel, nbformat, jupyter_kernel_test")) return true;
  const python = isWindows ? "python" : "python3";
  return (
    works(python, "-m", "venv", venv) && works(venvPython, "-m", "pip", "install", "--quiet", ...packages)
  );
}

const required = Boolean(process.env.CI);

/** Why Python's tools are not there; undefined where they are, and in CI, where their lack is a failure. */
export const pythonMissing: string | undefined =
  isThere() || required ? undefined : `no Python with ${packages.join(" and ")}`;
