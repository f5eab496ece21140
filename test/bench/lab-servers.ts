/** The lab's server and the official JupyterLab, started and asked alike. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, startJupyterServer } from "../lab/jupyter-server.ts";

const project = join(import.meta.dirname, "..", "..");

/** A server that runs, in a process of its own. */
export interface Candidate {
  readonly pid: number;
  /** From the command to the address that it prints, in ms. */
  readonly readyMs: number;
  /** Such as `http://127.0.0.1:8888`. */
  readonly base: string;
  readonly token: string;
  /** A request with the token; `body` is sent as it is. Rejects unless the answer is 2xx. */
  ask(method: string, address: string, body?: string): Promise<ArrayBuffer>;
  close(): Promise<void>;
}

function candidate(
  server: { pid: number; base: string; token: string; close(): Promise<void> },
  started: number,
): Candidate {
  const headers = { Authorization: `token ${server.token}` };
  return {
    ...server,
    readyMs: performance.now() - started,
    async ask(method, address, body) {
      const answer = await fetch(server.base + address, { method, headers, body });
      const bytes = await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`${method} ${address}: ${answer.status} ${Buffer.from(bytes)}`);
      return bytes;
    },
  };
}

/** The lab's server, as `npm start` starts it. */
export async function startOurs(root: string): Promise<Candidate> {
  const started = performance.now();
  const main = join(project, "lab", "server", "dist", "main.js");
  const args = [main, "--no-browser", "--no-trash", "--port", "0", "--root", root, "--user", `${root}-user`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const address = await new Promise<URL>((resolve, reject) => {
    let text = "";
    void ended.then(() => reject(new Error(`the server ended before it was ready: ${text}`)));
    child.stdout.on("data", (part) => {
      text += part;
      const found = /http:\S+token=\w+(?=\s)/.exec(text);
      if (found) resolve(new URL(found[0]));
    });
  });
  const close = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  const token = String(address.searchParams.get("token"));
  return candidate({ pid: child.pid as number, base: address.origin, token, close }, started);
}

/** The official JupyterLab with the same kernel. */
export async function startOfficial(root: string): Promise<Candidate> {
  const port = await freePort();
  const started = performance.now();
  return candidate({ ...(await startJupyterServer(root, port, "jupyter-lab")), token: "test" }, started);
}

/** MB of memory that a process has, and has had at most since `forgetPeak`; NaN where the system does not tell. */
export function memoryOf(pid: number): { now: number; peak: number } {
  const text = process.platform === "linux" ? readFileSync(`/proc/${pid}/status`, "utf8") : "";
  const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)?.[1]) / 1000;
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}

/** MB that a process has written itself: without the code of Node or Python, which is read from a file. */
export function writtenMemoryOf(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Private_Dirty:\s+(\d+) kB/m.exec(text)?.[1]) / 1000;
}

export function forgetPeak(pid: number): void {
  if (process.platform === "linux") writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** The processor time that a process has used so far, in ms; NaN where the system does not tell. */
function processorTime(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  // The name of the program, in brackets, may hold anything; times are in hundredths of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** How long `work` takes, how much of it on a processor, and how long another request waits meanwhile at most, in ms. */
export async function besides(
  server: Candidate,
  work: () => Promise<unknown>,
): Promise<{ took: number; processor: number; waited: number }> {
  const started = performance.now();
  const before = processorTime(server.pid);
  let took = 0;
  const done = work().finally(() => {
    took = performance.now() - started;
  });
  // It is told at the end.
  done.catch(() => {});
  let waited = 0;
  while (took === 0) {
    const asked = performance.now();
    await server.ask("GET", "/api/me");
    waited = Math.max(waited, performance.now() - asked);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await done;
  return { took, processor: processorTime(server.pid) - before, waited };
}
