/** Something took longer than its `timeout`. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
}

/** The longest time that a Node timer can wait; a longer one would fire at once. */
export const longestTimer = 2 ** 31 - 1;

/** A timeout in ms as it may be used, or undefined for none; throws RangeError for one that makes no sense. */
export function checkTimeout(timeout: number | null | undefined, name = "timeout"): number | undefined {
  if (timeout === undefined || timeout === null || timeout === Number.POSITIVE_INFINITY) return undefined;
  if (typeof timeout === "number" && timeout >= 0) return Math.min(timeout, longestTimer);
  throw new RangeError(
    `\`${name}\` must be a number of milliseconds, 0 or more, got ${String(timeout)}. Leave it out to wait as long as it takes.`,
  );
}
