import { type AnyFunction, isThenable } from "../task/types";

/** A chunk of a `map`, in the worker. */

/** One call an item, in order; stops at the first error and keeps the results before it. */
export function callEach(fn: AnyFunction, items: unknown[]): unknown {
  const results: unknown[] = [];
  for (let i = 0; i < items.length; i++) {
    try {
      const value = fn(items[i]);
      if (isThenable(value)) return finishEach(fn, items, results, value);
      results.push(value);
    } catch (error) {
      throw new StoppedAt(results, error);
    }
  }
  return results;
}

async function finishEach(
  fn: AnyFunction,
  items: unknown[],
  results: unknown[],
  first: PromiseLike<unknown>,
): Promise<unknown[]> {
  try {
    results.push(await first);
    while (results.length < items.length) results.push(await fn(items[results.length]));
    return results;
  } catch (error) {
    throw new StoppedAt(results, error);
  }
}

/** An error of one item, with the results of the items before it. */
export class StoppedAt {
  constructor(
    readonly results: unknown[],
    readonly error: unknown,
  ) {}
}
