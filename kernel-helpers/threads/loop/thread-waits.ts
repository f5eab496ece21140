import { getEnvironmentData, setEnvironmentData, threadId } from "node:worker_threads";

/**
 * Which thread waits, without a limit, for the thread of which portal: in memory that all threads of the process
 * share, so that portals that call each other in a circle are found.
 */

/** A thread has the place of its number modulo this; one whose place is taken is not seen. */
const places = 1024;
const place = { thread: 0, waitsFor: 1, looks: 2, count: 3 } as const;
const table = sharedTable();

/** New threads are given what is set here, this module's copies in one thread have it in common. */
function sharedTable(): Int32Array {
  const key = "kernel-helpers.threadWaits";
  const bytes = places * place.count * Int32Array.BYTES_PER_ELEMENT;
  if (getEnvironmentData(key) === undefined)
    setEnvironmentData(key, new SharedArrayBuffer(bytes) as unknown as string);
  return new Int32Array(getEnvironmentData(key) as unknown as SharedArrayBuffer);
}

interface Waiting {
  at: number;
  /** As they stand in the table: with 1 added, for 0 is nobody. */
  thread: number;
  waitsFor: number;
  looks: number;
}

function waitOf(thread: number): Waiting | undefined {
  const at = (thread % places) * place.count;
  if (Atomics.load(table, at + place.thread) !== thread + 1) return undefined;
  const waitsFor = Atomics.load(table, at + place.waitsFor);
  return { at, thread: thread + 1, waitsFor, looks: Atomics.load(table, at + place.looks) };
}

/** A wait of this thread for that of a portal. */
export class ThreadWait {
  readonly #at = (threadId % places) * place.count;
  readonly #isNoted: boolean;
  /** The others of the circle that this wait closed. */
  #circle: Waiting[] | undefined;

  constructor(thread: number) {
    Atomics.compareExchange(table, this.#at + place.thread, 0, threadId + 1);
    const isFree = Atomics.load(table, this.#at + place.waitsFor) === 0;
    this.#isNoted = isFree && Atomics.load(table, this.#at + place.thread) === threadId + 1;
    if (!this.#isNoted) return;
    Atomics.store(table, this.#at + place.waitsFor, thread + 1);
    this.#circle = circleFrom(thread);
  }

  /**
   * To be called whenever this thread has looked for what it waits for, and it had not come. True when it never will:
   * each thread of the circle has looked in vain since all of them wait. Once is not enough: it may have begun before.
   */
  isForEver(): boolean {
    if (!this.#isNoted) return false;
    Atomics.add(table, this.#at + place.looks, 1);
    if (!this.#circle) return false;
    const now = this.#circle.map(({ thread }) => waitOf(thread - 1));
    const isSame = this.#circle.every(({ waitsFor }, i) => now[i]?.waitsFor === waitsFor);
    if (!isSame) this.#circle = undefined;
    return this.#circle?.every(({ looks }, i) => now[i]!.looks - looks >= 2) ?? false;
  }

  end(): void {
    if (!this.#isNoted) return;
    Atomics.store(table, this.#at + place.waitsFor, 0);
    Atomics.store(table, this.#at + place.thread, 0);
  }
}

/** The waits that lead from that thread to this one. */
function circleFrom(thread: number): Waiting[] | undefined {
  const circle: Waiting[] = [];
  for (let next = thread; next !== threadId; ) {
    const wait = waitOf(next);
    if (!wait || wait.waitsFor === 0 || circle.length === places) return undefined;
    circle.push(wait);
    next = wait.waitsFor - 1;
  }
  return circle;
}
