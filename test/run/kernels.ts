/** Kernels for tests, found through JUPYTER_PATH: `scripted`, which does what its cells say, and tslab as it is. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll } from "vitest";

export const scripted = resolve(import.meta.dirname, "../fixtures/kernels/scripted.mjs");
const tslab = createRequire(import.meta.url).resolve("tslab/bin/tslab");

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** A new folder, removed at the end of the test file. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "nb-test-")));
  made.push(folder);
  return folder;
}

export function writeKernelspec(
  dataDir: string,
  name: string,
  language: string,
  argv: string[],
  rest = {},
): void {
  const folder = join(dataDir, "kernels", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "kernel.json"), JSON.stringify({ argv, display_name: name, language, ...rest }));
}

/** A Jupyter data folder with kernels for tests; goes into JUPYTER_PATH. */
export function kernelsForTests(): string {
  const dataDir = temporaryFolder();
  const node = process.execPath;
  writeKernelspec(dataDir, "scripted", "javascript", [node, scripted, "{connection_file}"]);
  writeKernelspec(dataDir, "tslab-stock", "typescript", [
    node,
    tslab,
    "kernel",
    "--config-path",
    "{connection_file}",
  ]);
  writeKernelspec(dataDir, "never-starts", "none", [
    node,
    "-e",
    "console.error('no licence'); process.exit(7)",
  ]);
  writeKernelspec(dataDir, "missing-program", "none", [join(dataDir, "no-such-program")]);
  // Dies of a port that is taken without a word about it.
  const wordless = 'process.on("uncaughtException", () => process.exit(1)); import(process.argv[1])';
  const scriptedArguments = ["-e", wordless, scripted, "{connection_file}"];
  writeKernelspec(dataDir, "wordless", "javascript", [node, ...scriptedArguments]);
  writeKernelspec(dataDir, "mute", "none", [node, "-e", "setInterval(() => {}, 1000)"]);
  return dataDir;
}
