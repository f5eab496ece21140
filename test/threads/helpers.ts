import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A word of shared memory by which a worker and the test agree. */
export function flag(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Resolves when the worker has set the flag. */
export async function raised(word: Int32Array): Promise<void> {
  await (Atomics as unknown as WaitAsync).waitAsync(word, 0, 0).value;
}

/** In ES2024, which the compiler's library here does not have. */
interface WaitAsync {
  waitAsync(word: Int32Array, index: number, value: number): { value: unknown };
}

/** Runs a script in a Node of its own; `require("kernel-helpers")` works in it. */
export function node(script: string, ...options: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [...options, "-e", script]);
}
