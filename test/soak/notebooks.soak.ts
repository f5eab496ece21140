/**
 * Twenty runs of all sections with one core kept busy, each cell twice and compared with what is stored: none may fail.
 * SOAK_ROUNDS says another number.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

const rounds = Number(process.env.SOAK_ROUNDS ?? 20);
const project = join(import.meta.dirname, "..", "..");
const nb = join(project, "notebook-tools", "bin", "nb.js");
const sections = readdirSync(join(project, "notebooks"))
  .filter((name) => name.endsWith(".ipynb"))
  .map((name) => join("notebooks", name));

interface Report {
  notebooks: {
    file: string;
    problem: string | null;
    cells: { number: number; failures: { message: string }[] }[];
  }[];
}

/** Runs all sections; what failed, in a line each. */
async function failuresOfOneRun(report: string): Promise<string[]> {
  const args = [nb, "run", ...sections, "--check", "--rerun", "--reporter", `json=${report}`];
  await new Promise((done) => execFile(process.execPath, args, { cwd: project, maxBuffer: 1e8 }, done));
  const { notebooks } = JSON.parse(readFileSync(report, "utf8")) as Report;
  return notebooks.flatMap(({ file, problem, cells }) => [
    ...(problem === null ? [] : [`${file}: ${problem}`]),
    ...cells.flatMap(({ number, failures }) =>
      failures.map(({ message }) => `${file}, cell ${number}: ${message.split("\n")[0]}`),
    ),
  ]);
}

export async function soak(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "soak-notebooks-"));
  const busy = new Worker("for (;;);", { eval: true });
  try {
    let failed = 0;
    for (let round = 1; round <= rounds; round++) {
      const found = await failuresOfOneRun(join(folder, `${round}.json`));
      failed += found.length;
      for (const line of found) console.log(`run ${round}: ${line}`);
    }
    if (failed > 0) throw new Error(`${failed} failures in ${rounds} runs`);
    return `${rounds} runs of ${sections.length} notebooks beside a busy core, nothing failed`;
  } finally {
    await busy.terminate();
    rmSync(folder, { recursive: true, force: true });
  }
}
