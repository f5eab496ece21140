import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  dataDirs,
  findKernelspec,
  findKernelspecs,
  KernelspecError,
} from "../../notebook-tools/kernel-client";
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

  it("goes on with JUPYTER_PATH, the user's folder, the environment's and the system's on Linux", () => {
    const env = { HOME: "/home/u", JUPYTER_PATH: "/p:/q", VIRTUAL_ENV: "/venv", CONDA_PREFIX: "/conda" };
    expect(dataDirs("/", env, "linux").slice(-7)).toEqual([
      "/p",
      "/q",
      "/home/u/.local/share/jupyter",
      "/venv/share/jupyter",
      "/conda/share/jupyter",
      "/usr/local/share/jupyter",
      "/usr/share/jupyter",
    ]);
  });

  it("knows the user's folder on macOS and on Windows, and JUPYTER_DATA_DIR everywhere", () => {
    expect(dataDirs("/", { HOME: "/Users/u" }, "darwin")).toContain("/Users/u/Library/Jupyter");
    const windows = dataDirs("/", { APPDATA: "/appdata", PROGRAMDATA: "/programdata" }, "win32");
    expect(windows.slice(-2)).toEqual([join("/appdata", "jupyter"), join("/programdata", "jupyter")]);
    expect(dataDirs("/", { JUPYTER_DATA_DIR: "/mine" }, "darwin")).toContain("/mine");
  });
});

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
