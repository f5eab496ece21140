/** Jupyter Server itself, for tests that compare with it: CI must have it, other machines may lack it. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";

// Nothing of the tests is imported here: the benchmark uses this file, too.
const project = path.resolve(import.meta.dirname, "../..");
const isWindows = process.platform === "win32";
const venv = path.join(project, "node_modules", ".cache", "lab-server", "jupyter");
const inVenv = (name: string) =>
  path.join(venv, isWindows ? "Scripts" : "bin", isWindows ? `${name}.exe` : name);
const requirements = ["jupyter_server==2.21.1", "jupyterlab==4.6.4"];

const works = (command: string, ...args: string[]) =>
  spawnSync(command, args, { stdio: "ignore", timeout: 240_000 }).status === 0;

function isThere(): boolean {
  if (existsSync(inVenv("jupyter-lab"))) return true;
  const python = isWindows ? "python" : "python3";
  return (
    works(python, "-m", "venv", venv) &&
    works(inVenv("python"), "-m", "pip", "install", "-q", ...requirements)
  );
}

/** Why Jupyter Server is not there; undefined where it is, and in CI, where its lack is a failure. */
export const jupyterMissing: string | undefined =
  isThere() || process.env.CI ? undefined : `no Python with ${requirements.join(" and ")}`;

export interface JupyterServer {
  readonly base: string;
  readonly pid: number;
  /** A request with the token; `body` is sent as JSON. */
  call(method: string, address: string, body?: unknown): Promise<Response>;
  close(): Promise<void>;
}

/**
 * Starts Jupyter Server, or with it the official JupyterLab, with the project's own kernel, and `flood` of
 * `odd-kernel.ts` where one of `dataDirs` has it; the token is `test`.
 */
export async function startJupyterServer(
  root: string,
  port: number,
  program: "jupyter-server" | "jupyter-lab" = "jupyter-server",
  dataDirs: readonly string[] = [],
): Promise<JupyterServer> {
  const args = [
    "--no-browser",
    "--allow-root",
    `--ServerApp.port=${port}`,
    "--IdentityProvider.token=test",
    `--ServerApp.root_dir=${root}`,
    "--ServerApp.disable_check_xsrf=True",
    "--KernelSpecManager.allowed_kernelspecs=tslab",
    "--KernelSpecManager.allowed_kernelspecs=flood",
    // What is deleted here is nobody's.
    "--FileContentsManager.delete_to_trash=False",
    "--FileContentsManager.always_delete_dir=True",
  ];
  const JUPYTER_PATH = [path.join(project, "node_modules", ".jupyter"), ...dataDirs].join(path.delimiter);
  const folders = { JUPYTER_CONFIG_DIR: `${root}-config`, JUPYTER_RUNTIME_DIR: `${root}-runtime` };
  const env = { ...process.env, JUPYTER_PATH, ...folders };
  const child = spawn(inVenv(program), args, { stdio: ["ignore", "ignore", "pipe"], env });
  let output = "";
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (part) => {
      output += part;
      if (output.includes("is running at")) resolve();
    });
    void ended.then(() => reject(new Error(`Jupyter Server ended: ${output}`)));
  });
  const base = `http://127.0.0.1:${port}`;
  return {
    base,
    pid: child.pid as number,
    call: (method, address, body) =>
      fetch(base + address, {
        method,
        headers: { Authorization: "token test" },
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    async close() {
      // Told to end by SIGTERM it may wait for a thread of its own for ever. The kernels see that it is gone.
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
