/** The child processes of the cells: none outlives the kernel, and what one prints goes to the cell that started it. */

import childProcess, { ChildProcess } from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

type Spawn = (this: ChildProcess, options: { stdio?: unknown }) => number;
type Any = (...args: unknown[]) => unknown;

/** Whether a child writes to the kernel's own descriptors 1 or 2. */
function inherits(stdio: unknown): boolean {
  if (!Array.isArray(stdio)) return stdio === "inherit";
  return stdio
    .slice(1)
    .some((each) => each === "inherit" || each === 1 || each === 2 || [1, 2].includes(each?.fd));
}

/** While a synchronous child runs, nothing else of this thread prints. */
function followSynchronous(ownPipes: () => () => void) {
  const exports = childProcess as unknown as Record<string, Any>;
  for (const name of ["execFileSync", "execSync", "spawnSync"]) {
    const standard = exports[name]!;
    const own: Any = (...args) => {
      const release = ownPipes();
      try {
        return standard(...args);
      } finally {
        release();
      }
    };
    exports[name] = Object.defineProperty(own, "name", { value: name });
  }
  syncBuiltinESMExports();
}

/**
 * Follows every child process that is started from now on; `note` hears of each that runs beside the cells. `ownPipes`
 * says that what the kernel's descriptors get belongs to the cell that runs now, until what it returns is called.
 */
export function followChildren(
  note: (pid: number, running: boolean) => void,
  ownPipes: () => () => void,
): { kill(): void } {
  const living = new Set<ChildProcess>();
  const prototype = ChildProcess.prototype as unknown as { spawn: Spawn };
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    const release = inherits(options?.stdio) ? ownPipes() : undefined;
    const result = spawn.call(this, options);
    if (this.pid === undefined) release?.();
    if (this.pid === undefined) return result;
    const { pid } = this;
    living.add(this);
    note(pid, true);
    this.once("exit", () => {
      release?.();
      living.delete(this);
      note(pid, false);
    });
    return result;
  };
  followSynchronous(ownPipes);
  return {
    kill() {
      for (const child of living) child.kill("SIGKILL");
    },
  };
}
