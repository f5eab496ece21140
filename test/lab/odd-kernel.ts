import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Makes kernelspecs that start `fixtures/odd-kernel.cjs` in these modes, in a data folder for `JUPYTER_PATH`. */
export function installOddKernels(dataDir: string, ...modes: string[]): void {
  const program = path.join(import.meta.dirname, "fixtures", "odd-kernel.cjs");
  for (const mode of modes) {
    const folder = path.join(dataDir, "kernels", mode);
    mkdirSync(folder, { recursive: true });
    const argv = [process.execPath, program, "{connection_file}", mode];
    const spec = { argv, display_name: mode, language: "odd", interrupt_mode: "message" };
    writeFileSync(path.join(folder, "kernel.json"), JSON.stringify(spec));
  }
}

/** Numbers that are the same in each run, from 0 to below `below`. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
}
