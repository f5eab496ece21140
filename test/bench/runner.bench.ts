/** `nb run` beside `jupyter nbconvert --execute`: the same notebooks and kernels in the same run. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { findKernelspec, runNotebooks, startKernel } from "notebook-tools";
import { medians } from "./measure.ts";
import { jupyter } from "./python.ts";
import { type Row, row } from "./row.ts";
import { buildSnapshot } from "./snapshot.ts";

export const name = "runner";

const run = promisify(execFile);
const project = join(import.meta.dirname, "..", "..");
const nb = join(project, "notebook-tools", "bin", "nb.js");
const ownKernels = join(project, "node_modules", ".jupyter");
const rounds = 3;
const manyCells = 200;
const bigOutput = 100_000_000;

export async function bench(): Promise<Row[]> {
  await buildSnapshot();
  // Inside the project, where this collection's notebooks are: elsewhere the kernel finds other type packages,
  // which its snapshot does not hold.
  mkdirSync(join(project, "out"), { recursive: true });
  const folder = mkdtempSync(join(project, "out", "bench-runner-"));
  const kernels = join(folder, "jupyter");
  writeStockKernel(kernels);
  // nbconvert knows nothing of node_modules/.jupyter; so that both find the same kernels, both are told.
  const env = { ...process.env, JUPYTER_PATH: [kernels, ownKernels].join(delimiter) };
  const tools: Tools = { folder, env, program: await jupyter() };
  try {
    return [
      ...(await trivialCells(tools)),
      ...(await collection(tools)),
      await overhead(folder),
      ...(await memory(tools)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Tools {
  folder: string;
  env: NodeJS.ProcessEnv;
  /** nbconvert's `jupyter`; null without Python. */
  program: string | null;
}

/** tslab as its package is, beside the project's launcher around it. */
function writeStockKernel(dataDir: string): void {
  const folder = join(dataDir, "kernels", "tslab-stock");
  const tslab = createRequire(import.meta.url).resolve("tslab/bin/tslab");
  const argv = [process.execPath, tslab, "kernel", "--config-path", "{connection_file}"];
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "kernel.json"),
    JSON.stringify({ argv, display_name: "tslab", language: "typescript" }),
  );
}

function writeNotebook(folder: string, file: string, kernel: string, sources: string[]): string {
  const cells = sources.map((source, index) => ({
    ...{ cell_type: "code", execution_count: null, id: `c${index}`, metadata: {}, outputs: [], source },
  }));
  const metadata = { kernelspec: { name: kernel, display_name: kernel, language: "typescript" } };
  const path = join(folder, `${file}.ipynb`);
  writeFileSync(path, JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1));
  return path;
}

async function timed(work: () => Promise<unknown>): Promise<number[]> {
  const started = performance.now();
  await work();
  return [performance.now() - started];
}

const nbRun = ({ env }: Tools, ...args: string[]) =>
  run(process.execPath, [nb, "run", ...args], { env, maxBuffer: 1e9 });

function nbconvert({ program, env, folder }: Tools, notebook: string, ...args: string[]) {
  const fixed = ["nbconvert", "--to", "notebook", "--execute", "--output-dir", join(folder, "peer")];
  return run(program!, [...fixed, ...args, notebook], { env, maxBuffer: 1e9 });
}

/** Sources that cannot be told from each other by a cache. */
const trivial = (count: number) =>
  Array.from({ length: count }, (_, i) => `const x${i}: number = ${i};\nx${i} + 1`);

async function trivialCells(tools: Tools): Promise<Row[]> {
  const own = writeNotebook(tools.folder, "own", "tslab", trivial(20));
  const stock = writeNotebook(tools.folder, "stock", "tslab-stock", trivial(20));
  const ours = { own: () => timed(() => nbRun(tools, own)), stock: () => timed(() => nbRun(tools, stock)) };
  const peers = {
    ownPeer: () => timed(() => nbconvert(tools, own)),
    stockPeer: () => timed(() => nbconvert(tools, stock)),
  };
  const time = await medians<string>(rounds, tools.program ? { ...ours, ...peers } : ours);
  const { ownPeer = null, stockPeer = null } = time;
  return [
    row(
      "20 trivial cells, our kernel / nbconvert on stock tslab",
      time.own!,
      stockPeer,
      "ms",
      "at most 0.35 ×",
    ),
    row("20 trivial cells, both on our kernel", time.own!, ownPeer, "ms", "at most 0.5 ×"),
    row("20 trivial cells, both on stock tslab", time.stock!, stockPeer, "ms", ""),
  ];
}

/**
 * The project's notebooks, two at once, beside what no runner with two jobs can go below: the largest of CPU time ÷ 2, the
 * longest notebook, and the time one by one ÷ 2.
 */
async function collection(tools: Tools): Promise<Row[]> {
  const folder = join(project, "notebooks");
  const files = readdirSync(folder).filter((file) => file.endsWith(".ipynb"));
  const notebooks = files.map((file) => join(folder, file));
  const report = join(tools.folder, "report.json");
  const single = await withTimes(tools, [...notebooks, "--reporter", `json=${report}`]);
  const { notebooks: each } = JSON.parse(readFileSync(report, "utf8")) as {
    notebooks: { durationMs: number }[];
  };
  const longest = Math.max(...each.map(({ durationMs }) => durationMs)) / 1000;
  const double = await withTimes(tools, [...notebooks, "--jobs", "2"]);
  const floors = {
    "CPU time ÷ 2": double.cpu / 2,
    "the longest": longest,
    "one by one ÷ 2": single.wall / 2,
  };
  const [which, floor] = Object.entries(floors).sort(([, a], [, b]) => b - a)[0]!;
  const title = `${notebooks.length} notebooks with --jobs 2 / their floor`;
  return [row(`${title} (${which})`, double.wall, floor, "s", "at most 1.1 ×")];
}

/** Wall and CPU seconds of a run with its kernels. A failing notebook takes its time all the same. */
async function withTimes({ env }: Tools, args: string[]): Promise<{ wall: number; cpu: number }> {
  const started = performance.now();
  const words = ["sh", process.execPath, nb, "run", ...args];
  const { stdout } = await run("sh", ["-c", '"$@" > /dev/null 2>&1; times', ...words], { env });
  const wall = (performance.now() - started) / 1000;
  // The second line is that of the children: user and system time.
  const times = stdout
    .trim()
    .split("\n")[1]!
    .matchAll(/(\d+)m([\d.]+)s/g);
  const cpu = [...times].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
  return { wall, cpu };
}

/** What a cell costs beyond asking the kernel directly, for the same cells. */
async function overhead(folder: string): Promise<Row> {
  const sources = trivial(manyCells);
  const file = writeNotebook(folder, "many", "tslab", sources);
  const perCell = { runner: () => throughRunner(file), kernel: () => throughKernel(folder, sources) };
  const time = await medians<string>(3, perCell);
  return row("the runner's own part of a cell", time.runner! - time.kernel!, null, "ms", "at most 3 ms");
}

async function throughRunner(file: string): Promise<number[]> {
  const times: number[] = [];
  let before = 0;
  await runNotebooks([file], {}, (event) => {
    if (event.type !== "cell-end") return;
    if (before > 0) times.push(performance.now() - before);
    before = performance.now();
  });
  return times;
}

async function throughKernel(folder: string, sources: string[]): Promise<number[]> {
  const kernel = await startKernel(findKernelspec("tslab", project), { cwd: folder });
  try {
    await kernel.execute(sources[0]!);
    const times: number[] = [];
    for (const source of sources.slice(1)) times.push(...(await timed(() => kernel.execute(source))));
    return times;
  } finally {
    await kernel.shutdown();
  }
}

/** The most memory that `nb run` takes for a cell that prints 100 MB: stored, then compared with what is stored. */
async function memory(tools: Tools): Promise<Row[]> {
  const line = `${"x".repeat(99)}\n`;
  const source = `const line = ${JSON.stringify(line)};
for (let i = 0; i < ${bigOutput / line.length}; i++) {
  process.stdout.write(line);
  if (i % 10000 === 0) await new Promise((done) => setTimeout(done, 0));
}`;
  const peak = join(tools.folder, "peak");
  const probe = join(tools.folder, "probe.cjs");
  writeFileSync(
    probe,
    `process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)));`,
  );
  const file = writeNotebook(tools.folder, "big", "tslab", [source]);
  const peakOf = async (...flags: string[]): Promise<number> => {
    await run(process.execPath, ["--require", probe, nb, "run", ...flags, file], { env: tools.env });
    return Number(readFileSync(peak, "utf8")) / 1024;
  };
  const storing = await peakOf("--update");
  const stored = readFileSync(file).length;
  if (stored < bigOutput)
    throw new Error(`Expected ${bigOutput} bytes of output in the notebook, got ${stored}.`);
  const comparing = await peakOf("--check", "--update");
  return [
    row("memory for an output of 100 MB", storing, null, "MB", "under 600 MB"),
    row("the same, compared with a stored one", comparing, null, "MB", "under 600 MB"),
  ];
}
