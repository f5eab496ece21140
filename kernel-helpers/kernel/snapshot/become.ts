/** This process becomes a Node that starts from a snapshot. */

/**
 * Replaces this process, keeping its id, its streams, its environment and its flags. Returns only
 * where that is not possible: on Windows, in a thread, and before Node 22.15.
 */
export function become(blob: string, args: string[]) {
  if (typeof process.execve !== "function" || process.platform === "win32") return;
  const node = [...process.execArgv, "--snapshot-blob", blob, "--no-rehash-snapshot"];
  process.execve(process.execPath, [process.execPath, ...node, ...args], process.env);
}
