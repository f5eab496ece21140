/** Jupyter's own suite for kernels, from PyPI; kernel_suite.py says what it asks, and what is not claimed. */

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { install } from "../../kernel-helpers/dist/kernel/install.js";
import { pythonMissing, venvPython } from "../python";

const asked = [
  "clear_output",
  "completion",
  "display_data",
  "error",
  "execute_result",
  "execute_stderr",
  "execute_stdout",
  "history",
  "inspect",
  "is_complete",
  "kernel_info",
];

test.skipIf(pythonMissing)(
  `the kernel passes jupyter_kernel_test${pythonMissing ? ` (LEFT OUT: ${pythonMissing})` : ""}`,
  async () => {
    const data = mkdtempSync(join(tmpdir(), "kernel-suite-"));
    install(data);
    const env = { ...process.env, JUPYTER_PATH: data, PYTHONWARNINGS: "ignore" };
    const suite = join(import.meta.dirname, "kernel_suite.py");
    const { stderr } = await promisify(execFile)(venvPython, [suite, "-v"], { env }).catch(
      (failed) => failed,
    );
    rmSync(data, { recursive: true });
    expect(stderr).toMatch(/^OK \(skipped=1\)$/m);
    const passed = [...stderr.matchAll(/^test_(\w+) .*ok$/gm)].map(([, name]) => name);
    expect(passed.sort()).toEqual(asked);
  },
  120_000,
);
