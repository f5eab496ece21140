import { AsyncLocalStorage, createHook } from "node:async_hooks";

/**
 * What the function of a call to the loop has opened itself and what may still wake it: timers, requests, sockets.
 * While there is any, nobody can say that it waits for ever: what it awaits may be one of several.
 */
export class OpenResources {
  #open = new Set<number>();
  #isWatched = false;

  /** Calls `fn`, and watches until `release` what it opens, unless it is known to give its result at once. */
  watch<R>(id: number, fn: () => R): R {
    if (synchronous.has(id)) return fn();
    this.#isWatched = true;
    if (watched++ === 0) hook.enable();
    const value = owner.run(this, fn);
    if (value instanceof Promise) return value;
    if (id !== 0) remember(id);
    this.release();
    return value;
  }

  release(): void {
    if (!this.#isWatched) return;
    this.#isWatched = false;
    for (const asyncId of this.#open) owners.delete(asyncId);
    if (--watched === 0) hook.disable();
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** @internal */
  opened(asyncId: number): void {
    if (!this.#isWatched) return;
    this.#open.add(asyncId);
    owners.set(asyncId, this);
  }

  /** @internal */
  closed(asyncId: number): void {
    this.#open.delete(asyncId);
    owners.delete(asyncId);
  }
}

const owner = new AsyncLocalStorage<OpenResources | undefined>();
const owners = new Map<number, OpenResources>();
let watched = 0;

/** Functions of the loop, by number, that gave their result at once: to watch costs some microseconds. */
const synchronous = new Set<number>();

function remember(id: number): void {
  if (synchronous.size >= 1000) synchronous.clear();
  synchronous.add(id);
}

/** Calls `fn` without a watch: for what this package itself opens. */
export function unwatched<R>(fn: () => R): R {
  return watched === 0 ? fn() : owner.run(undefined, fn);
}

/** They wake nobody by themselves, or are those of this package. */
const passive = /^(PROMISE|TickObject|Immediate|Microtask|Task|WorkerThread|WORKER|Piscina|bound-)/;

const hook = createHook({
  init(asyncId, type) {
    if (!passive.test(type)) owner.getStore()?.opened(asyncId);
  },
  destroy(asyncId) {
    owners.get(asyncId)?.closed(asyncId);
  },
  // Node 24; earlier ones tell of promises, too.
  ...{ trackPromises: false },
});
