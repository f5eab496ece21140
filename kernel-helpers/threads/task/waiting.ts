/** Who waits for what, as far as it can be known: for the search for deadlocks. */

/** The functions of a promise that somebody may wait for. They must be the promise's own. */
export interface Waiter {
  resolve(value: never): void;
  reject(reason: unknown): void;
}

/** Something that can be waited for. */
export interface Waitable {
  readonly waiters: Iterable<Waiter>;
  readonly isOver: boolean;
  /** What holds it up; undefined when it goes on by itself, or nobody can tell. */
  heldBy(): { need: "all" | "one"; holders: Holder[] } | undefined;
  /** How to end the waiting of one who waits for ever; none for what only stands for something else. */
  readonly refusal?: Refusal;
}

export interface Refusal {
  /** Why it would be for ever, as a sentence. */
  inWords(): string;
  refuse(waiter: Waiter, error: Error): void;
}

/** A waitable, or the name of an async function on the loop (see `nameAwait`). */
export type Holder = Waitable | string;

let lastNumber = 0;

/** A name that no other async function has. */
export function awaitName(what: string): string {
  return `${what} #${++lastNumber}`;
}

/** Awaits in a function of that name, by which `whoAwaits` finds out. */
export function awaitAs<T>(name: string, start: () => PromiseLike<T> | T): Promise<T> {
  return {
    async [name](): Promise<T> {
      return await start();
    },
  }[name]!();
}

const mostFrames = 200;

/**
 * The names of the async functions that go on when the waiter's promise is settled, innermost first, as V8 finds
 * them for the async part of a stack: one reaction after the other, through `await`, `then`, `Promise.all`.
 * A promise that several wait for ends the search, as does one that a function settles. Through
 * `Promise.any` it finds nothing; `Promise.race` leaves no trace.
 */
export function whoAwaits({ resolve, reject }: Waiter): Promise<string[]> {
  return new Promise((done) => {
    const probe = Promise.resolve().then(() => {
      done(functionsAbove());
      // It never settles, and so calls neither of the two below.
      return new Promise<never>(() => {});
    });
    probe.then(resolve as never, reject);
  });
}

function functionsAbove(): string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = mostFrames;
  Error.prepareStackTrace = (_, sites) => sites;
  const sites = new Error().stack as unknown as NodeJS.CallSite[];
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  const names = sites.map((site) => site.getFunctionName() ?? "");
  return names.includes("any") && sites.some(isPromiseAny) ? [] : names;
}

function isPromiseAny(site: NodeJS.CallSite): boolean {
  return String(site).includes("Promise.any");
}
