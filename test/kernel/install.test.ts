import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
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
  const put = (name: string, spec: object) => {
    mkdirSync(join(folder, "kernels", name), { recursive: true });
    writeFileSync(join(folder, "kernels", name, "kernel.json"), JSON.stringify(spec));
  };
  const data = () => ["--data-dir", folder];

  test("says at once what it can do", async () => {
    const { stdout } = await install(["--help"]);
    for (const option of ["--name", "--display-name", "--uninstall", "--force", "--wait", "--sys-prefix"]) {
      expect(stdout).toContain(option);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test("takes a name and a name to show, and says which TypeScript it is", async () => {
    await install([...data(), "--name", "ts-6", "--display-name", "TypeScript, mine"]);
    const spec = JSON.parse(readFileSync(join(folder, "kernels", "ts-6", "kernel.json"), "utf8"));
    expect(spec.display_name).toBe("TypeScript, mine");
    expect(spec.metadata.language_version).toMatch(/^\d+\.\d+\.\d+$/);
    await expect(install([...data(), "--name", "a/b"])).rejects.toMatchObject({
      code: 2,
      stderr: /got "a\/b"/,
    });
  });

  test("replaces another kernel's kernelspec, and removes it, only when told so", async () => {
    put("tslab", { argv: ["tslab", "kernel"], display_name: "stock", language: "typescript" });
    const refusal = { code: 2, stderr: /holds the kernelspec of another kernel.*--name.*--force/ };
    await expect(install(data())).rejects.toMatchObject(refusal);
    await expect(install([...data(), "--uninstall"])).rejects.toMatchObject(refusal);
    expect(specIn(folder).display_name).toBe("stock");
    await install([...data(), "--force"]);
    expect(specIn(folder).display_name).toBe("TypeScript");
  });

  test("removes its own, also one that another copy has written, and nothing twice", async () => {
    put("tslab", {
      argv: ["node", "/elsewhere/kernel-helpers/dist/kernel/launcher.js", "{connection_file}"],
    });
    expect((await install([...data(), "--uninstall"])).stdout).toMatch(/^Removed the kernelspec tslab/);
    expect(readdirSync(join(folder, "kernels"))).toEqual([]);
    expect((await install([...data(), "--uninstall"])).stdout).toMatch(/^There is no kernelspec/);
  });

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
