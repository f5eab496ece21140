/** How long each section takes when it runs for the first time, beside what its first cell says ("running N s"). */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Row, row } from "./row.ts";

export const name = "sections";

const project = join(import.meta.dirname, "..", "..");
const nb = join(project, "notebook-tools", "bin", "nb.js");

interface Report {
  notebooks: { file: string; status: string; durationMs: number }[];
}

export async function bench(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-sections-"));
  const report = join(folder, "report.json");
  const sections = readdirSync(join(project, "notebooks"))
    .filter((file) => file.endsWith(".ipynb"))
    .map((file) => join("notebooks", file));
  try {
    await new Promise((done) =>
      execFile(
        process.execPath,
        [nb, "run", ...sections, "--reporter", `json=${report}`],
        { cwd: project, maxBuffer: 1e8 },
        done,
      ),
    );
    const { notebooks } = JSON.parse(readFileSync(report, "utf8")) as Report;
    return notebooks.map(({ file, status, durationMs }) => {
      if (status !== "passed") throw new Error(`${file} ${status}`);
      return row(file, durationMs / 1000, stated(file), "s", "what the text says, within half of it");
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function stated(file: string): number {
  const found = /running (\d+) s\*/.exec(readFileSync(join(project, file), "utf8"));
  if (!found) throw new Error(`${file} does not say how long it runs`);
  return Number(found[1]);
}
