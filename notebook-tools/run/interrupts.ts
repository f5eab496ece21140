/** Ctrl-C and its like: the first ends the run in order, the second at once. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Calls `stop` with a sentence on the first signal; returns the way to stop listening. */
export function onInterrupt(stop: (reason: string) => void): () => void {
  let count = 0;
  const listener = (signal: NodeJS.Signals) => {
    count++;
    if (count === 1) stop(signal === "SIGINT" ? "Ctrl-C" : signal);
    // The kernels end with this process: see the exit handler of kernel-client.
    else process.exit(130);
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
