import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pinnedNode, userDataDir } from "../../kernel-helpers/dist/kernel/kernelspec.js";
import { root } from "./client";

const run = promisify(execFile);
const installer = join(root, "kernel-helpers", "dist", "kernel", "install.js");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kernel-install-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const install = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  run(process.execPath, [installer, ...args], { env: { ...process.env, ...env } });

function specIn(dataDir: string) {
  return JSON.parse(readFileSync(join(dataDir, "kernels", "tslab", "kernel.json"), "utf8"));
}

describe("the installer", () => {
  test("writes a kernelspec with absolute paths to the pinned Node and the launcher, and logos", async () => {
    await install(["--data-dir", folder]);
    const { argv, display_name, language, interrupt_mode } = specIn(folder);
    expect({ display_name, language, interrupt_mode }).toEqual({
      display_name: "TypeScript",
      language: "typescript",
      interrupt_mode: "message",
    });
    expect(argv.at(-1)).toBe("{connection_file}");
    expect(argv[0]).toBe(pinnedNode(existsSync));
    for (const path of [argv[0], argv.at(-2)]) expect(isAbsolute(path) && existsSync(path)).toBe(true);
    expect(readdirSync(join(folder, "kernels", "tslab")).sort()).toEqual([
      "kernel.json",
      "logo-32x32.png",
      "logo-64x64.png",
      "logo-svg.svg",
    ]);
  });

  test("knows the places of Jupyter", async () => {
    await install(["--prefix", join(folder, "prefix")]);
    await install(["--sys-prefix"], { VIRTUAL_ENV: join(folder, "venv") });
    await install(["--user"], { JUPYTER_DATA_DIR: join(folder, "user") });
    for (const place of ["prefix/share/jupyter", "venv/share/jupyter", "user"]) {
      expect(specIn(join(folder, ...place.split("/"))).language).toBe("typescript");
    }
  });

  test("run twice at once leaves whole files and nothing else", async () => {
    await Promise.all([install(["--data-dir", folder]), install(["--data-dir", folder])]);
    expect(specIn(folder).argv.length).toBeGreaterThan(2);
    expect(readdirSync(join(folder, "kernels", "tslab"))).toHaveLength(4);
  });

  test("run again writes nothing that has not changed", async () => {
    await install(["--data-dir", folder]);
    const file = join(folder, "kernels", "tslab", "kernel.json");
    const before = statSync(file).mtimeMs;
    await install(["--data-dir", folder]);
    expect(statSync(file).mtimeMs).toBe(before);
  });

  test("refuses two places, and options it does not know, in a sentence", async () => {
    await expect(install(["--user", "--sys-prefix"])).rejects.toMatchObject({
      code: 2,
      stderr: "One place at most can be chosen, got --user and --sys-prefix.\n",
    });
    await expect(install(["--nowhere"])).rejects.toMatchObject({ code: 2, stderr: /--nowhere/ });
  });
});

test("the user's data directory follows Jupyter's rules on each system", () => {
  expect(userDataDir({ JUPYTER_DATA_DIR: "/d" }, "linux", "/home/me")).toBe("/d");
  expect(userDataDir({}, "linux", "/home/me")).toBe(join("/home/me", ".local", "share", "jupyter"));
  expect(userDataDir({ XDG_DATA_HOME: "/x" }, "linux", "/home/me")).toBe(join("/x", "jupyter"));
  expect(userDataDir({}, "darwin", "/Users/me")).toBe(join("/Users/me", "Library", "Jupyter"));
  expect(userDataDir({ APPDATA: "C:\\a" }, "win32", "C:\\me")).toBe(join("C:\\a", "jupyter"));
});
