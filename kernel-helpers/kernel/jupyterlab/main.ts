/**
 * `npm run lab:jupyter [-- OPTIONS]`: the official JupyterLab, from PyPI, on this collection. Options
 * go to `jupyter lab`; `--prepare` only installs.
 */

import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { prepare, program, SetupError } from "./venv";

const project = resolve(__dirname, "..", "..", "..", "..");

function open(venv: string, options: string[]) {
  const args = [join(project, "notebooks"), ...options];
  const env = { ...process.env, JUPYTER_PREFER_ENV_PATH: "1" };
  const lab = spawn(program(venv, "jupyter-lab"), args, { stdio: "inherit", env });
  // Ctrl-C reaches JupyterLab by itself, and it asks before it ends.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => lab.kill("SIGTERM"));
  lab.on("exit", (code) => process.exit(code ?? 1));
}

const usage = `The official JupyterLab, from PyPI, on the notebooks of this collection.

  npm run lab:jupyter [-- OPTIONS]

  --prepare   only installs it, into the folder .venv: some minutes, once
  --help      shows this; every other option goes to \`jupyter lab\`, whose own are shown by --help-all

It needs Python 3.10 or later. Ctrl-C ends it. \`npm start\` opens a JupyterLab that needs no Python.
`;

function main(options: string[]) {
  if (options.includes("--help") || options.includes("-h")) return console.log(usage);
  try {
    const venv = prepare(project, console.log);
    if (options.includes("--prepare")) console.log(`JupyterLab and the kernel are installed in ${venv}.`);
    else open(venv, options);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

main(process.argv.slice(2));
