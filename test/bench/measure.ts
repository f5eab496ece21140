/** Measuring in turn: noise that comes and goes then falls on all candidates alike. */

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/**
 * The median of each candidate's samples over the rounds; every round starts with the next candidate. One
 * turn of each comes before and does not count.
 */
export async function medians<K extends string>(
  rounds: number,
  candidates: Record<K, () => Promise<number[]>>,
): Promise<Record<K, number>> {
  const names = Object.keys(candidates) as K[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (const name of names) await candidates[name]();
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]!;
      samples[name].push(...(await candidates[name]()));
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(samples[name])])) as Record<K, number>;
}

/**
 * The median of each figure over so many new sets of threads: where the system happens to put a thread makes
 * it quick or slow to wake for as long as it lives.
 */
export async function overNewThreads<K extends string>(
  times: number,
  measure: () => Promise<Record<K, number>>,
): Promise<Record<K, number>> {
  const found: Record<K, number>[] = [];
  for (let i = 0; i < times; i++) found.push(await measure());
  const names = Object.keys(found[0]!) as K[];
  const figures = names.map((name) => [name, median(found.map((each) => each[name]))]);
  return Object.fromEntries(figures) as Record<K, number>;
}

/** The microseconds that each of so many calls took, one after another. */
export async function timesOf(calls: number, call: (i: number) => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    await call(i);
    times.push((performance.now() - start) * 1000);
  }
  return times;
}

/** The longest time in ms for which the event loop did not turn while `work` ran. */
export async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let done = false;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!done) setImmediate(tick);
  };
  setImmediate(tick);
  await work();
  done = true;
  tick();
  return longest;
}
