/** The child processes of the cells, so that none outlives the kernel. */

import { ChildProcess } from "node:child_process";

type Spawn = (this: ChildProcess, options: unknown) => number;

/** Follows every child process that is started from now on and runs beside the cells; `note` hears of each. */
export function followChildren(note: (pid: number, running: boolean) => void): { kill(): void } {
  const living = new Set<ChildProcess>();
  const prototype = ChildProcess.prototype as unknown as { spawn: Spawn };
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    const result = spawn.call(this, options);
    if (this.pid === undefined) return result;
    const { pid } = this;
    living.add(this);
    note(pid, true);
    this.once("exit", () => {
      living.delete(this);
      note(pid, false);
    });
    return result;
  };
  return {
    kill() {
      for (const child of living) child.kill("SIGKILL");
    },
  };
}
