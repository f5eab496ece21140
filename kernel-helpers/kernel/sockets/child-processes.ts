/** Processes below this one, asked of the system: a thread in `execSync` cannot name the one it waits for. */

import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface Process {
  pid: number;
  parent: number;
}

function fromProc(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // The name of the program, in parentheses, may hold anything.
      const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "utf8")) ?? [];
      return parent ? [{ pid: Number(name), parent: Number(parent) }] : [];
    } catch {
      return [];
    }
  });
}

const powershell =
  'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId)" }';

function fromProgram(): Promise<Process[]> {
  const [program, args] =
    process.platform === "win32"
      ? ["powershell", ["-NoProfile", "-Command", powershell]]
      : ["ps", ["-A", "-o", "pid=,ppid="]];
  return new Promise((resolve) => {
    execFile(program as string, args as string[], { windowsHide: true }, (_error, stdout) => {
      const lines = stdout.matchAll(/^\s*(\d+)\s+(\d+)\s*$/gm);
      resolve([...lines].map(([, pid, parent]) => ({ pid: Number(pid), parent: Number(parent) })));
    });
  });
}

/** All processes below this one, parents first, without those in `except` and what is below them. */
export async function descendants(except: ReadonlySet<number>): Promise<number[]> {
  const all = process.platform === "linux" ? fromProc() : await fromProgram();
  const found: number[] = [];
  const visit = (parent: number) => {
    for (const child of all.filter((each) => each.parent === parent)) {
      if (except.has(child.pid) || found.includes(child.pid)) continue;
      found.push(child.pid);
      visit(child.pid);
    }
  };
  visit(process.pid);
  return found;
}
