/** The kernel's process and all that it starts: one process group, ended as one. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import type { Kernelspec } from "./kernelspecs";
import type { KernelExit } from "./messages";
import { watchOrphan } from "./orphan-watchdog";

/** Kept of the process's own output: enough for a stack, little enough for a report. */
const tailLength = 16_384;

/** How long the pipes may stay open once the process has ended, in ms. */
const pipesMs = 20;

const live = new Set<KernelProcess>();
// Should this process end in any way that runs handlers, no kernel outlives it.
process.on("exit", () => {
  for (const kernel of live) kernel.kill("SIGKILL");
});

function fill(argument: string, values: Record<string, string>): string {
  return argument.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

function expand(value: string, env: Record<string, string | undefined>): string {
  return value.replace(/\$\{(\w+)\}/g, (_, name: string) => env[name] ?? "");
}

/**
 * A bare command such as `python` means the one of the environment that the kernelspec belongs to
 * (`PREFIX/share/jupyter/kernels/NAME`), whether or not that environment is active; else the one on PATH.
 */
function ownCommand(command: string, spec: Kernelspec): string {
  if (/[\\/]/.test(command)) return command;
  const prefix = resolve(spec.resourceDir, "..", "..", "..", "..");
  const candidates = [
    join(prefix, "bin", command),
    join(prefix, `${command}.exe`),
    join(prefix, "Scripts", `${command}.exe`),
  ];
  return candidates.find((path) => existsSync(path)) ?? command;
}

function environment(spec: Kernelspec, extra: Record<string, string>): Record<string, string | undefined> {
  const own = Object.entries(spec.env).map(([name, value]) => [name, expand(String(value), process.env)]);
  // Kernels that know it (ipykernel does) end when this process is gone.
  return { ...process.env, JPY_PARENT_PID: String(process.pid), ...Object.fromEntries(own), ...extra };
}

function reasonFor(code: number | null, signal: string | null, output: string): string {
  const memory = /heap out of memory|Allocation failed|MemoryError|std::bad_alloc/i.test(output)
    ? " (out of memory)"
    : "";
  if (signal === "SIGKILL" && memory === "")
    return "killed by SIGKILL (someone killed it, or the system ran out of memory)";
  if (signal) return `killed by ${signal}${memory}`;
  return `it exited with code ${code}${memory}`;
}

export class KernelProcess {
  readonly #child: ChildProcess;
  readonly #unwatch: () => void;
  #tail = "";
  #exit: KernelExit | null = null;
  /** Resolves when the process is gone and its pipes are read; never rejects. */
  readonly exited: Promise<KernelExit>;

  constructor(spec: Kernelspec, connectionFile: string, cwd: string, env: Record<string, string> = {}) {
    const values = { connection_file: connectionFile, resource_dir: spec.resourceDir };
    const [command, ...args] = spec.argv.map((argument) => fill(argument, values));
    this.#child = spawn(ownCommand(command!, spec), args, {
      cwd,
      env: environment(spec, env),
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: the terminal's Ctrl-C is ours to handle, and all children end with the kernel.
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    live.add(this);
    this.#unwatch = this.#child.pid === undefined ? () => {} : watchOrphan(this.#child.pid);
    // As text, so that no character is cut where a chunk ends.
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => this.#keep(text));
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: string | null) => resolve(this.#end(code, signal));
      this.#child.once("error", (error) => {
        this.#keep(`${error.message}\n`);
        if (this.#child.pid === undefined) end(127, null);
      });
      this.#child.once("close", end);
      // `close` comes once the pipes are read; but a grandchild may hold them open for ever.
      this.#child.once("exit", (code, signal) => {
        const late = setTimeout(end, pipesMs, code, signal);
        this.#child.once("close", () => clearTimeout(late));
      });
    });
  }

  /** Adds a line to what the process wrote, for a report. */
  note(line: string): void {
    this.#keep(`${line}\n`);
  }

  #keep(text: string): void {
    // Nor within a pair of surrogates.
    this.#tail = (this.#tail + text).slice(-tailLength).replace(/^[\udc00-\udfff]/, "");
  }

  #end(code: number | null, signal: string | null): KernelExit {
    this.#exit ??= { code, signal, reason: reasonFor(code, signal, this.#tail), output: this.#tail };
    this.kill("SIGKILL");
    this.#unwatch();
    live.delete(this);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    return this.#exit;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** null while it runs. */
  get exit(): KernelExit | null {
    return this.#exit;
  }

  /** The end of the process's own stdout and stderr. */
  get output(): string {
    return this.#tail;
  }

  /** Sends a signal to the whole group; false where nothing is left of it. On Windows any signal ends the tree. */
  kill(signal: NodeJS.Signals): boolean {
    const pid = this.#child.pid;
    if (pid === undefined) return false;
    if (process.platform === "win32") {
      return spawnSync("taskkill", ["/pid", String(pid), "/T", "/F"], { windowsHide: true }).status === 0;
    }
    try {
      return process.kill(-pid, constants.signals[signal]);
    } catch {
      return false; // ESRCH: the group is gone, which is what was wanted.
    }
  }
}
