import { numberItem, recordPut, recordTaken } from "../../timing/recorder";
import { newId, WeakById } from "../task/collections";
import { checkTimeout } from "../task/errors";
import { type Revivable, type Revival, toTransfer } from "../task/transferable";
import type { QueueChannel } from "./queue-channel";
import type { QueueEndpoint } from "./queue-endpoint";
import { empty, full, QueueShutDown } from "./queue-errors";
import { QueueOwner } from "./queue-owner";
import { QueueProxy } from "./queue-proxy";
import { SharedCounters } from "./shared-counters";

export { QueueEmpty, QueueFull, QueueShutDown } from "./queue-errors";

export interface QueueOptions {
  /** How many items fit; 0: as many as come. @default 0 */
  maxsize?: number;
}

export interface BlockingOptions {
  /** Milliseconds to wait; 0: not at all. @default as long as it takes */
  timeout?: number;
}

export interface WaitingOptions {
  /** Aborting it gives up the wait, which rejects with its reason. `AbortSignal.timeout(ms)` is a timeout. */
  signal?: AbortSignal;
}

/** What both faces of a queue have. */
abstract class Face<T> {
  /** @internal */
  protected readonly endpoint: QueueEndpoint;

  /** @internal */
  constructor(endpoint: QueueEndpoint) {
    this.endpoint = endpoint;
  }

  /** How many items fit; 0: as many as come. */
  get maxsize(): number {
    return this.endpoint.counters.maxsize;
  }

  /** The items in the queue or on their way into it. */
  qsize(): number {
    return this.endpoint.counters.size;
  }

  empty(): boolean {
    return this.qsize() === 0;
  }

  full(): boolean {
    return this.endpoint.counters.isFull;
  }

  /** Puts at once, or throws QueueFull. The item is cloned. Throws QueueShutDown after `close`. */
  putNowait(item: T): void {
    const sent = numberItem(item);
    if (!this.endpoint.tryPut(sent)) throw full(this.maxsize, "now");
    recordPut(sent);
  }

  /**
   * Takes an item at once, or throws QueueEmpty. In a worker the thread that made the queue is asked, so this
   * takes until that thread's event loop turns.
   */
  getNowait(): T {
    const item = this.endpoint.tryTake();
    if (!item) throw empty("now");
    return recordTaken(item.value) as T;
  }

  /**
   * To be called once for each item that was taken, when the work on it is done; `join` waits for these. Throws
   * when it is called more often than items were put.
   */
  taskDone(): void {
    this.endpoint.taskDone();
  }
}

/** The blocking face, for worker threads. */
export class SyncQueue<T> extends Face<T> implements Iterable<T> {
  /**
   * Puts the item, blocking this thread while the queue is full. Throws QueueFull after the timeout,
   * QueueShutDown after `close`, an Error instead of blocking the thread that made the queue.
   */
  put(item: T, { timeout }: BlockingOptions = {}): void {
    const limit = checkTimeout(timeout);
    if (limit === 0) this.putNowait(item);
    else {
      const sent = numberItem(item);
      if (!this.endpoint.putBlocking(sent, limit)) throw full(this.maxsize, `after ${limit} ms`);
      recordPut(sent);
    }
  }

  /**
   * Takes an item, blocking this thread while there is none. Throws QueueEmpty after the timeout,
   * QueueShutDown when the queue is closed and empty, an Error instead of blocking the thread that made it.
   */
  get({ timeout }: BlockingOptions = {}): T {
    const limit = checkTimeout(timeout);
    if (limit === 0) return this.getNowait();
    const item = this.endpoint.takeBlocking(limit);
    if (!item) throw empty(`after ${limit} ms`);
    return recordTaken(item.value) as T;
  }

  /**
   * Blocks until every item has been marked done; false when the timeout came before that. Throws an Error instead
   * of blocking the thread that made the queue.
   */
  join({ timeout }: BlockingOptions = {}): boolean {
    return this.endpoint.joinBlocking(checkTimeout(timeout));
  }

  /** Takes items until the queue is closed and empty. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    try {
      for (;;) yield this.get();
    } catch (error) {
      if (!(error instanceof QueueShutDown)) throw error;
    }
  }
}

/** The face that awaits, for the event loop (and for async functions in workers). */
export class AsyncQueue<T> extends Face<T> implements AsyncIterable<T> {
  /**
   * Puts the item as soon as there is room. Rejects with QueueShutDown after `close`, and with the signal's reason
   * when that is aborted; the item is then not in the queue.
   */
  async put(item: T, { signal }: WaitingOptions = {}): Promise<void> {
    const sent = numberItem(item);
    await this.endpoint.put(sent, signal);
    recordPut(sent);
  }

  /**
   * Takes an item as soon as there is one. Rejects with QueueShutDown when the queue is closed and empty, and with
   * the signal's reason when that is aborted; no item is lost by it.
   */
  async get({ signal }: WaitingOptions = {}): Promise<T> {
    return recordTaken(await this.endpoint.take(signal)) as T;
  }

  /** Resolves when every item has been marked done. Rejects with the signal's reason when that is aborted. */
  join({ signal }: WaitingOptions = {}): Promise<void> {
    return this.endpoint.join(signal);
  }

  /** Takes items until the queue is closed and empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) yield await this.get();
    } catch (error) {
      if (!(error instanceof QueueShutDown)) throw error;
    }
  }
}

/**
 * A queue with two faces, as janus': `syncQ` blocks (worker threads), `asyncQ` awaits (the event loop). Pass
 * it to tasks as an argument or a captured variable; all threads then share the one queue.
 *
 * Items are structured clones, made when they are put. What one thread puts comes out in that order; requests
 * are answered first come, first served by the thread that made the queue, while its event loop turns. An
 * item on its way to a worker that is terminated is lost with it. Throws RangeError for a `maxsize` that is no
 * whole number.
 *
 * @example
 * const queue = new Queue<number>({ maxsize: 10 });
 * const produced = toThread(() => {
 *   for (let i = 0; i < 1000; i++) queue.syncQ.put(i);
 *   queue.close();
 * });
 * for await (const item of queue.asyncQ) console.log(item);
 */
export class Queue<T = unknown> implements Revivable {
  readonly syncQ: SyncQueue<T>;
  readonly asyncQ: AsyncQueue<T>;
  readonly #id: string;
  readonly #endpoint: QueueEndpoint;

  constructor(options?: QueueOptions);
  /** @internal */
  constructor(options: QueueOptions, id: string, endpoint: QueueEndpoint);
  constructor({ maxsize }: QueueOptions = {}, id: string = newId(), endpoint?: QueueEndpoint) {
    this.#id = id;
    this.#endpoint = endpoint ?? new QueueOwner(SharedCounters.open(checkMaxsize(maxsize)));
    this.syncQ = new SyncQueue(this.#endpoint);
    this.asyncQ = new AsyncQueue(this.#endpoint);
    known.set(id, this as Queue<unknown>);
  }

  get closed(): boolean {
    return this.#endpoint.counters.isClosed;
  }

  /**
   * Nothing more goes in: `put` throws QueueShutDown, those waiting to put too. What is in the queue can still
   * be taken, and then `get` throws it as well. With `immediate` the items are thrown away at once, and `join`
   * returns whatever was not yet marked done, as `shutdown(immediate=True)` in Python 3.13.
   */
  close({ immediate = false }: { immediate?: boolean } = {}): void {
    this.#endpoint.close(immediate);
  }

  [Symbol.dispose](): void {
    this.close({ immediate: true });
  }

  [toTransfer](): Revival {
    const { shared } = this.#endpoint.counters;
    const data: QueueData = { id: this.#id, shared, channel: this.#endpoint.connect() };
    return { module: __filename, name: "reviveQueue", data };
  }
}

interface QueueData {
  id: string;
  shared: SharedArrayBuffer;
  /** Its port is to be transferred. */
  channel: QueueChannel;
}

const known = new WeakById<Queue<unknown>>();

/** This thread's one object for that queue. */
export function reviveQueue({ id, shared, channel }: QueueData): Queue {
  const queue = known.get(id);
  if (!queue) return new Queue({}, id, new QueueProxy(new SharedCounters(shared), channel));
  channel.port.close();
  return queue;
}

function checkMaxsize(maxsize = 0): number {
  if (Number.isInteger(maxsize) && maxsize >= 0 && maxsize < 2 ** 31) return maxsize;
  throw new RangeError(
    `\`maxsize\` must be a whole number of items, 0 for no limit, got ${String(maxsize)}. Leave it out for no limit.`,
  );
}
