/** Where Jupyter keeps its kernels' descriptions, and how to read them. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { KernelspecError } from "./errors";
import { dataDirs, eachDataDir, inactiveEnvironments } from "./jupyter-paths";

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

/** Reads one kernelspec. Throws `KernelspecError` where `kernel.json` is broken. */
function readKernelspec(resourceDir: string, name: string): Kernelspec {
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

/** A pipe would be read for ever; what cannot be looked at does not hide its neighbours. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function kernelFolders(dataDir: string): string[] {
  const folder = join(dataDir, "kernels");
  try {
    return readdirSync(folder)
      .sort()
      .filter((name) => isFile(join(folder, name, "kernel.json")));
  } catch {
    return []; // Not there, no folder, or not ours to read: the kernels of the other data folders can be had.
  }
}

/** Every kernel that a notebook in the folder `from` can have, by name; broken kernelspecs are left out. */
export function findKernelspecs(from: string, env: NodeJS.ProcessEnv = process.env): Map<string, Kernelspec> {
  return findKernelspecsIn(dataDirs(from, env));
}

/** Every kernel below these data folders, the first of a name; broken kernelspecs are left out. */
export function findKernelspecsIn(dataDirs: readonly string[]): Map<string, Kernelspec> {
  const found = new Map<string, Kernelspec>();
  for (const dataDir of dataDirs) {
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
export function findKernelspec(name: string, from: string, env: NodeJS.ProcessEnv = process.env): Kernelspec {
  for (const dataDir of eachDataDir(from, env)) {
    const folder = kernelFolders(dataDir).find((other) => other.toLowerCase() === name.toLowerCase());
    if (folder) return readKernelspec(join(dataDir, "kernels", folder), folder);
  }
  const folders = [...dataDirs(from, env)];
  throw noSuchKernel(name, {
    available: [...findKernelspecs(from, env).keys()],
    // Most folders above the notebook never hold any.
    folders: folders.filter((folder) => existsSync(folder) || !folder.endsWith(".jupyter")),
    inactive: inactiveEnvironments(from, folders),
  });
}

/** What was found in place of a kernel. */
interface Search {
  /** The kernels that there are. */
  available: readonly string[];
  /** The data folders that were searched. */
  folders: readonly string[];
  /** Environments beside the notebook that have kernels, but are not active. */
  inactive: readonly string[];
}

function noSuchKernel(name: string, { available, folders, inactive }: Search): KernelspecError {
  const choice = available.length > 0 ? `There are: ${available.join(", ")}.` : "No kernel is installed.";
  const hint =
    inactive.length > 0 ? ` An environment with kernels is not active: ${inactive.join(", ")}.` : "";
  return new KernelspecError(
    `There is no kernel named "${name}". ${choice}${hint} Name one with --kernel, or install the kernel, so that its kernelspec is in ${folders.map((folder) => join(folder, "kernels")).join(" or ")}.`,
  );
}
