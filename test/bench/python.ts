/** The Python peers, in a virtual environment of their own that the first run makes. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const venv = join(import.meta.dirname, ".venv");
const bin = join(venv, process.platform === "win32" ? "Scripts" : "bin");

/** What is installed there: nbconvert brings nbclient and `jupyter execute`, too. */
const packages = [
  "nbconvert==7.17.2",
  "ipykernel==7.4.0",
  "papermill==2.7.0",
  "nbmake==1.5.5",
  "nbval==0.11.0",
];

/** Where the kernel of that environment is described. */
export const venvShare = join(venv, "share", "jupyter");

/** The path of `jupyter`, for `jupyter nbconvert …`: see `peerProgram`. */
export const jupyter = (): Promise<string | null> => peerProgram("jupyter");

/**
 * The path of a program of that environment; null, with the reason on stderr, where there is no Python or no
 * package index.
 */
export async function peerProgram(name: "jupyter" | "papermill" | "pytest"): Promise<string | null> {
  try {
    const program = join(bin, name);
    if (!existsSync(program)) await install();
    return program;
  } catch (error) {
    const reason = (error as Error).message.trim().split("\n").at(-1);
    process.stderr.write(
      `No Python peer: a virtual environment with ${packages} could not be made (${reason}).\n`,
    );
    return null;
  }
}

async function install(): Promise<void> {
  process.stderr.write(`installing ${packages} for comparison … `);
  await run(process.platform === "win32" ? "python" : "python3", ["-m", "venv", venv]);
  await run(join(bin, "pip"), ["install", "--quiet", "--disable-pip-version-check", ...packages]);
}
