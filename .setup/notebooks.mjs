// `npm run notebooks`: runs every notebook, then makes pages of the executed copies, of failed ones too.
// Options go to the run: npm run notebooks -- --jobs 2 --check
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const options = process.argv.slice(2);
const copies = "out/notebooks";

// Ctrl-C reaches the child too, which ends tidily; this only waits for it.
process.on("SIGINT", () => {});

/** Runs Node with `args`; resolves with the exit code, 130 where a signal has ended it. */
function node(...args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
  const pass = (signal) => child.kill(signal);
  process.on("SIGTERM", pass);
  return new Promise((resolve) => {
    child.once("close", (code) => {
      process.off("SIGTERM", pass);
      resolve(code ?? 130);
    });
  });
}

const ran = await node("notebook-tools/bin/nb.js", "run", "notebooks", "--output-dir", copies, ...options);
const isRun = ran <= 1 && !options.includes("--help") && !options.includes("-h");
const exporter = ["-r", "ts-node/register/transpile-only", "notebook-tools/cli.ts", "export"];
const exported = isRun ? await node(...exporter, copies, "--output-dir", "out/html", "--force") : 0;
process.exitCode = ran || exported;
