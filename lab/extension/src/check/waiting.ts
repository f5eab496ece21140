/** Waiting that ends. */

/** What `promise` gives, unless `signal` is aborted before: then it rejects, with the reason if no `error` is made. */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  error = (): Error => new Error(String(signal.reason)),
): Promise<T> {
  const stop = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const tell = () => reject(error());
    if (signal.aborted) tell();
    signal.addEventListener("abort", tell, { signal: stop.signal });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stop.abort();
  }
}

/** What `promise` gives, unless that takes longer than `ms`: then it rejects with what `error` makes. */
export const within = <T>(promise: Promise<T>, ms: number, error: () => Error): Promise<T> =>
  unlessAborted(promise, AbortSignal.timeout(ms), error);
