import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  dataDirs,
  findKernelspec,
  findKernelspecs,
  KernelspecError,
} from "../../notebook-tools/kernel-client";
import { pythonMissing, venv, venvPython } from "../python.ts";
import { temporaryFolder } from "../run/kernels.ts";

function install(dataDir: string, name: string, spec: object | string): void {
  const folder = join(dataDir, "kernels", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "kernel.json"), typeof spec === "string" ? spec : JSON.stringify(spec));
}

const spec = (displayName: string) => ({
  argv: ["x", "{connection_file}"],
  display_name: displayName,
  language: "any",
});

describe("where kernelspecs are looked for", () => {
  it("starts with node_modules/.jupyter of the notebook's folder and of each folder above it", () => {
    expect(dataDirs("/a/b", {}, "linux").slice(0, 3)).toEqual([
      "/a/b/node_modules/.jupyter",
      "/a/node_modules/.jupyter",
      "/node_modules/.jupyter",
    ]);
  });

  const after = (env: Record<string, string>, platform = "linux") =>
    dataDirs("/", env, platform).filter((folder) => !folder.includes("node_modules"));

  it("goes on with JUPYTER_PATH, the user's folder, the environment's, the system's and IPython's", () => {
    const env = { HOME: "/home/u", JUPYTER_PATH: "/p:/q/", CONDA_PREFIX: "/conda" };
    expect(after(env)).toEqual([
      "/p",
      "/q",
      "/home/u/.local/share/jupyter",
      "/conda/share/jupyter",
      "/usr/local/share/jupyter",
      "/usr/share/jupyter",
      "/home/u/.ipython",
    ]);
  });

  it("puts an active environment of one's own before the user's folder, unless JUPYTER_PREFER_ENV_PATH says no", () => {
    const own = temporaryFolder();
    const [user, share] = ["/home/u/.local/share/jupyter", join(own, "share", "jupyter")];
    const order = (env: Record<string, string>) =>
      after({ HOME: "/home/u", ...env }).filter((folder) => [user, share].includes(folder));
    const conda = { CONDA_PREFIX: own, CONDA_DEFAULT_ENV: "work" };
    expect(order({ VIRTUAL_ENV: own })).toEqual([share, user]);
    expect(order(conda)).toEqual([share, user]);
    for (const base of [{}, { CONDA_DEFAULT_ENV: "base" }] as Record<string, string>[])
      expect(order({ CONDA_PREFIX: own, ...base })).toEqual([user, share]);
    for (const no of ["0", "no", "False", "off"])
      expect(order({ ...conda, JUPYTER_PREFER_ENV_PATH: no })).toEqual([user, share]);
    expect(order({ CONDA_PREFIX: own, JUPYTER_PREFER_ENV_PATH: "1" })).toEqual([share, user]);
  });

  it("knows the folders of macOS and of Windows, and JUPYTER_DATA_DIR everywhere", () => {
    expect(after({ HOME: "/Users/u" }, "darwin")[0]).toBe("/Users/u/Library/Jupyter");
    const support = { HOME: "/Users/u", JUPYTER_PLATFORM_DIRS: "1" };
    expect(after(support, "darwin").slice(0, 2)).toEqual([
      "/Users/u/Library/Application Support/Jupyter",
      "/Library/Application Support/Jupyter",
    ]);
    const windows = { APPDATA: "C:\\a", LOCALAPPDATA: "C:\\l", PROGRAMDATA: "C:\\p", USERPROFILE: "C:\\u" };
    expect(after(windows, "win32")).toEqual(["C:\\a\\jupyter", "C:\\u\\.ipython"]);
    const trusting = { ...windows, JUPYTER_USE_PROGRAMDATA: "1", JUPYTER_PLATFORM_DIRS: "yes" };
    expect(after(trusting, "win32").slice(0, 2)).toEqual(["C:\\l\\Jupyter", "C:\\p\\Jupyter"]);
    expect(after({ JUPYTER_DATA_DIR: "/mine", HOME: "/home/u" }, "darwin")).toContain("/mine");
  });
});

describe.skipIf(pythonMissing)(
  `the order of the folders${pythonMissing ? ` (LEFT OUT: ${pythonMissing})` : ""}`,
  () => {
    const home = realpathSync(homedir());
    const packages = globSync(join(venv, "{lib/python3*,Lib}", "site-packages"))[0]!;
    const system = process.env.PATH!;
    const inVenv = [dirname(venvPython), system].join(delimiter);
    const cases: Record<string, Record<string, string>> = {
      "a virtual environment first on PATH": { PATH: inVenv },
      "an active virtual environment": { PATH: inVenv, VIRTUAL_ENV: venv },
      "one that shall not go first": { PATH: inVenv, VIRTUAL_ENV: venv, JUPYTER_PREFER_ENV_PATH: "no" },
      "the Python of the system": { PATH: system },
      "the same, preferred": { PATH: system, JUPYTER_PREFER_ENV_PATH: "1" },
      "folders of the platform": { PATH: inVenv, JUPYTER_PLATFORM_DIRS: "1" },
      "the same, with folders named": {
        PATH: system,
        JUPYTER_PLATFORM_DIRS: "1",
        XDG_DATA_DIRS: "/opt/a:/opt/b",
        XDG_DATA_HOME: "/opt/data",
      },
      "data elsewhere": { PATH: system, XDG_DATA_HOME: join(home, "data") },
      "data named": { PATH: inVenv, JUPYTER_DATA_DIR: "/opt/mine" },
      "a user base elsewhere": { PATH: system, PYTHONUSERBASE: join(home, "base") },
      "without the user's packages": { PATH: system, PYTHONNOUSERSITE: "1", XDG_DATA_HOME: "/opt/data" },
      "folders of one's own": { PATH: inVenv, JUPYTER_PATH: ["/opt/x/", "/opt/y"].join(delimiter) },
    };

    it.each(Object.entries(cases))("is Jupyter's with %s", (_, env) => {
      const all = { HOME: home, PYTHONPATH: packages, ...env };
      const [python] = env.PATH === system && process.platform !== "win32" ? ["python3"] : [venvPython];
      const script = "from jupyter_core.paths import jupyter_path; print(*jupyter_path(), sep='\\n')";
      const { stdout, stderr } = spawnSync(python!, ["-c", script], { env: all, encoding: "utf8" });
      expect(stderr).toBe("");
      const ours = dataDirs("/", all).filter((folder) => !folder.includes("node_modules/.jupyter"));
      expect(ours.filter((folder) => !folder.endsWith(".ipython"))).toEqual([
        ...new Set(stdout.trim().split(/\r?\n/)),
      ]);
    });
  },
);

describe("finding a kernelspec", () => {
  it("takes the nearest of several with one name", () => {
    const [near, far] = [temporaryFolder(), temporaryFolder()];
    install(join(near, "node_modules", ".jupyter"), "k", spec("near"));
    install(far, "k", spec("far"));
    install(far, "other", spec("other"));
    const env = { JUPYTER_PATH: far, HOME: far };
    expect(findKernelspec("k", join(near, "deep", "er"), env).displayName).toBe("near");
    expect(findKernelspecs(near, env).get("other")?.displayName).toBe("other");
  });

  it("does not mind the case of a name", () => {
    const dataDir = temporaryFolder();
    install(dataDir, "TypeScript", spec("ts"));
    expect(findKernelspec("typescript", dataDir, { JUPYTER_PATH: dataDir }).displayName).toBe("ts");
  });

  it("says which kernels there are when the name is unknown", () => {
    const dataDir = temporaryFolder();
    install(dataDir, "tslab", spec("ts"));
    const find = () => findKernelspec("tslob", dataDir, { JUPYTER_PATH: dataDir, HOME: dataDir });
    expect(find).toThrow(KernelspecError);
    expect(find).toThrow(/no kernel named "tslob".*There are: .*tslab/);
    expect(find).toThrow(`in ${join(process.cwd(), "node_modules", ".jupyter", "kernels")} or ${dataDir}`);
  });

  it("names an environment beside the notebook that has kernels, but is not active", () => {
    const folder = temporaryFolder();
    install(join(folder, ".venv", "share", "jupyter"), "python3", spec("py"));
    const find = (env: Record<string, string>) =>
      findKernelspec("python3", folder, { HOME: folder, ...env }).displayName;
    expect(() => find({})).toThrow(`An environment with kernels is not active: ${join(folder, ".venv")}.`);
    expect(find({ VIRTUAL_ENV: join(folder, ".venv") })).toBe("py");
  });

  it("takes the active environment's kernel before the user's of the same name", () => {
    const [home, active] = [temporaryFolder(), temporaryFolder()];
    install(join(home, ".local", "share", "jupyter"), "python3", spec("user"));
    install(join(active, "share", "jupyter"), "python3", spec("environment"));
    const env = { HOME: home, JUPYTER_DATA_DIR: join(home, ".local", "share", "jupyter") };
    expect(findKernelspec("python3", home, env).displayName).toBe("user");
    expect(findKernelspec("python3", home, { ...env, VIRTUAL_ENV: active }).displayName).toBe("environment");
  });

  it("is stopped neither by a data folder that is none, nor by odd fields", () => {
    const [none, dataDir] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(none, "kernels"), "a file, not a folder");
    install(dataDir, "null", "null");
    install(dataDir, "odd", { argv: ["x"], display_name: 1, language: 2, env: null });
    const env = { JUPYTER_PATH: [none, dataDir].join(delimiter), HOME: none };
    expect(findKernelspec("odd", none, env)).toMatchObject({ displayName: "1", language: "2", env: {} });
    expect([...findKernelspecs(none, env).keys()]).toContain("odd");
    expect(() => findKernelspec("null", none, env)).toThrow(/kernel\.json cannot be used: `argv` is missing/);
  });

  it.skipIf(process.platform === "win32")(
    "leaves out a pipe, a folder and a link to itself, and keeps the others",
    () => {
      const dataDir = temporaryFolder();
      const env = { JUPYTER_PATH: dataDir };
      install(dataDir, "good", spec("Good"));
      for (const name of ["folder", "loop", "pipe"]) mkdirSync(join(dataDir, "kernels", name));
      const fileOf = (name: string) => join(dataDir, "kernels", name, "kernel.json");
      mkdirSync(fileOf("folder"));
      symlinkSync("kernel.json", fileOf("loop"));
      spawnSync("mkfifo", [fileOf("pipe")]);
      const found = findKernelspecs(dataDir, env);
      expect(["folder", "good", "loop", "pipe"].filter((name) => found.has(name))).toEqual(["good"]);
      expect(() => findKernelspec("pipe", dataDir, env)).toThrow(KernelspecError);
    },
  );

  it("names the file of a broken kernelspec that was asked for, and leaves it out of the list", () => {
    const dataDir = temporaryFolder();
    install(dataDir, "broken", "{");
    install(dataDir, "without-command", { display_name: "x" });
    const env = { JUPYTER_PATH: dataDir };
    expect(() => findKernelspec("broken", dataDir, env)).toThrow(/kernel\.json cannot be used/);
    expect(() => findKernelspec("without-command", dataDir, env)).toThrow(/`argv` is missing/);
    expect(findKernelspecs(dataDir, env).has("broken")).toBe(false);
  });
});
