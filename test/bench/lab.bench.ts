import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import {
  decode,
  encode,
  type Frames,
  findKernelspec,
  type Kernel,
  newHeader,
  startKernel,
} from "notebook-tools";
import { packV1, protocolV1, unpackV1 } from "../../lab/server/dist/kernels/framing.js";
import { browserMissing, launchBrowser } from "../browser.ts";
import { jupyterMissing } from "../lab/jupyter-server.ts";
import {
  besides,
  type Candidate,
  forgetPeak,
  memoryOf,
  startOfficial,
  startOurs,
  writtenMemoryOf,
} from "./lab-servers.ts";
import { median, medians } from "./measure.ts";
import { type Row, row } from "./row.ts";
import { watchedLoopRows } from "./watched-loop.ts";

export const name = "lab";

const project = join(import.meta.dirname, "..", "..");

/** What is measured of each server in turn; without Jupyter of ours alone. */
type Servers = Record<string, Candidate>;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** The row of the two candidates' medians. */
async function inTurn(
  title: string,
  goal: string,
  rounds: number,
  servers: Servers,
  measure: (server: Candidate, name: string) => Promise<number>,
): Promise<Row> {
  const candidates = Object.entries(servers).map(([name, server]) => [
    name,
    async () => [await measure(server, name)],
  ]);
  const { ours, peer } = await medians<string>(rounds, Object.fromEntries(candidates));
  return row(title, ours!, peer, "ms", goal);
}

function each<T>(servers: Servers, value: (server: Candidate) => T): { ours: T; peer: T | undefined } {
  const { ours, peer } = servers;
  return { ours: value(ours!), peer: peer && value(peer) };
}

function executeRequest(code: string, header = newHeader("execute_request", "bench")): Frames {
  const content = { code, silent: false, store_history: true };
  return encode({ header, parent_header: {}, metadata: {}, content, buffers: [] });
}

interface Page {
  /** Runs a cell and resolves at its reply and `idle`. */
  run(code: string): Promise<void>;
  close(): void;
}

async function openPage(server: Candidate, kernelId: string): Promise<Page> {
  const address = `${server.base.replace("http", "ws")}/api/kernels/${kernelId}/channels?token=${server.token}`;
  const socket = new WebSocket(address, [protocolV1]);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  return {
    close: () => socket.close(),
    run: (code) =>
      new Promise((resolve) => {
        const header = newHeader("execute_request", "bench");
        const missing = new Set(["reply", "idle"]);
        const listener = ({ data }: MessageEvent) => {
          const { channel, frames } = unpackV1(Buffer.from(data));
          const message = decode(channel, frames);
          if (message.parent_header.msg_id !== header.msg_id) return;
          if (channel === "shell") missing.delete("reply");
          if (message.content.execution_state === "idle") missing.delete("idle");
          if (missing.size > 0) return;
          socket.removeEventListener("message", listener);
          resolve();
        };
        socket.addEventListener("message", listener);
        socket.send(packV1({ channel: "shell", frames: executeRequest(code, header) }));
      }),
  };
}

async function startKernelAt(server: Candidate): Promise<string> {
  const answer = await server.ask("POST", "/api/kernels", JSON.stringify({ name: "tslab" }));
  return JSON.parse(String(Buffer.from(answer))).id;
}

/** What the server adds to a kernel that is asked directly. */
async function cellRows(ours: Candidate): Promise<Row[]> {
  const kernel: Kernel = await startKernel(findKernelspec("tslab", project), { cwd: project });
  const id = await startKernelAt(ours);
  const page = await openPage(ours, id);
  const compare = async (title: string, code: string, rounds: number, goal: string) => {
    const time = await medians(rounds, {
      ours: async () => [await timed(() => page.run(code))],
      peer: async () => [await timed(() => kernel.execute(code))],
    });
    return row(title, time.ours, time.peer, "ms", goal);
  };
  try {
    const lines = "for (let i = 0; i < 5000; i++) console.log(i);";
    return [
      await compare("lab: one trivial cell / a kernel asked directly", "1 + 1", 40, "at most 1.1 ×"),
      await compare("lab: a cell that prints 5,000 lines / the same", lines, 5, "at most 2 ×"),
      ...(await watchedLoopRows(kernel)),
    ];
  } finally {
    page.close();
    await ours.ask("DELETE", `/api/kernels/${id}`);
    await kernel.shutdown();
  }
}

async function startRows(root: string): Promise<{ rows: Row[]; servers: Servers }> {
  const starters = { ours: startOurs, ...(jupyterMissing ? {} : { peer: startOfficial }) };
  const running: Servers = {};
  const restarted = (name: string, start: (root: string) => Promise<Candidate>) => async () => {
    await running[name]?.close();
    const server = await start(root);
    running[name] = server;
    return [server.readyMs];
  };
  const candidates = Object.entries(starters).map(([name, start]) => [name, restarted(name, start)]);
  const ready = await medians<string>(3, Object.fromEntries(candidates));
  const memory = each(running, ({ pid }) => memoryOf(pid).now);
  const written = each(running, ({ pid }) => writtenMemoryOf(pid));
  return {
    servers: running,
    rows: [
      row("lab: server ready", ready.ours!, ready.peer, "ms", "at most 0.25 ×"),
      row("lab: memory at rest", memory.ours, memory.peer, "MB", "at most 0.5 ×"),
      row(
        "lab: the same without the code of Node or Python",
        written.ours,
        written.peer,
        "MB",
        "at most 0.5 ×",
      ),
    ],
  };
}

/** From a new page to a notebook whose kernel is idle. */
async function pageRow(servers: Servers): Promise<Row[]> {
  if (browserMissing) return [];
  const browser = await launchBrowser();
  try {
    const open = async (server: Candidate) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      const took = await timed(async () => {
        await page.goto(`${server.base}/lab/tree/small.ipynb?reset&token=${server.token}`);
        const idle = page.locator("#jp-main-statusbar").getByText("TypeScript | Idle");
        await idle.waitFor({ timeout: 120_000 });
      });
      await context.close();
      const kernels: { id: string }[] = JSON.parse(
        String(Buffer.from(await server.ask("GET", "/api/kernels"))),
      );
      for (const { id } of kernels) await server.ask("DELETE", `/api/kernels/${id}`);
      return took;
    };
    return [await inTurn("lab: page to kernel idle", "at most 0.8 ×", 5, servers, open)];
  } finally {
    await browser.close();
  }
}

/** Bytes as a client's WebSocket frame, for a mask of zeros. */
function masked(bytes: Buffer): Buffer {
  const head = Buffer.from([0x82, 0x80 | 126, bytes.length >> 8, bytes.length & 255, 0, 0, 0, 0]);
  return Buffer.concat([head, bytes]);
}

/** A page's socket that is never read. */
function openSilently({ base, token }: Candidate, kernelId: string): Promise<Socket> {
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  const upgrade = { Connection: "Upgrade", Upgrade: "websocket" };
  const webSocket = { "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13" };
  const asked = request(`${base}/api/kernels/${kernelId}/channels?session_id=lazy&token=${token}`, {
    headers: { ...upgrade, ...webSocket, "Sec-WebSocket-Protocol": protocolV1 },
  });
  asked.end();
  return new Promise((resolve, reject) => {
    asked.once("upgrade", (_, socket: Socket) => resolve(socket.pause()));
    asked.once("error", reject);
  });
}

/** What the server's memory grows by while a page does not read 300 lines of 1 MB, in MB. */
async function slowReader(server: Candidate, root: string): Promise<number> {
  const id = await startKernelAt(server);
  const lazy = await openSilently(server, id);
  const page = await openPage(server, id);
  await page.run("1");
  page.close();
  forgetPeak(server.pid);
  const before = memoryOf(server.pid).now;
  const end = join(root, "ended");
  const code = `for (let i = 0; i < 300; i++) {
  console.log("x".repeat(1e6));
  await new Promise((resolve) => setTimeout(resolve, 10));
}
require("node:fs").writeFileSync(${JSON.stringify(end)}, "");`;
  lazy.write(masked(packV1({ channel: "shell", frames: executeRequest(code) })));
  const deadline = Date.now() + 60_000;
  while (!existsSync(end)) {
    if (Date.now() > deadline) throw new Error(`the cell that prints 300 MB did not end at ${server.base}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  rmSync(end);
  // What the kernel has said is on its way for a moment.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const { peak } = memoryOf(server.pid);
  lazy.destroy();
  await server.ask("DELETE", `/api/kernels/${id}`);
  return peak - before;
}

async function slowReaderRow({ ours, peer }: Servers, root: string): Promise<Row> {
  const grown = [await slowReader(ours!, root), peer && (await slowReader(peer, root))] as const;
  return row("lab: 300 MB to a page that does not read", ...grown, "MB", "at most 50 MB");
}

/** 500 cells with an output of 100 kB each, as lines, of 50 MB together. */
function largeNotebook(): string {
  const line = `${"0123456789".repeat(10)}\n`;
  const text = Array.from({ length: 1000 }, () => line);
  const cells = Array.from({ length: 500 }, (_, index) => ({
    cell_type: "code",
    execution_count: index + 1,
    id: `cell-${index}`,
    metadata: {},
    outputs: [{ name: "stdout", output_type: "stream", text }],
    source: [`console.log(${index});`],
  }));
  return JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }, null, 1);
}

/** A notebook of 50 MB, read and saved again as JupyterLab does it: time, others' waiting, memory. */
export async function largeRows(servers: Servers): Promise<Row[]> {
  const address = "/api/contents/large.ipynb";
  type Figures = Record<"read" | "save" | "readCpu" | "saveCpu" | "wait" | "peak", number[]>;
  const figures: Record<string, Figures> = {};
  for (const name of Object.keys(servers))
    figures[name] = { read: [], save: [], readCpu: [], saveCpu: [], wait: [], peak: [] };
  for (let round = 0; round < 3; round++) {
    for (const [name, server] of Object.entries(servers)) {
      const { read, save, readCpu, saveCpu, wait, peak } = figures[name]!;
      let model = "";
      forgetPeak(server.pid);
      const reading = await besides(server, async () => {
        const bytes = await server.ask("GET", `${address}?content=1`);
        model = Buffer.from(bytes).toString();
      });
      const { type, format, content } = JSON.parse(model);
      const body = JSON.stringify({ type, format, content });
      const saving = await besides(server, () => server.ask("PUT", address, body));
      read.push(reading.took);
      save.push(saving.took);
      readCpu.push(reading.processor);
      saveCpu.push(saving.processor);
      wait.push(Math.max(reading.waited, saving.waited));
      peak.push(memoryOf(server.pid).peak);
    }
  }
  const of = (what: keyof Figures, title: string, unit: string, goal: string) =>
    row(title, median(figures.ours![what]), figures.peer && median(figures.peer[what]), unit, goal);
  return [
    of("read", "lab: a notebook of 50 MB is read", "ms", "at most 1 ×"),
    of("readCpu", "lab: the same, processor time", "ms", "at most 1 ×"),
    of("save", "lab: it is saved", "ms", "at most 1 ×"),
    of("saveCpu", "lab: the same, processor time", "ms", "at most 1 ×"),
    of("wait", "lab: another request waits meanwhile, at most", "ms", "at most 500 ms"),
    of("peak", "lab: the server's memory meanwhile, at most", "MB", "at most 1 ×"),
  ];
}

function fill(root: string): void {
  mkdirSync(join(root, "many"));
  for (let i = 0; i < 5000; i++) writeFileSync(join(root, "many", `file-${i}.txt`), "x");
  writeFileSync(join(root, "large.ipynb"), largeNotebook());
  const kernelspec = { display_name: "TypeScript", language: "typescript", name: "tslab" };
  const small = { cells: [], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
  writeFileSync(join(root, "small.ipynb"), JSON.stringify(small));
}

/** The lab's server beside the official JupyterLab, each row in turn in one run. */
export async function bench(): Promise<Row[]> {
  const parent = join(project, "out", "bench-lab");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "run-"));
  const root = join(folder, "root");
  mkdirSync(root);
  fill(root);
  let servers: Servers = {};
  try {
    const started = await startRows(root);
    servers = started.servers;
    const list = (server: Candidate) => timed(() => server.ask("GET", "/api/contents/many?content=1"));
    return [
      ...started.rows,
      ...(await pageRow(servers)),
      ...(await cellRows(servers.ours!)),
      await slowReaderRow(servers, root),
      await inTurn("lab: 5,000 files listed", "at most 0.1 ×", 7, servers, list),
      ...(await largeRows(servers)),
    ];
  } finally {
    for (const server of Object.values(servers)) await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
