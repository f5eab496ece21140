/** Runs the `nb` command as a person or CI would. */
import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";

export const nb = resolve(import.meta.dirname, "../../notebook-tools/bin/nb.js");

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  /** Resolves once stdout holds the text. */
  says(text: string): Promise<void>;
  finished: Promise<Finished>;
}

export function startNb(
  args: string[],
  options: { cwd?: string; env?: Record<string, string>; user?: number } = {},
): Running {
  // GITHUB_ACTIONS and CI change what is printed; tests say so themselves.
  const env = { ...process.env, GITHUB_ACTIONS: "", CI: "", ...options.env };
  const child = spawn(process.execPath, [nb, ...args], {
    ...{ cwd: options.cwd, env, uid: options.user, gid: options.user },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const seen = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    seen.stdout += chunk;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    seen.stderr += chunk;
  });
  const finished = new Promise<Finished>((done) => child.on("close", (code) => done({ code, ...seen })));
  const says = (text: string) =>
    new Promise<void>((done, fail) => {
      const look = () => seen.stdout.includes(text) && done();
      waiting.add(look);
      look();
      void finished.then(({ stdout, stderr }) =>
        fail(new Error(`never said "${text}":\n${stdout}${stderr}`)),
      );
    });
  return { child, says, finished };
}

export const nbRun = (args: string[], options: Parameters<typeof startNb>[1] = {}): Promise<Finished> =>
  startNb(["run", ...args], options).finished;
