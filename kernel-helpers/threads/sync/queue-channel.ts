import { MessageChannel, type MessagePort } from "node:worker_threads";

/**
 * The channel between the thread that made a queue ("owner") and one other thread: a port, two shared words for the
 * other thread while it blocks, and one that counts what has arrived there. QueueOwner rings the bell after each answer; a thread of a pool has it ring
 * the bell of its mail instead, so that a cancelling ends the wait too. The slot holds the request that the
 * other thread blocks on: `2 id` while it is open, `2 id + 1` once owner answers or the thread withdraws;
 * whoever makes that step has decided the race between an item and a timeout.
 */
export interface QueueChannel {
  port: MessagePort;
  shared: SharedArrayBuffer;
}

/** Other thread to owner. `put` comes with a place taken; `offer` waits for one. */
export type Request =
  | { op: "put"; value: unknown }
  | { op: "offer"; id: number; blocks: boolean; value: unknown }
  | { op: "take" | "tryTake" | "join"; id: number; blocks: boolean }
  | { op: "withdraw"; id: number }
  | { op: "close"; immediate: boolean }
  | { op: "connect"; channel: QueueChannel }
  | { op: "bell"; shared: SharedArrayBuffer }
  | { op: "look" };

/** QueueOwner to other thread. */
export type Answer =
  | { id: number; ok: true; value?: unknown }
  | { id: number; ok: false; why: "empty" | "shutDown" | "withdrawn" };

export function newChannel(): { owner: QueueChannel; other: QueueChannel } {
  const { port1, port2 } = new MessageChannel();
  const shared = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
  return { owner: { port: port1, shared }, other: { port: port2, shared } };
}

/** The first word of shared memory, counted up to wake the thread that waits for it. */
export class Bell {
  readonly #words: Int32Array;

  constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared);
  }

  get rings(): number {
    return Atomics.load(this.#words, 0);
  }

  ring(): void {
    Atomics.add(this.#words, 0, 1);
    Atomics.notify(this.#words, 0);
  }

  /** Blocks this thread until the bell has rung since `rings` was read, at most `ms`. */
  wait(rings: number, ms: number): void {
    Atomics.wait(this.#words, 0, rings, ms);
  }
}

export class RequestSlot {
  readonly #words: Int32Array;

  constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared);
  }

  open(id: number): void {
    Atomics.store(this.#words, 1, 2 * id);
  }

  /** Decides the request, unless the other side has. */
  decide(id: number): boolean {
    return Atomics.compareExchange(this.#words, 1, 2 * id, 2 * id + 1) === 2 * id;
  }
}

/** What was granted to the other thread, and whether it has arrived: a thread that ends takes nothing with it unread. */
export class Deliveries<T> {
  readonly #words: Int32Array;
  /** Those from the number `#first` on that had not arrived when that was last looked at. */
  readonly #sent: (T | undefined)[] = [];
  #first = 0;

  constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared);
  }

  /** On the owner's side; undefined for an answer that brings nothing. */
  add(item: T | undefined): void {
    this.#sent.push(item);
    this.#forgetArrived();
  }

  #forgetArrived(): void {
    const arrived = (Atomics.load(this.#words, 2) - this.#first) | 0;
    this.#sent.splice(0, arrived);
    this.#first = (this.#first + arrived) | 0;
  }

  /** What will never arrive, once the other thread has ended. */
  lost(): T[] {
    this.#forgetArrived();
    return this.#sent.filter((item) => item !== undefined);
  }

  /** On the other side, for each that was granted. */
  noteArrival(): void {
    Atomics.add(this.#words, 2, 1);
  }
}
