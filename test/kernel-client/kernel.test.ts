import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  decode,
  encode,
  findKernelspec,
  type Kernel,
  KernelDiedError,
  type KernelOptions,
  KernelStartError,
  type Message,
  newHeader,
  startKernel,
} from "../../notebook-tools/kernel-client";
import { freePorts } from "../../notebook-tools/kernel-client/connection";
import { isRunning, until } from "../processes.ts";
import { kernelsForTests, temporaryFolder } from "../run/kernels.ts";

const JUPYTER_PATH = kernelsForTests();
const cwd = temporaryFolder();
const started: Kernel[] = [];

async function start(name = "scripted", options: Partial<KernelOptions> = {}): Promise<Kernel> {
  const kernel = await startKernel(findKernelspec(name, cwd, { JUPYTER_PATH }), { cwd, ...options });
  started.push(kernel);
  return kernel;
}

const ended = (pid: number): Promise<boolean> => until(() => !isRunning(pid));

async function textOf(kernel: Kernel, code: string): Promise<string> {
  let text = "";
  await kernel.execute(code, {
    onMessage: ({ header, content }: Message) => {
      if (header.msg_type === "stream") text += content.text;
    },
  });
  return text;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((kernel) => kernel.shutdown({ graceMs: 100 })));
});

describe("starting", () => {
  it("tells what the kernel says of itself and runs it in the folder asked for", async () => {
    const kernel = await start();
    expect(kernel.info.implementation).toBe("scripted");
    expect(await textOf(kernel, "print(environment.PWD ? 'has an environment' : '')")).toBe(
      "has an environment",
    );
  });

  it.each(["scripted", "wordless"])(
    "starts again with other ports when one was taken meanwhile: %s",
    async (name) => {
      const server = createServer((socket) => socket.resume());
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      const { port } = server.address() as { port: number };
      let asked = 0;
      const ports = async (count: number) => {
        const free = await freePorts(count);
        return asked++ === 0 ? [port, ...free.slice(1)] : free;
      };
      const kernel = await start(name, { ports });
      expect(asked).toBe(2);
      expect((await kernel.execute("")).status).toBe("ok");
      await new Promise((done) => server.close(done));
    },
  );

  it("fails with what the process wrote when it ends at once, and when the program is missing", async () => {
    await expect(start("never-starts")).rejects.toThrow(KernelStartError);
    await expect(start("never-starts")).rejects.toThrow(/exited with code 7.*no licence/s);
    await expect(start("missing-program")).rejects.toThrow(/did not start.*ENOENT/s);
  });
});

describe("starting a kernel that never answers", () => {
  it("is given up after a while, or when nobody wants it any more, and leaves no process", async () => {
    await expect(start("mute", { startTimeoutMs: 300 })).rejects.toThrow(/did not answer within 0\.3 s/);
    const stop = new AbortController();
    const starting = start("mute", { signal: stop.signal });
    setTimeout(() => stop.abort("Ctrl-C"), 100);
    await expect(starting).rejects.toThrow(/was not waited for: Ctrl-C/);
  });
});

describe("executing", () => {
  it("passes over a message that is none, and keeps a line about it", async () => {
    const kernel = await start();
    expect(await textOf(kernel, "send('stream', null, 7); print('on')")).toBe("on");
    expect(kernel.output).toMatch(/A message on iopub was ignored: a part of it is 7\n/);
  });

  it("delivers output in order and resolves when reply and idle are in", async () => {
    const kernel = await start();
    const seen: string[] = [];
    const outcome = await kernel.execute("print('a'); printError('b'); result({'text/plain': 'c'})", {
      onMessage: ({ header }) => seen.push(header.msg_type),
    });
    expect(seen).toEqual(["stream", "stream", "execute_result"]);
    expect(outcome).toMatchObject({ status: "ok", idle: true, askedForInput: false });
  });

  it("notices that idle or the reply was lost, instead of waiting for ever", async () => {
    const kernel = await start();
    expect(await kernel.execute("noIdle()")).toMatchObject({ status: "ok", idle: false });
    expect(await kernel.execute("noReply()")).toMatchObject({ status: null, idle: true });
  });

  it("ends a request for input that nobody can answer", async () => {
    const kernel = await start();
    expect(await kernel.execute("await ask()")).toMatchObject({ askedForInput: true, idle: true });
  });

  it("hands a request for input to whoever can answer, and the answer back", async () => {
    const kernel = await start();
    let text = "";
    const outcome = await kernel.execute("print('hello ' + (await ask()))", {
      onInput: (prompt) => `the one asked ${prompt}`,
      onMessage: ({ content }) => {
        text += content.text;
      },
    });
    expect(outcome).toMatchObject({ askedForInput: false, status: "ok" });
    expect(text).toBe("hello the one asked name? ");
  });

  it("rejects with the reason of the signal that ends the waiting", async () => {
    const kernel = await start();
    const stop = new AbortController();
    const running = kernel.execute("print('x'); await hang()", {
      signal: stop.signal,
      onMessage: () => stop.abort("enough"),
    });
    await expect(running).rejects.toBe("enough");
  });

  it("rejects when the process ends, after its last output was delivered", async () => {
    const kernel = await start();
    let text = "";
    const running = kernel.execute("await print('last words'); exit(3)", {
      onMessage: ({ content }) => {
        text += content.text;
      },
    });
    await expect(running).rejects.toThrow(KernelDiedError);
    await expect(running).rejects.toThrow(/exited with code 3/);
    expect(text).toBe("last words");
    await expect(kernel.execute("1")).rejects.toThrow(KernelDiedError);
  });
});

describe("raw frames", () => {
  it("pass through signed and verified, so that a server can hand them on", async () => {
    const kernel = await start();
    const header = newHeader("kernel_info_request", "front-end");
    const reply = new Promise<Message>((done) => {
      kernel.onFrames((channel, frames) => {
        const message = decode(channel, frames);
        if (channel === "shell" && message.parent_header.msg_id === header.msg_id) done(message);
      });
    });
    await kernel.send("shell", encode({ header, parent_header: {}, metadata: {}, content: {}, buffers: [] }));
    expect((await reply).header.msg_type).toBe("kernel_info_reply");
  });
});

/** A program that says `pid=N` of the kernel it has started. */
async function clientOf(source: string): Promise<{ process: ChildProcess; kernel: number }> {
  const child = spawn(process.execPath, ["-e", source], {
    cwd,
    env: { ...process.env, JUPYTER_PATH },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kernel = await new Promise<number>((done) => {
    child.stdout!.on("data", (chunk) => done(Number(/pid=(\d+)/.exec(String(chunk))?.[1])));
  });
  return { process: child, kernel };
}

describe("the end", () => {
  const withChild = `
    const { spawn } = await import("node:child_process");
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    await print(String(child.pid));`;

  it("of a kernel that was asked takes its children with it", async () => {
    const kernel = await start();
    const child = Number(await textOf(kernel, withChild));
    expect(isRunning(child)).toBe(true);
    const exit = await kernel.shutdown();
    expect(exit.code).toBe(0);
    await ended(child);
    expect(isRunning(kernel.pid!)).toBe(false);
  });

  it("comes to a kernel that ignores requests and signals, too", async () => {
    const kernel = await start();
    await kernel.execute("beDeaf()");
    const exit = await kernel.shutdown({ graceMs: 100 });
    expect(exit.signal).toBe("SIGKILL");
  });

  it("by SIGKILL from outside is told to the listener, and takes the children with it", async () => {
    const kernel = await start();
    const child = Number(await textOf(kernel, withChild));
    const told = new Promise<string>((done) => kernel.onExit(({ reason }) => done(reason)));
    process.kill(kernel.pid!, "SIGKILL");
    expect(await told).toMatch(/killed by SIGKILL/);
    await ended(child);
  });

  it("leaves no connection file, not even to a program that exits right after", async () => {
    const kernel = await start();
    const file = await textOf(kernel, "print(process.argv[2])");
    expect(existsSync(file)).toBe(true);
    await kernel.shutdown();
    expect(existsSync(dirname(file))).toBe(false);
  });

  it("comes when the client is killed, which can run no code then", async () => {
    const client = `
      const { startKernel, findKernelspec } = require(${JSON.stringify(createRequire(import.meta.url).resolve("notebook-tools"))});
      startKernel(findKernelspec("scripted", process.cwd()), { cwd: process.cwd() }).then((kernel) => {
        console.log("pid=" + kernel.pid);
        setInterval(() => {}, 1000);
      });`;
    const killed = await clientOf(client);
    expect(isRunning(killed.kernel)).toBe(true);
    killed.process.kill("SIGKILL");
    await ended(killed.kernel);
  });

  it("is safe to ask for twice", async () => {
    const kernel = await start();
    expect(await kernel.shutdown()).toEqual(await kernel.shutdown());
  });
});

describe("interrupting and restarting", () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await startKernel(findKernelspec("scripted", cwd, { JUPYTER_PATH }), { cwd });
  });
  afterAll(async () => {
    await kernel.shutdown();
  });

  it("stops what runs and leaves the kernel usable", async () => {
    const running = kernel.execute("print('on'); await hang()", { onMessage: () => void kernel.interrupt() });
    expect((await running).status).toBe("error");
    expect((await kernel.execute("")).status).toBe("ok");
  });

  it("gives a new process to the same object and the same listeners", async () => {
    const before = kernel.pid;
    let heard = 0;
    const off = kernel.onMessage(() => heard++);
    await kernel.restart();
    off();
    expect(kernel.pid).not.toBe(before);
    expect(heard).toBeGreaterThan(0);
    expect((await kernel.execute("")).status).toBe("ok");
    expect(existsSync(`/proc/${before}/cmdline`)).toBe(false);
  });
});
