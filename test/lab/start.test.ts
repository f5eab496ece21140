import { once } from "node:events";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { browserCommand, openBrowser } from "../../lab/server/browser";
import { isRunning } from "../processes";
import { openKernelPage } from "./kernel-page";
import { makePlayground } from "./playground";
import { type ServerProcess, startServer } from "./server-process";

const play = makePlayground();
const running: ServerProcess[] = [];
const start = (...args: string[]) => {
  const server = startServer(play, "--no-browser", ...args);
  running.push(server);
  return server;
};

afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill("SIGKILL");
    await ended;
  }
});

afterAll(() => play.remove());

async function occupied(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const portOf = (server: Server) => (server.address() as { port: number }).port;

describe.skipIf(process.platform !== "linux")("the browser", () => {
  it("is led to the address by a file that only this user can read, and no process list shows the token", async () => {
    const folder = join(play.root, "..", "browser");
    mkdirSync(folder);
    const told = join(folder, "told");
    const script = `#!/bin/sh\nstat -c %a "$1" > ${told}.new; echo "$1" >> ${told}.new; mv ${told}.new ${told}\n`;
    writeFileSync(join(folder, "xdg-open"), script, { mode: 0o755 });
    vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
    vi.stubEnv("DISPLAY", ":0");
    for (const name of ["CI", "SSH_CONNECTION"]) vi.stubEnv(name, "");
    openBrowser("http://127.0.0.1:1/lab?token=secret", folder);
    vi.unstubAllEnvs();
    await expect.poll(() => existsSync(told), { timeout: 20_000 }).toBe(true);
    const [mode, file = ""] = readFileSync(told, "utf8").trim().split("\n");
    expect(mode).toBe("600");
    expect(file).not.toContain("secret");
    expect(readFileSync(file, "utf8")).toContain("url=http://127.0.0.1:1/lab?token=secret");
  });
});

describe("npm start", () => {
  it("prints the address of the first notebook with the token, which opens the page", async () => {
    mkdirSync(join(play.root, "notebooks"));
    writeFileSync(join(play.root, "notebooks", "00-index.ipynb"), "");
    const address = await start().address();
    expect(address).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/lab\/tree\/notebooks\/00-index\.ipynb\?token=\w{32,}$/,
    );
    const page = await fetch(address, { redirect: "manual" });
    expect(page.status).toBe(302);
  });

  it("opens JupyterLab alone where there is no such notebook", async () => {
    rmSync(join(play.root, "notebooks"), { recursive: true });
    expect(new URL(await start().address()).pathname).toBe("/lab");
  });

  it("takes the next free port when its own is in use, and says so", async () => {
    const taken = await occupied(8888).catch(() => null);
    const server = start();
    const { port } = new URL(await server.address());
    taken?.close();
    expect(Number(port)).toBeGreaterThan(8888);
    expect(server.printed()).toContain(`Port 8888 is in use, so this is ${port}.`);
  });

  it("refuses a port in use that was asked for, in one sentence", async () => {
    const taken = await occupied(0);
    const port = portOf(taken);
    const server = start("--port", String(port));
    expect(await server.ended).toBe(1);
    taken.close();
    expect(server.printed()).toBe(
      `Port ${port} is in use. Choose another with --port, or leave --port out to take the next free one.\n`,
    );
  });

  it.each([
    [["--port", "many"], "--port must be a number from 0 to 65535, got many."],
    [["--port", ""], "--port must be a number from 0 to 65535, got nothing."],
    [["--prot", "1"], "Unknown option '--prot'. The options: npm start -- --help"],
    [["--port"], "Option '--port <value>' argument missing. The options: npm start -- --help"],
    [
      ["--root", "/no-such-folder"],
      `--root must be a folder that is there, got ${resolve("/no-such-folder")}.`,
    ],
    [["a.ipynb", "b.ipynb"], "One document can be opened, got a.ipynb and b.ipynb."],
  ])("refuses %j in one sentence", async (args, words) => {
    const server = start(...args);
    expect(await server.ended).toBe(1);
    expect(server.printed()).toBe(`${words}\n`);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends on %s, and its kernels with it", async (signal) => {
    const server = start();
    const { port, searchParams } = new URL(await server.address());
    const token = searchParams.get("token") ?? "";
    const lab = { port: Number(port), token };
    const answer = await fetch(`http://127.0.0.1:${port}/api/kernels`, {
      method: "POST",
      headers: { Authorization: `token ${token}` },
      body: "{}",
    });
    const { id } = (await answer.json()) as { id: string };
    const page = await openKernelPage({ lab }, id);
    const { printed } = await page.run(
      `const { spawn } = require("node:child_process");
       console.log(process.pid, spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]).pid);`,
    );
    const pids = printed.trim().split(" ").map(Number);
    expect(pids.map(isRunning)).toEqual([true, true]);
    // npm may pass the signal on after the terminal has sent it.
    server.child.kill(signal);
    server.child.kill(signal);
    expect(await server.ended).toBe(0);
    // A signal to the kernel's whole group arrives when the system gets to it.
    await expect.poll(() => pids.map(isRunning)).toEqual([false, false]);
  });
});

describe("after a kill", () => {
  it("the next start removes what kernels of a server that is gone have left, and nothing else", async () => {
    const killed = start();
    const { port, searchParams } = new URL(await killed.address());
    const request = {
      method: "POST",
      headers: { Authorization: `token ${searchParams.get("token")}` },
      body: "{}",
    };
    await (await fetch(`http://127.0.0.1:${port}/api/kernels`, request)).json();
    const leftBy = (pid: number) =>
      readdirSync(tmpdir()).filter((name) => name.startsWith(`nb-kernel-${pid}-`));
    const pid = killed.child.pid as number;
    await expect.poll(() => leftBy(pid)).toHaveLength(1);
    const mine = mkdtempSync(join(tmpdir(), `nb-kernel-${process.pid}-`));
    const notOurs = mkdtempSync(join(tmpdir(), "nb-kernel-x-"));
    killed.child.kill("SIGKILL");
    await killed.ended;
    expect(leftBy(pid)).toHaveLength(1);
    await start().address();
    expect(leftBy(pid)).toEqual([]);
    expect([mine, notOurs].map((folder) => existsSync(folder))).toEqual([true, true]);
    for (const folder of [mine, notOurs]) rmSync(folder, { recursive: true });
  });

  it.each(["replaced", "written in place"])(
    "in the middle of a save a file that is %s is whole after the next start",
    async (how) => {
      const file = join(play.root, `${how}.txt`);
      const [before, after] = ["a", "b"].map((letter) => letter.repeat(20_000_000)) as [string, string];
      writeFileSync(file, before);
      // A file with another name stays the same file.
      if (how !== "replaced") linkSync(file, join(play.root, "other name.txt"));
      const drafts = () => readdirSync(play.root).filter((name) => name.startsWith(".lab-"));
      const server = start();
      const { origin, searchParams } = new URL(await server.address());
      const headers = { Authorization: `token ${searchParams.get("token")}` };
      const body = JSON.stringify({ type: "file", format: "text", content: after });
      const saved = fetch(`${origin}/api/contents/${encodeURIComponent(`${how}.txt`)}`, {
        method: "PUT",
        headers,
        body,
      });
      saved.catch(() => {});
      const isUnderWay = () => drafts().length > 0 || readdirSync(join(play.user, "saving")).length > 0;
      mkdirSync(join(play.user, "saving"), { recursive: true });
      while (!isUnderWay()) await new Promise((resolve) => setImmediate(resolve));
      server.child.kill("SIGKILL");
      await server.ended;
      await start().address();
      expect([before, after].map((text) => text === readFileSync(file, "utf8"))).toContain(true);
      expect(readdirSync(join(play.user, "saving"))).toEqual([]);
      rmSync(file);
    },
  );
});

describe("the browser", () => {
  const address = "http://127.0.0.1:8888/lab";

  it.each([
    ["in CI", { CI: "true", DISPLAY: ":0" }, "linux"],
    ["over SSH", { SSH_CONNECTION: "10.0.0.1", DISPLAY: ":0" }, "linux"],
    ["without a display", {}, "linux"],
  ])("is not opened %s", (_, env, platform) => {
    expect(browserCommand(address, env, platform)).toBeNull();
  });

  it.each([
    ["linux", { DISPLAY: ":0" }, "xdg-open"],
    ["linux", { WAYLAND_DISPLAY: "wayland-0" }, "xdg-open"],
    ["darwin", {}, "open"],
    ["win32", {}, "rundll32"],
  ])("is opened on %s", (platform, env, program) => {
    expect(browserCommand(address, env, platform)?.[0]).toBe(program);
  });
});
