import { threadId } from "node:worker_threads";
import type { AnyFunction } from "../task/types";

/**
 * Functions that crossed to another thread keep their identity: a number, which leads back to the
 * function with its live closure. Held weakly; a task holds its functions while it runs.
 */

const ids = new WeakMap<AnyFunction, number>();
const live = new Map<number, WeakRef<AnyFunction>>();
const copies = new Map<number, WeakRef<AnyFunction>>();
const forget = new FinalizationRegistry<number>((id) => {
  if (!live.get(id)?.deref()) live.delete(id);
});
/** Other threads count elsewhere: a function that a thread sends on must not meet one of the loop's number. */
let last = threadId * 2 ** 32;

export function idOf(fn: AnyFunction): number {
  const known = ids.get(fn);
  if (known !== undefined) return known;
  const id = ++last;
  ids.set(fn, id);
  live.set(id, new WeakRef(fn));
  forget.register(fn, id);
  return id;
}

/** In a worker: this function is a copy of the loop's function of that number. */
export function adopt(fn: AnyFunction, id: number): void {
  ids.set(fn, id);
  copies.set(id, new WeakRef(fn));
}

/** In a worker: the last copy made of the loop's function of that number. */
export function copyOf(id: number): AnyFunction | undefined {
  return copies.get(id)?.deref();
}

/** The number that the function came with, or undefined for one that was made in this thread. */
export function knownId(fn: AnyFunction): number | undefined {
  return ids.get(fn);
}

export function liveFunction(id: number): AnyFunction | undefined {
  return live.get(id)?.deref();
}
