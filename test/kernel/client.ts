/** A small Jupyter client: one kernel process and its five sockets, nothing hidden. */

import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Dealer, Request, Subscriber } from "zeromq";
import { kernelspec } from "../../kernel-helpers/dist/kernel/kernelspec.js";
import { watchOrphan } from "../../notebook-tools/dist/kernel-client/orphan-watchdog.js";

export const root = resolve(import.meta.dirname, "..", "..");
const node = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");

const launcher = join(root, "kernel-helpers", "dist", "kernel", "launcher.js");

/** The kernels under test: what argv each is started with, before the connection file. */
export const kernels = {
  ours: kernelspec(node, launcher).argv.slice(0, -1),
  stock: [node, join(root, "node_modules", "tslab", "bin", "tslab"), "kernel", "--config-path"],
};

export interface Message {
  socket: "iopub" | "shell" | "control" | "stdin";
  header: { msg_type: string; msg_id: string; [key: string]: unknown };
  parent: { msg_id?: string };
  metadata: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: the content's shape is what the tests assert
  content: any;
}

/** What one request brought: its reply and everything published on its behalf until idle. */
export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: the content's shape is what the tests assert
  reply: any;
  published: Message[];
}

const delimiter = Buffer.from("<IDS|MSG>");

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** How often to ask whether a kernel is there, and to connect to one that is not yet: this shall not add to its start. */
const askMs = 20;
/** Stock tslab goes deaf for good when it is asked while its sockets bind: the more often, the likelier. */
const askStockMs = 250;

export interface StartOptions {
  argv?: string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Makes the reader of IOPub slow: it takes one message, then waits this long. */
  pauseMs?: number;
}

/** What messages are signed with. */
const key = randomUUID();

/** A started kernel. `await using` ends its whole process group. */
export class Kernel {
  readonly received: Message[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #session = randomUUID();
  readonly #askMs: number;
  readonly #shell: Dealer;
  readonly #control = new Dealer({ linger: 0 });
  /** Has the identity of `#shell`: a question goes to who runs the cell. */
  readonly #stdin: Dealer;
  readonly #iopub: Subscriber;
  readonly #pauseMs: number;
  readonly exit: Promise<number | string>;
  /** What the process wrote to its own stdout and stderr, past the protocol. */
  printed = "";

  readonly process: ChildProcess;
  readonly folder: string;
  /** The identity of the client's connections, and where the kernel's shell is. */
  routingId = "";
  shellAddress = "";
  readonly heartbeat = new Request({ linger: 0 });

  private constructor(process: ChildProcess, folder: string, { argv, pauseMs = 0 }: StartOptions) {
    this.#pauseMs = pauseMs;
    this.#askMs = argv === kernels.stock ? askStockMs : askMs;
    const routingId = `client-${randomUUID()}`;
    this.routingId = routingId;
    this.#shell = new Dealer({ routingId, sendHighWaterMark: 0, linger: 0, reconnectInterval: askMs });
    this.#stdin = new Dealer({ routingId, linger: 0 });
    this.#iopub = new Subscriber({
      receiveHighWaterMark: pauseMs > 0 ? 1 : 0,
      linger: 0,
      reconnectInterval: askMs,
    });
    this.process = process;
    this.folder = folder;
    this.exit = once(process, "exit").then(([code, signal]) => code ?? signal);
    process.stdout?.on("data", (text) => (this.printed += text));
    process.stderr?.on("data", (text) => (this.printed += text));
    this.exit.then(() => this.#wake());
  }

  /** Spawns a kernel and waits until it answers. */
  static async start(options: StartOptions = {}): Promise<Kernel> {
    const kernel = await Kernel.spawn(options);
    await kernel.ready();
    return kernel;
  }

  /** Spawns a kernel and connects, without asking it anything. */
  static async spawn(options: StartOptions = {}): Promise<Kernel> {
    const { argv = kernels.ours, cwd = root, env } = options;
    const folder = mkdtempSync(join(tmpdir(), "kernel-test-"));
    const [shell_port, iopub_port, control_port, stdin_port, hb_port] = await freePorts(5);
    const file = join(folder, "connection.json");
    const connection = {
      transport: "tcp",
      ip: "127.0.0.1",
      key,
      signature_scheme: "hmac-sha256",
      ...{ shell_port, iopub_port, control_port, stdin_port, hb_port },
    };
    writeFileSync(file, JSON.stringify(connection));
    const child = spawn(argv[0]!, [...argv.slice(1), file], {
      cwd,
      env: { ...process.env, JPY_PARENT_PID: String(process.pid), ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const kernel = new Kernel(child, folder, options);
    // Stock tslab does not know of JPY_PARENT_PID: without a watchdog it outlives a test that never got an answer.
    if (child.pid !== undefined) child.once("exit", watchOrphan(child.pid));
    kernel.#iopub.subscribe();
    kernel.#iopub.connect(`tcp://127.0.0.1:${iopub_port}`);
    kernel.#shell.connect(`tcp://127.0.0.1:${shell_port}`);
    kernel.shellAddress = `tcp://127.0.0.1:${shell_port}`;
    kernel.#control.connect(`tcp://127.0.0.1:${control_port}`);
    kernel.heartbeat.connect(`tcp://127.0.0.1:${hb_port}`);
    kernel.#stdin.connect(`tcp://127.0.0.1:${stdin_port}`);
    kernel.#listen(kernel.#stdin, "stdin");
    kernel.#listen(kernel.#iopub, "iopub");
    kernel.#listen(kernel.#shell, "shell");
    kernel.#listen(kernel.#control, "control");
    return kernel;
  }

  async #listen(socket: AsyncIterable<Buffer[]>, name: Message["socket"]) {
    try {
      for await (const frames of socket) {
        const start = frames.findIndex((frame) => frame.equals(delimiter));
        const parts = frames.slice(start + 2, start + 6);
        const signature = createHmac("sha256", key);
        for (const part of parts) signature.update(part);
        if (signature.digest("hex") !== frames[start + 1]!.toString()) throw new Error("bad signature");
        const [header, parent, metadata, content] = parts.map((part) => JSON.parse(part.toString()));
        this.received.push({ socket: name, header, parent, metadata, content });
        this.#wake();
        if (name === "iopub" && this.#pauseMs > 0) await delay(this.#pauseMs);
      }
    } catch (error) {
      if (!this.#iopub.closed) throw error;
    }
  }

  #wake() {
    for (const wake of this.#waiting) wake();
  }

  /** Asks for kernel_info over a second connection with the identity of the first, as after a cut of the network. */
  async reconnect(): Promise<string> {
    const shell = new Dealer({ routingId: this.routingId, linger: 0 });
    shell.connect(this.shellAddress);
    const header = { msg_id: randomUUID(), msg_type: "kernel_info_request", session: "again" };
    const parts = [header, {}, {}, {}].map((part) => JSON.stringify(part));
    const signature = createHmac("sha256", key);
    for (const part of parts) signature.update(part);
    await shell.send([delimiter, signature.digest("hex"), ...parts]);
    const frames = await shell.receive();
    shell.close();
    return JSON.parse(frames[2]!.toString()).msg_type;
  }

  /** Sends a request and returns its message id. */
  async send(
    msg_type: string,
    content: object = {},
    channel: "shell" | "control" | "stdin" = "shell",
  ): Promise<string> {
    const msg_id = randomUUID();
    const date = new Date().toISOString();
    const header = { msg_id, msg_type, session: this.#session, username: "test", date, version: "5.4" };
    const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
    const signature = createHmac("sha256", key);
    for (const part of parts) signature.update(part);
    const socket = { shell: this.#shell, control: this.#control, stdin: this.#stdin }[channel];
    await socket.send([delimiter, signature.digest("hex"), ...parts]);
    return msg_id;
  }

  /** Resolves with the first value that `find` returns for what has been received; fails when the kernel ends. */
  async until<T>(find: (received: Message[]) => T | undefined): Promise<T> {
    for (;;) {
      const found = find(this.received);
      if (found !== undefined) return found;
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`the kernel ended before its answer; it printed: ${this.printed}`);
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  /** Asks for kernel_info until both the reply and an IOPub status have arrived. */
  async ready(): Promise<Answer["reply"]> {
    const asked: string[] = [];
    const ask = async () => asked.push(await this.send("kernel_info_request"));
    const timer = setInterval(ask, this.#askMs);
    try {
      await ask();
      return await this.until((all) => {
        const mine = all.filter(({ parent }) => asked.includes(parent.msg_id ?? ""));
        const reply = mine.find(({ header }) => header.msg_type === "kernel_info_reply");
        return mine.some(({ socket }) => socket === "iopub") ? reply?.content : undefined;
      });
    } finally {
      clearInterval(timer);
    }
  }

  /** The messages that answer the request `id`. */
  of(id: string, msg_type?: string): Message[] {
    return this.received.filter(
      ({ parent, header }) =>
        parent.msg_id === id && (msg_type === undefined || header.msg_type === msg_type),
    );
  }

  /** Waits for the reply to `id` and for idle on IOPub. */
  async answer(id: string): Promise<Answer> {
    return this.until(() => {
      const mine = this.of(id);
      const reply = mine.find(({ socket }) => socket === "shell" || socket === "control");
      const published = mine.filter(({ socket }) => socket === "iopub");
      const idle = published.some(({ content }) => content.execution_state === "idle");
      return reply && idle ? { reply: reply.content, published } : undefined;
    });
  }

  async ask(msg_type: string, content: object = {}, channel: "shell" | "control" = "shell") {
    return this.answer(await this.send(msg_type, content, channel));
  }

  /** Sends a cell and returns its message id. */
  submit(code: string, options: object = {}): Promise<string> {
    return this.send("execute_request", { code, silent: false, store_history: true, ...options });
  }

  /** Runs a cell to its end. */
  async run(code: string, options: object = {}): Promise<Answer> {
    return this.answer(await this.submit(code, options));
  }

  /** Runs a cell that asks, and gives the answers in turn. Resolves with what was asked, too. */
  async runAnswering(code: string, answers: string[]) {
    const id = await this.submit(code, { allow_stdin: true });
    for (const [index, value] of answers.entries()) {
      const asked = () => this.of(id, "input_request")[index];
      await this.until(() => asked() ?? this.of(id, "execute_reply")[0]);
      if (!asked()) break;
      await this.send("input_reply", { value }, "stdin");
    }
    const answer = await this.answer(id);
    return { ...answer, asked: this.of(id, "input_request").map(({ content }) => content) };
  }

  async [Symbol.asyncDispose]() {
    this.#stdin.close();
    this.#iopub.close();
    this.#shell.close();
    this.#control.close();
    this.heartbeat.close();
    if (this.process.exitCode === null && this.process.signalCode === null) {
      process.kill(-this.process.pid!, "SIGKILL");
      await this.exit;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The text of one stream of an answer. */
export function streamText(answer: Answer, name: "stdout" | "stderr" = "stdout"): string {
  return answer.published
    .filter(({ header, content }) => header.msg_type === "stream" && content.name === name)
    .map(({ content }) => content.text)
    .join("");
}

/** The first published content of one type. */
export function published(answer: Answer, msg_type: string) {
  return answer.published.find(({ header }) => header.msg_type === msg_type)?.content;
}
