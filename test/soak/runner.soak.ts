/** A thousand notebooks in one run: time grows with their number and no more, memory hardly at all, nothing is left. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const project = join(import.meta.dirname, "..", "..");
const nb = join(project, "notebook-tools", "bin", "nb.js");
const scripted = join(project, "test", "fixtures", "kernels", "scripted.mjs");
const few = 100;
const many = 1000;
/** Of `nb` alone, without its kernels. */
const mostMb = 120;
/** How much longer a notebook may take among many. The machine is not ours alone. */
const mostSlower = 1.5;

interface Seen {
  peakMb: number;
  msEach: number;
}

/** Each prints about 40 kB, so that what is kept of them would show. */
function writeNotebooks(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true });
  const source = "print('x'.repeat(40000))";
  const cell = { cell_type: "code", execution_count: null, id: "c", metadata: {}, outputs: [], source };
  const metadata = { kernelspec: { name: "scripted", display_name: "scripted", language: "javascript" } };
  const text = JSON.stringify({
    cells: [cell, { ...cell, id: "d" }],
    metadata,
    nbformat: 4,
    nbformat_minor: 5,
  });
  for (let i = 0; i < count; i++) writeFileSync(join(folder, `n${i}.ipynb`), text);
}

async function seenIn(folder: string, count: number): Promise<Seen> {
  const notebooks = join(folder, `of-${count}`);
  writeNotebooks(notebooks, count);
  const peak = join(folder, "peak");
  const probe = join(folder, "probe.cjs");
  const measure = `process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)));`;
  writeFileSync(probe, measure);
  const args = [
    "--require",
    probe,
    nb,
    "run",
    notebooks,
    "--jobs",
    "2",
    "--reporter",
    `json=${join(folder, "r.json")}`,
  ];
  const started = performance.now();
  const { stdout } = await run(process.execPath, args, {
    env: { ...process.env, JUPYTER_PATH: join(folder, "jupyter") },
    maxBuffer: 1e9,
  });
  const msEach = (performance.now() - started) / count;
  if (!stdout.includes(`${count} notebooks, ${2 * count} cells: ${2 * count} passed`))
    throw new Error(`expected ${2 * count} cells to pass, got: ${stdout.trim().split("\n").at(-1)}`);
  return { peakMb: Number(readFileSync(peak, "utf8")) / 1024, msEach };
}

export async function soak(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "soak-runner-"));
  try {
    const kernel = join(folder, "jupyter", "kernels", "scripted");
    mkdirSync(kernel, { recursive: true });
    const argv = [process.execPath, scripted, "{connection_file}"];
    writeFileSync(
      join(kernel, "kernel.json"),
      JSON.stringify({ argv, display_name: "s", language: "javascript" }),
    );
    const [first, last] = [await seenIn(folder, few), await seenIn(folder, many)];
    const seen = `${many} notebooks: ${last.peakMb.toFixed(0)} MB (of ${few}: ${first.peakMb.toFixed(0)} MB), ${last.msEach.toFixed(0)} ms each (${first.msEach.toFixed(0)} ms)`;
    if (last.peakMb > mostMb) throw new Error(`expected at most ${mostMb} MB, got ${seen}`);
    if (last.msEach > mostSlower * first.msEach) throw new Error(`expected linear time, got ${seen}`);
    return seen;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
