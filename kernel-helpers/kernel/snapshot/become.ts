/** This process becomes a Node that starts from a snapshot. */

/**
 * Half of such a start is the system handing out memory, page after page; with glibc on Linux this asks
 * for large pages. Everywhere else it means nothing.
 */
const largePages = "glibc.malloc.hugetlb=1";

/** `GLIBC_TUNABLES` is a list with colons between, and may be the user's own. */
function withLargePages(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const tunables = [env.GLIBC_TUNABLES, largePages].filter(Boolean).join(":");
  return { ...env, GLIBC_TUNABLES: tunables };
}

/**
 * No full collection of garbage while the kernel starts: the heap begins with all the snapshot holds.
 * Rehashing protects against made-up keys from outside, of which a compiler reads none.
 */
const flags = ["--initial-old-space-size=100", "--no-rehash-snapshot"];

/** Gives the process that began with a snapshot, its threads and its children the environment of the start. */
export function restoreEnvironment() {
  const own = process.env.GLIBC_TUNABLES?.split(":").slice(0, -1).join(":");
  if (own) process.env.GLIBC_TUNABLES = own;
  else delete process.env.GLIBC_TUNABLES;
}

/**
 * Replaces this process, keeping its id, its streams, its environment and its flags. Returns only
 * where that is not possible: on Windows, in a thread, and before Node 22.15.
 */
export function become(blob: string, args: string[]) {
  if (typeof process.execve !== "function" || process.platform === "win32") return;
  const node = [...process.execArgv, ...flags, "--snapshot-blob", blob];
  process.execve(process.execPath, [process.execPath, ...node, ...args], withLargePages(process.env));
}
