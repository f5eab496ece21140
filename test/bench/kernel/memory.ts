import { readFileSync } from "node:fs";
import { familyOf } from "../../processes.ts";

/** What a kernel keeps in memory, all its processes together; a page that several share counts for each in part. */
export function residentMegabytes(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  const kilobytes = (each: number) =>
    Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, "utf8"))![1]);
  return familyOf(pid).reduce((sum, each) => sum + kilobytes(each), 0) / 1024;
}
