/** Where Jupyter keeps its kernels' descriptions, and how to read them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { KernelspecError, noSuchKernel } from "./errors";

/** How to start a kernel: `kernel.json`, and where it was found. */
export interface Kernelspec {
  /** The name of its folder, by which notebooks ask for it. */
  name: string;
  displayName: string;
  language: string;
  /** The command; `{connection_file}` and `{resource_dir}` are filled in at start. */
  argv: string[];
  env: Record<string, string>;
  /** `signal`: SIGINT to the process group. `message`: an `interrupt_request` on the control channel. */
  interruptMode: "signal" | "message";
  metadata: Record<string, unknown>;
  /** The folder of `kernel.json`, with its logos. */
  resourceDir: string;
}

type Env = Record<string, string | undefined>;

/** The folder and its parents, nearest first. */
function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

function userDataDir(env: Env, platform: string): string {
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  const home = env.HOME ?? homedir();
  if (platform === "darwin") return join(home, "Library", "Jupyter");
  if (platform === "win32") return join(env.APPDATA ?? join(home, "AppData", "Roaming"), "jupyter");
  return join(env.XDG_DATA_HOME ?? join(home, ".local", "share"), "jupyter");
}

function systemDataDirs(env: Env, platform: string): string[] {
  if (platform === "win32") return env.PROGRAMDATA ? [join(env.PROGRAMDATA, "jupyter")] : [];
  const brew = platform === "darwin" ? ["/opt/homebrew/share/jupyter"] : [];
  return ["/usr/local/share/jupyter", "/usr/share/jupyter", ...brew];
}

/**
 * Jupyter's data folders in the order in which they win: the project's own (`node_modules/.jupyter` of `from`
 * and of each folder above it, then of the working directory), `JUPYTER_PATH`, the user's, those of an active virtualenv or conda
 * environment, the system's. Source: `jupyter --paths`.
 */
export function dataDirs(
  from: string,
  env: Env = process.env,
  platform: string = process.platform,
): string[] {
  // A notebook outside the project may still be run from within it.
  const folders = new Set([...ancestors(resolve(from)), ...ancestors(process.cwd())]);
  const project = [...folders].map((folder) => join(folder, "node_modules", ".jupyter"));
  const named = (env.JUPYTER_PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const prefixes = [env.VIRTUAL_ENV, env.CONDA_PREFIX].filter((folder): folder is string => Boolean(folder));
  return [
    ...project,
    ...named,
    userDataDir(env, platform),
    ...prefixes.map((prefix) => join(prefix, "share", "jupyter")),
    ...systemDataDirs(env, platform),
  ];
}

/** Reads one kernelspec. Throws `KernelspecError` where `kernel.json` is broken. */
export function readKernelspec(resourceDir: string, name: string): Kernelspec {
  const file = join(resourceDir, "kernel.json");
  try {
    const spec = JSON.parse(readFileSync(file, "utf8"));
    if (!Array.isArray(spec?.argv) || spec.argv.length === 0) throw new Error("`argv` is missing");
    return {
      name,
      displayName: String(spec.display_name ?? name),
      language: String(spec.language ?? ""),
      argv: spec.argv.map(String),
      env: spec.env ?? {},
      interruptMode: spec.interrupt_mode === "message" ? "message" : "signal",
      metadata: spec.metadata ?? {},
      resourceDir,
    };
  } catch (error) {
    throw new KernelspecError(
      `The kernelspec ${file} cannot be used: ${error instanceof Error ? error.message : error}. Install the kernel again.`,
    );
  }
}

function kernelFolders(dataDir: string): string[] {
  const folder = join(dataDir, "kernels");
  try {
    return readdirSync(folder)
      .sort()
      .filter((name) => existsSync(join(folder, name, "kernel.json")));
  } catch {
    return []; // Not there, no folder, or not ours to read: the kernels of the other data folders can be had.
  }
}

/** Every kernel that a notebook in the folder `from` can have, by name; broken kernelspecs are left out. */
export function findKernelspecs(from: string, env: Env = process.env): Map<string, Kernelspec> {
  const found = new Map<string, Kernelspec>();
  for (const dataDir of dataDirs(from, env)) {
    for (const name of kernelFolders(dataDir)) {
      if (found.has(name)) continue;
      try {
        found.set(name, readKernelspec(join(dataDir, "kernels", name), name));
      } catch (error) {
        if (!(error instanceof KernelspecError)) throw error;
      }
    }
  }
  return found;
}

/**
 * The kernelspec called `name` for a notebook in the folder `from`. Names are compared without case, as Jupyter does.
 * Throws `KernelspecError`, which lists what there is.
 */
export function findKernelspec(name: string, from: string, env: Env = process.env): Kernelspec {
  for (const dataDir of dataDirs(from, env)) {
    const folder = kernelFolders(dataDir).find((other) => other.toLowerCase() === name.toLowerCase());
    if (folder) return readKernelspec(join(dataDir, "kernels", folder), folder);
  }
  const places = [join(process.cwd(), "node_modules", ".jupyter"), userDataDir(env, process.platform)];
  throw noSuchKernel(name, [...findKernelspecs(from, env).keys()], places);
}
