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

/** Gives the process that began with a snapshot, its threads and its children the environment of the start. */
export function restoreEnvironment(env: NodeJS.ProcessEnv) {
  const own = env.GLIBC_TUNABLES?.split(":").slice(0, -1).join(":");
  if (own) env.GLIBC_TUNABLES = own;
  else delete env.GLIBC_TUNABLES;
}

/**
 * Replaces this process, keeping its id, its streams, its environment and its flags. Returns only
 * where that is not possible: on Windows, in a thread, and before Node 22.15.
 */
export function become(blob: string, args: string[]) {
  if (typeof process.execve !== "function" || process.platform === "win32") return;
  const node = [...process.execArgv, "--snapshot-blob", blob, "--no-rehash-snapshot"];
  process.execve(process.execPath, [process.execPath, ...node, ...args], withLargePages(process.env));
}
