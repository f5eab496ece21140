/** One notebook to HTML, and the collection as a site, from the start of the program to the pages on the disk. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { medians } from "./measure.ts";
import { jupyter } from "./python.ts";
import { type Row, row } from "./row.ts";

export const name = "export";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const nb = join(root, "notebook-tools", "bin", "nb.js");

export async function bench(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "bench-export-"));
  try {
    const notebook = join(folder, "section.ipynb");
    await writeFile(notebook, JSON.stringify(section(), null, 1));
    const program = await jupyter();
    const ours = () =>
      timed(process.execPath, [nb, "export", notebook, "--output-dir", join(folder, "ours")]);
    const peer = () =>
      timed(program!, ["nbconvert", "--to", "html", notebook, "--output-dir", join(folder, "peer")]);
    const time = await medians<string>(5, program ? { ours, peer } : { ours });
    return [
      row("one notebook to HTML", time.ours!, time.peer ?? null, "ms", "at most 0.15 ×"),
      row(
        "its page",
        await kilobytes(join(folder, "ours")),
        program ? await kilobytes(join(folder, "peer")) : null,
        "KB",
        "at most 0.2 ×",
      ),
      ...(await siteRows(join(folder, "site"))),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function siteRows(folder: string): Promise<Row[]> {
  const notebooks = join(root, "notebooks");
  const site = () => timed(process.execPath, [nb, "export", notebooks, "--site", "--output-dir", folder]);
  const time = await medians<string>(5, { site });
  const pages = (await readdir(folder)).filter((name) => name.endsWith(".html"));
  const sizes = await Promise.all(pages.map((name) => withoutCharts(join(folder, name))));
  return [
    row("the collection as a site", time.site!, null, "ms", "at most 2000 ms"),
    row("its largest page, without charts", Math.max(...sizes), null, "KB", "at most 60 KB"),
  ];
}

async function withoutCharts(page: string): Promise<number> {
  return Buffer.byteLength((await readFile(page, "utf8")).replace(/src="data:image[^"]*"/g, "")) / 1000;
}

async function timed(program: string, args: string[]): Promise<number[]> {
  const start = performance.now();
  await run(program, args);
  return [performance.now() - start];
}

async function kilobytes(folder: string): Promise<number> {
  return (await stat(join(folder, "section.html"))).size / 1000;
}

/** A notebook of the size of a section: 20 texts, 20 cells with output. */
function section(): object {
  const cells = Array.from({ length: 20 }, (_, i) => [
    {
      cell_type: "markdown",
      metadata: {},
      source: `## Part ${i}\n\nSome *prose* with \`code\` and a [link](other.ipynb).`,
    },
    {
      cell_type: "code",
      execution_count: i,
      metadata: {},
      source: `function square(x: number): number {\n  return x * x; // ${i}\n}\nconsole.log(square(${i}));`,
      outputs: [{ output_type: "stream", name: "stdout", text: `\u001b[33m${i * i}\u001b[39m\n` }],
    },
  ]);
  return {
    cells: cells.flat(),
    metadata: { language_info: { name: "typescript" } },
    nbformat: 4,
    nbformat_minor: 4,
  };
}
