/** The kernel beside stock tslab and Deno's kernel: starts, cells, questions, printed lines, memory. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Kernel, kernels, streamText } from "../kernel/client.ts";
import { debuggerCosts } from "./kernel/debugger.ts";
import { type Folders, makeFolders } from "./kernel/folders.ts";
import { growth } from "./kernel/growth.ts";
import { residentMegabytes } from "./kernel/memory.ts";
import { questions } from "./kernel/questions.ts";
import { median } from "./measure.ts";
import { type Row, row } from "./row.ts";
import { buildSnapshot } from "./snapshot.ts";

export const name = "kernel";

const rounds = 5;
const roundsElsewhere = 3;
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

/** Lets a kernel write down the compiled code of its modules, as one does that is used and not only measured. */
async function warmUp(variant: Variant): Promise<void> {
  await using kernel = await Kernel.start(variant);
  await kernel.run("await new Promise((done) => setTimeout(done, 3000))");
}

async function measure({ argv, env }: Variant, cwd: string): Promise<Measure> {
  const started = performance.now();
  await using kernel = await Kernel.start({ argv, env, cwd });
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

/** Variants in turn, several times, so that a busy moment hits each alike. */
async function measureAll<K extends string>(
  variants: Record<K, Variant>,
  cwd: string,
  rounds: number,
): Promise<Record<K, Measure>> {
  const names = Object.keys(variants) as K[];
  const measures = new Map(names.map((name) => [name, [] as Measure[]]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) measures.get(name)!.push(await measure(variants[name], cwd));
  }
  const summary = (of: Measure[]) => {
    const middle = (key: keyof Measure) => median(of.map((each) => each[key]));
    return { ready: middle("ready"), first: middle("first"), cell: middle("cell"), memory: middle("memory") };
  };
  return Object.fromEntries(names.map((name) => [name, summary(measures.get(name)!)])) as Record<K, Measure>;
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

/** Starts where readers start the kernel: stock tslab beside it. */
async function starts({ empty, project }: Folders): Promise<Row[]> {
  const both = { ours: variants.snapshot!, stock: variants.stock! };
  const places = [
    ["in an empty folder", empty],
    ["in a project with 30 packages", project],
  ] as const;
  const rows: Row[] = [];
  for (const [where, cwd] of places) {
    const { ours, stock } = await measureAll(both, cwd, roundsElsewhere);
    rows.push(row(`first result ${where} / stock`, ours.first, stock.first, "ms", "at most 0.5 ×"));
  }
  return rows;
}

async function manyCells(): Promise<Row[]> {
  const { ours, stock } = await growth(kernels);
  return [
    row("300th cell : 10th / stock", ours!.ratio, stock!.ratio, "×", "at most 1.3 (ours)"),
    row("300th cell / stock", ours!.at300, stock!.at300, "ms", "–"),
    row("memory after 500 cells / stock", ours!.megabytes, stock!.megabytes, "MB", "at most 0.5 ×"),
  ];
}

/** Stock answers none while a cell runs, so that a few questions tell all. */
async function waits(): Promise<Row[]> {
  const ours = await questions(kernels.ours, 40, 60_000);
  const stock = await questions(kernels.stock, 4, 2000);
  const goal = "at most 100 ms";
  return [
    row("completion, p95 / stock", ours.completion, stock.completion, "ms", goal),
    row("inspection, p95 / stock", ours.inspection, stock.inspection, "ms", goal),
    row("completion while a cell runs, p95 / stock", ours.busyCompletion, stock.busyCompletion, "ms", goal),
    row("inspection while a cell runs, p95 / stock", ours.busyInspection, stock.busyInspection, "ms", goal),
  ];
}

/** Without a client a debugger costs nothing. */
async function debugging(): Promise<Row[]> {
  const { never, gone, attached } = await debuggerCosts();
  const goal = "at most 1.1 ×";
  return [
    row("CPU of a cell, after a debugger / never one", gone.cell, never.cell, "ms", goal),
    row("CPU of a cell, debugger attached / never one", attached.cell, never.cell, "ms", "–"),
    row("CPU of toThread, after a debugger / never one", gone.call, never.call, "µs", goal),
    row("CPU of toThread, debugger attached / never one", attached.call, never.call, "µs", "–"),
  ];
}

export async function bench(): Promise<Row[]> {
  await buildSnapshot();
  const folders = makeFolders();
  try {
    return await rows(folders);
  } finally {
    folders.remove();
  }
}

async function rows(folders: Folders): Promise<Row[]> {
  for (const variant of [variants.launcher!, variants.snapshot!]) await warmUp(variant);
  const { launcher, snapshot, stock, deno } = await measureAll(variants, folders.collection, rounds);
  const { ms, arrived } = await printing(variants.launcher!);
  const denoPrinting = variants.deno && (await printing(variants.deno));
  const plain = await workers(variants.stock!);
  const fromSnapshot = await workers(variants.snapshot!);
  return [
    row("ready, launcher / stock", launcher!.ready, stock!.ready, "ms", "at most 250 ms"),
    row("ready, snapshot / Deno", snapshot!.ready, deno?.ready, "ms", "at most 250 ms"),
    row(
      "first result in this collection, launcher / stock",
      launcher!.first,
      stock!.first,
      "ms",
      "at most 0.85 ×",
    ),
    row(
      "first result in this collection, snapshot / stock",
      snapshot!.first,
      stock!.first,
      "ms",
      "at most 0.35 ×",
    ),
    row("first result, snapshot / Deno without types", snapshot!.first, deno?.first, "ms", "–"),
    ...(await starts(folders)),
    ...(await debugging()),
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
    ...(await manyCells()),
    ...(await waits()),
    // V8 reads the snapshot's code into every thread: the price of the faster start.
    row("start of a worker, snapshot / stock", fromSnapshot.ms, plain.ms, "ms", "–"),
    row("memory of a worker, snapshot / stock", fromSnapshot.megabytes, plain.megabytes, "MB", "–"),
  ];
}
