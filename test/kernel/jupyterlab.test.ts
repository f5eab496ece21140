import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { requirements } from "../../kernel-helpers/dist/kernel/jupyterlab/environment.js";
import { findPython, prepare, SetupError } from "../../kernel-helpers/dist/kernel/jupyterlab/venv.js";
import { root } from "./client";

function hasPython(): boolean {
  try {
    return findPython() !== "";
  } catch {
    return false;
  }
}

const leftOut = !process.env.CI && !hasPython();

test("pip installs the versions that environment.yml names", () => {
  const environment = readFileSync(join(root, "environment.yml"), "utf8");
  expect(requirements(environment)).toEqual([expect.stringMatching(/^jupyterlab==4\.\d+\.\d+$/)]);
  expect(requirements("dependencies:\n  # a=1\n  - nodejs=24\n  - jupyterlab=4.6.6\n  - nb_x=1.0")).toEqual([
    "jupyterlab==4.6.6",
    "nb_x==1.0",
  ]);
});

test("postBuild is a script that bash can read", async () => {
  await promisify(execFile)("bash", ["-n", join(root, "postBuild")]);
});

test("without Python the way out is named", () => {
  expect(() => findPython(["no-such-python"])).toThrow(SetupError);
  expect(() => findPython(["no-such-python"])).toThrow(
    /^The official JupyterLab needs Python 3\.10 or later, and no-such-python do not start\. .*`npm start`/,
  );
});

test.skipIf(leftOut)(
  `without a network the way out is named${leftOut ? " (LEFT OUT: no Python)" : ""}`,
  { timeout: 180_000 },
  () => {
    const project = mkdtempSync(join(tmpdir(), "kernel-venv-"));
    writeFileSync(join(project, "environment.yml"), "dependencies:\n  - jupyterlab=4.6.6\n");
    const kept = process.env.PIP_INDEX_URL;
    // Nothing listens on the discard port.
    process.env.PIP_INDEX_URL = "http://127.0.0.1:9/simple";
    try {
      expect(() => prepare(project, () => undefined)).toThrow(
        /^jupyterlab==4\.6\.6: PyPI could not be reached[\s\S]*`npm start`/,
      );
    } finally {
      if (kept === undefined) delete process.env.PIP_INDEX_URL;
      else process.env.PIP_INDEX_URL = kept;
      rmSync(project, { recursive: true });
    }
  },
);
