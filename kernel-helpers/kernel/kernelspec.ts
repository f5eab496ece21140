/** The kernelspec `tslab`: what it says and where Jupyter looks for it. */

import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { requireTypeScript } from "./typescript-package";

/** The name under which the notebooks ask for their kernel. */
export const kernelName = "tslab";

/** The content of kernel.json. */
export interface Kernelspec {
  argv: string[];
  display_name: string;
  language: string;
  interrupt_mode: "signal" | "message";
  metadata: { debugger: boolean; language_version: string };
}

/**
 * Options for the kernel's own Node. None of V8's: with any of them it rejects the code of Node's modules
 * that is stored with Node, in every thread.
 */
export const nodeFlags = [
  // A loop that is stopped from outside leaves Node's record of async scopes unwound: no reason to abort.
  "--no-force-async-hooks-checks",
];

/** A kernelspec that starts `launcher` with `node`; both are absolute paths. */
export function kernelspec(node: string, launcher: string, display_name = "TypeScript"): Kernelspec {
  const { version } = requireTypeScript();
  return {
    argv: [node, ...nodeFlags, launcher, "{connection_file}"],
    display_name,
    language: "typescript",
    // A message reaches the thread of the sockets, which can stop any loop; a signal stops fewer.
    interrupt_mode: "message",
    metadata: { debugger: true, language_version: version },
  };
}

/** Whether a kernel.json starts this kernel, from wherever it was installed. */
export function isOurs(kernelJson: string): boolean {
  try {
    const { argv } = JSON.parse(kernelJson) as { argv: string[] };
    return argv.some((each) => /[\\/]kernel-helpers[\\/]dist[\\/]kernel[\\/]launcher\.js$/.test(each));
  } catch {
    return false;
  }
}

/**
 * The Node that a kernelspec should name: the one the package `node` pins, found from this file
 * upwards, else the one that runs now.
 */
export function pinnedNode(exists: (path: string) => boolean, from = __dirname): string {
  const executable = process.platform === "win32" ? "node.exe" : "node";
  const candidate = join(from, "node_modules", "node", "bin", executable);
  if (exists(candidate)) return candidate;
  const parent = dirname(from);
  return parent === from ? process.execPath : pinnedNode(exists, parent);
}

/**
 * The current user's Jupyter data directory.
 * Source: `jupyter_core.paths.jupyter_data_dir`.
 */
export function userDataDir(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, home = homedir()): string {
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  if (platform === "darwin") return join(home, "Library", "Jupyter");
  if (platform === "win32") return join(env.APPDATA || join(home, "AppData", "Roaming"), "jupyter");
  return join(env.XDG_DATA_HOME || join(home, ".local", "share"), "jupyter");
}

/** The data directory below an installation prefix such as a virtual environment. */
export function prefixDataDir(prefix: string): string {
  return join(prefix, "share", "jupyter");
}
