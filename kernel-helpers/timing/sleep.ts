import { recordBlocked } from "./recorder";

const never = new Int32Array(new SharedArrayBuffer(4));

/**
 * Blocks the calling thread for `ms` milliseconds, as Python's `time.sleep` does: a stand-in for any
 * blocking call. On the event loop's thread nothing else runs meanwhile. It cannot be cancelled.
 *
 * @throws RangeError if `ms` is not a finite number of at least 0.
 */
export function sleepSync(ms: number): void {
  if (!Number.isFinite(ms) || ms < 0) {
    throw new RangeError(`sleepSync expects milliseconds of at least 0, got ${ms}.`);
  }
  recordBlocked(() => Atomics.wait(never, 0, 0, ms));
}
