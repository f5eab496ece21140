/** The kernel beside stock tslab and Deno's kernel: starts, cells, printed lines, memory. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Kernel, kernels, streamText } from "../kernel/client.ts";
import { familyOf } from "../processes.ts";
import { median } from "./measure.ts";
import { type Row, row } from "./row.ts";
import { buildSnapshot } from "./snapshot.ts";

export const name = "kernel";

const rounds = 7;
const cellsPerRound = 15;
const lines = 100_000;

interface Variant {
  argv: string[];
  env?: NodeJS.ProcessEnv;
}

/** Deno's own executable: the script of its package would add a start of Node. */
function denoArgv(): string[] | undefined {
  const packages = join(import.meta.dirname, "node_modules", "@deno");
  if (!existsSync(packages)) return undefined;
  const executable = process.platform === "win32" ? "deno.exe" : "deno";
  const found = readdirSync(packages).map((folder) => join(packages, folder, executable));
  const path = found.find((file) => existsSync(file));
  return path ? [path, "jupyter", "--kernel", "--conn"] : undefined;
}

const off = { KERNEL_HELPERS_SNAPSHOT: "off" };
const variants: Record<string, Variant> = {
  launcher: { argv: kernels.ours, env: off },
  snapshot: { argv: kernels.ours },
  stock: { argv: kernels.stock },
  ...(denoArgv() && { deno: { argv: denoArgv()!, env: { NO_COLOR: "1" } } }),
};

interface Measure {
  ready: number;
  first: number;
  cell: number;
  /** Resident megabytes once the first cell has run; Linux only. */
  memory: number;
}

/** What a kernel keeps in memory, all its processes together; a page that several share counts for each in part. */
function residentMegabytes(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  const kilobytes = (each: number) =>
    Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, "utf8"))![1]);
  return familyOf(pid).reduce((sum, each) => sum + kilobytes(each), 0) / 1024;
}

/** Lets a kernel write down the compiled code of its modules, as one does that is used and not only measured. */
async function warmUp(variant: Variant): Promise<void> {
  await using kernel = await Kernel.start(variant);
  await kernel.run("await new Promise((done) => setTimeout(done, 3000))");
}

async function measure({ argv, env }: Variant): Promise<Measure> {
  const started = performance.now();
  await using kernel = await Kernel.start({ argv, env });
  const ready = performance.now() - started;
  const id = await kernel.submit("1 + 1");
  await kernel.until(() => kernel.of(id).find(({ header }) => header.msg_type === "execute_reply"));
  const first = performance.now() - started;
  const memory = residentMegabytes(kernel.process.pid!);
  const times: number[] = [];
  for (let cell = 0; cell < cellsPerRound; cell++) {
    const before = performance.now();
    await kernel.run(`const n${cell}: number = ${cell}`);
    times.push(performance.now() - before);
  }
  return { ready, first, cell: median(times), memory };
}

/** All variants in turn, several times, so that a busy moment hits each alike. */
async function measureAll(): Promise<Map<string, Measure>> {
  for (const variant of [variants.launcher!, variants.snapshot!]) await warmUp(variant);
  const measures = new Map(Object.keys(variants).map((name) => [name, [] as Measure[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, variant] of Object.entries(variants)) measures.get(name)!.push(await measure(variant));
  }
  const middle = (of: Measure[], key: keyof Measure) => median(of.map((each) => each[key]));
  const summary = (of: Measure[]): Measure => ({
    ready: middle(of, "ready"),
    first: middle(of, "first"),
    cell: middle(of, "cell"),
    memory: middle(of, "memory"),
  });
  return new Map([...measures].map(([name, of]) => [name, summary(of)]));
}

async function printing(variant: Variant): Promise<{ ms: number; arrived: number }> {
  await using kernel = await Kernel.start(variant);
  await kernel.run("1");
  const before = performance.now();
  const answer = await kernel.run(`for (let i = 0; i < ${lines}; i++) console.log("line " + i)`);
  return { ms: performance.now() - before, arrived: streamText(answer).split("\n").length - 1 };
}

/** Starts threads in a cell one after another, as a pool does, and prints what each took. */
const eightWorkers = `
import { Worker } from "node:worker_threads";
import { once } from "node:events";
const source = "const { parentPort } = require('worker_threads'); parentPort.once('message', () => 0); parentPort.postMessage(1)";
const before = process.memoryUsage.rss();
const times: number[] = [];
for (let i = 0; i < 8; i++) {
  const started = performance.now();
  await once(new Worker(source, { eval: true }), "message");
  times.push(performance.now() - started);
}
console.log(JSON.stringify([times, (process.memoryUsage.rss() - before) / 8 / 2 ** 20]))`;

async function workers(variant: Variant): Promise<{ ms: number; megabytes: number }> {
  await using kernel = await Kernel.start(variant);
  await kernel.run("1");
  const [times, megabytes] = JSON.parse(streamText(await kernel.run(eightWorkers)));
  return { ms: median(times), megabytes };
}

export async function bench(): Promise<Row[]> {
  await buildSnapshot();
  const measured = await measureAll();
  const [launcher, snapshot, stock] = ["launcher", "snapshot", "stock"].map((name) => measured.get(name)!);
  const deno = measured.get("deno");
  const { ms, arrived } = await printing(variants.launcher!);
  const denoPrinting = variants.deno && (await printing(variants.deno));
  const plain = await workers(variants.stock!);
  const fromSnapshot = await workers(variants.snapshot!);
  return [
    row("ready, launcher / stock", launcher!.ready, stock!.ready, "ms", "at most 250 ms"),
    row("ready, snapshot / Deno", snapshot!.ready, deno?.ready, "ms", "at most 250 ms"),
    row("first result, launcher / stock", launcher!.first, stock!.first, "ms", "at most 0.85 ×"),
    row("first result, snapshot / stock", snapshot!.first, stock!.first, "ms", "at most 0.35 ×"),
    row("first result, snapshot / Deno without types", snapshot!.first, deno?.first, "ms", "–"),
    row("typed cell, launcher / stock", launcher!.cell, stock!.cell, "ms", "at most 0.6 ×"),
    row("typed cell, snapshot / stock", snapshot!.cell, stock!.cell, "ms", "at most 0.6 ×"),
    row("cell / Deno without types", launcher!.cell, deno?.cell, "ms", "–"),
    row(
      `${lines} lines: arrived / Deno`,
      arrived,
      denoPrinting?.arrived,
      "lines",
      "all; stock loses most",
      true,
    ),
    row(`${lines} lines: time / Deno`, ms, denoPrinting?.ms, "ms", "–"),
    row("memory after a cell, launcher / stock", launcher!.memory, stock!.memory, "MB", "at most 1 ×"),
    row("memory after a cell, snapshot / stock", snapshot!.memory, stock!.memory, "MB", "at most 1 ×"),
    // V8 reads the snapshot's code into every thread: the price of the faster start.
    row("start of a worker, snapshot / stock", fromSnapshot.ms, plain.ms, "ms", "–"),
    row("memory of a worker, snapshot / stock", fromSnapshot.megabytes, plain.megabytes, "MB", "–"),
  ];
}
