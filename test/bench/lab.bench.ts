import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode, findKernelspec, type Kernel, newHeader, startKernel } from "notebook-tools";
import { packV1, protocolV1, unpackV1 } from "../../lab/server/dist/kernels/framing.js";
import { median } from "./measure.ts";
import { type Row, row } from "./row.ts";

export const name = "lab";

const project = join(import.meta.dirname, "..", "..");
const rounds = 30;

interface Server {
  child: ChildProcess;
  address: URL;
  readyMs: number;
}

/** Starts the server as `npm start` does, and resolves when it has printed its address. */
function startServer(user: string): Promise<Server> {
  const started = performance.now();
  const main = join(project, "lab", "server", "dist", "main.js");
  const child = spawn(process.execPath, [main, "--no-browser", "--port", "0", "--user", user], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    let text = "";
    child.once("exit", () => reject(new Error(`the server ended before it was ready: ${text}`)));
    child.stdout.on("data", (part) => {
      text += part;
      const found = /http:\S+token=\w+(?=\s)/.exec(text);
      if (found) resolve({ child, address: new URL(found[0]), readyMs: performance.now() - started });
    });
  });
}

interface Page {
  /** Runs a cell and resolves at its reply and `idle`. */
  run(code: string): Promise<void>;
}

async function openPage({ address }: Server): Promise<Page> {
  const token = address.searchParams.get("token");
  const headers = { Authorization: `token ${token}` };
  const answer = await fetch(`${address.origin}/api/kernels`, { method: "POST", headers, body: "{}" });
  const { id } = (await answer.json()) as { id: string };
  const socket = new WebSocket(`ws://${address.host}/api/kernels/${id}/channels?token=${token}`, [
    protocolV1,
  ]);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  return {
    run: (code) =>
      new Promise((resolve) => {
        const header = newHeader("execute_request", "bench");
        const content = { code, silent: false, store_history: true };
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
        const parts = { header, parent_header: {}, metadata: {}, content, buffers: [] };
        socket.send(packV1({ channel: "shell", frames: encode(parts) }));
      }),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Both in turn, so that neither gets the quieter moments of the machine. */
async function compared(ours: () => Promise<unknown>, peer: () => Promise<unknown>, times: number) {
  const measured = { ours: [] as number[], peer: [] as number[] };
  await ours();
  await peer();
  for (let round = 0; round < times; round++) {
    measured.ours.push(await timed(ours));
    measured.peer.push(await timed(peer));
  }
  return { ours: median(measured.ours), peer: median(measured.peer) };
}

async function comparedRow(
  title: string,
  code: string,
  times: number,
  goal: string,
  page: Page,
  kernel: Kernel,
): Promise<Row> {
  const { ours, peer } = await compared(
    () => page.run(code),
    () => kernel.execute(code),
    times,
  );
  return row(title, ours, peer, "ms", goal);
}

/** The lab's own part: how soon it is there, and what its WebSocket adds to a kernel asked directly. */
export async function bench(): Promise<Row[]> {
  const user = mkdtempSync(join(tmpdir(), "lab-bench-"));
  const server = await startServer(user);
  const kernel = await startKernel(findKernelspec("tslab", project), { cwd: project });
  try {
    const page = await openPage(server);
    const lines = "for (let i = 0; i < 5000; i++) console.log(i);";
    return [
      {
        name: "lab: server ready",
        ours: server.readyMs,
        peer: null,
        unit: "ms",
        ratio: null,
        goal: "at most 500 ms",
        higherIsBetter: false,
      },
      await comparedRow("lab: one trivial cell", "1 + 1", rounds, "at most 1.25 ×", page, kernel),
      await comparedRow("lab: a cell that prints 5,000 lines", lines, 5, "at most 2 ×", page, kernel),
    ];
  } finally {
    server.child.kill("SIGTERM");
    await kernel.shutdown();
    rmSync(user, { recursive: true, force: true });
  }
}
