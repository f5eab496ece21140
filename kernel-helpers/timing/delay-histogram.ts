/** Bucket bounds grow by 2 %, from 0.01 ms on: some 900 buckets reach ten minutes. */
const growth = Math.log(1.02);
const smallest = 0.01;

/**
 * Lengths of busy stretches, and from them the delay that an event sees which arrives at a random moment.
 *
 * An event that arrives within a stretch of L ms waits for its end: uniformly 0 to L ms. In T ms of time
 * the share of arrivals that wait longer than x is therefore the sum of (L - x) over all L > x, divided
 * by T. Percentiles of samples would count a stretch of 500 ms once, like one of 0.1 ms; this counts time.
 */
export class DelayHistogram {
  readonly #counts: number[] = [];
  readonly #sums: number[] = [];
  max = 0;

  add(length: number): void {
    const bucket = Math.max(0, Math.ceil(Math.log(length / smallest) / growth));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sums[bucket] = (this.#sums[bucket] ?? 0) + length;
    if (length > this.max) this.max = length;
  }

  /** The delay in ms that a share `p` of arrivals over `time` ms stays below; 0 where most see none. */
  percentile(p: number, time: number): number {
    const share = (1 - p) * time;
    let count = 0;
    let sum = 0;
    for (const { count: more, sum: length } of this.#longestFirst()) {
      // Were x at or above this bucket, the stretches so far would be all that count.
      if (count > 0 && (sum - share) / count >= length / more) break;
      count += more;
      sum += length;
    }
    return count === 0 ? 0 : Math.max(0, (sum - share) / count);
  }

  *#longestFirst(): Generator<{ count: number; sum: number }> {
    for (let bucket = this.#counts.length - 1; bucket >= 0; bucket--) {
      const count = this.#counts[bucket];
      if (count) yield { count, sum: this.#sums[bucket]! };
    }
  }
}
