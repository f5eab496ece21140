import { receiveMessageOnPort } from "node:worker_threads";
import { Bell, Deliveries, newChannel, type QueueChannel, type Request, RequestSlot } from "./queue-channel";
import type { Item, QueueEndpoint } from "./queue-endpoint";
import { shutDown, wouldBlock } from "./queue-errors";
import { type Client, remoteWaiter, reply, type Waiter } from "./queue-waiters";
import type { SharedCounters } from "./shared-counters";

/**
 * The side of the thread that made the queue. It keeps the items, and everybody's requests in the order in
 * which they came. Nothing here blocks.
 */
export class QueueOwner implements QueueEndpoint {
  readonly #items = new Set<Item>();
  readonly #putters = new Set<Waiter>();
  readonly #getters = new Set<Waiter>();
  readonly #joiners = new Set<Waiter>();
  readonly #clients = new Set<Client>();
  #localWaiters = 0;

  constructor(readonly counters: SharedCounters) {}

  connect(): QueueChannel {
    const { owner, other } = newChannel();
    this.#listen(owner);
    return other;
  }

  tryPut(value: unknown): boolean {
    return this.#tryAdd(copy(value));
  }

  async put(value: unknown, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const item = copy(value);
    if (!this.#tryAdd(item)) await this.#wait(this.#putters, item, signal);
  }

  putBlocking(value: unknown): boolean {
    if (this.tryPut(value)) return true;
    throw wouldBlock("put(item)");
  }

  tryTake(): Item | undefined {
    if (this.#items.size === 0) this.#readAll();
    const item = first(this.#items);
    if (!item && this.counters.isOver) throw shutDown();
    if (item) this.#remove(item);
    this.#settle();
    return item;
  }

  async take(signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted();
    const item = this.tryTake();
    return item ? item.value : this.#wait(this.#getters, undefined, signal);
  }

  takeBlocking(): Item {
    const item = this.tryTake();
    if (!item) throw wouldBlock("get()");
    return item;
  }

  async join(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.counters.unfinished > 0) await this.#wait(this.#joiners, undefined, signal);
  }

  joinBlocking(): boolean {
    if (this.counters.unfinished === 0) return true;
    throw wouldBlock("join()");
  }

  taskDone(): void {
    if (this.counters.taskDone()) this.#settle();
  }

  close(immediate: boolean): void {
    this.counters.close();
    this.#readAll();
    if (immediate) this.#discard();
    this.#settle();
  }

  #tryAdd(value: unknown): boolean {
    if (this.counters.isClosed) throw shutDown();
    if (!this.counters.takePlace()) return false;
    this.#items.add({ value });
    this.#settle();
    return true;
  }

  #remove(item: Item): void {
    this.#items.delete(item);
    this.counters.itemTaken();
  }

  #discard(): void {
    for (const item of this.#items) this.#remove(item);
    this.counters.closeAtOnce();
  }

  // ---- Those who wait ----

  #wait<T>(waiting: Set<Waiter>, value: unknown, signal: AbortSignal | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        waiting.delete(waiter);
        signal?.removeEventListener("abort", abort);
        this.#countLocal(-1);
      };
      const abort = () => {
        leave();
        reject(signal?.reason);
      };
      const grant = (granted: unknown) => {
        leave();
        resolve(granted as T);
        return true;
      };
      const refuse = () => {
        leave();
        reject(shutDown());
      };
      const waiter: Waiter = { value, grant, refuse };
      waiting.add(waiter);
      signal?.addEventListener("abort", abort, { once: true });
      this.#countLocal(1);
    });
  }

  /** Grants whatever can be granted now, each kind in the order of asking. */
  #settle(): void {
    this.#admitPutters();
    this.#serveGetters();
    if (this.counters.isClosed) for (const putter of this.#putters) this.#refuse(this.#putters, putter);
    if (this.counters.isOver) for (const getter of this.#getters) this.#refuse(this.#getters, getter);
    if (this.counters.unfinished === 0) this.#releaseJoiners();
    if (this.#isDone()) this.#hangUp();
  }

  #admitPutters(): void {
    for (const putter of this.#putters) {
      if (this.counters.isClosed || !this.counters.takePlace()) return;
      this.#putters.delete(putter);
      if (putter.grant()) this.#items.add({ value: putter.value });
      else this.counters.giveBackPlace();
    }
  }

  #serveGetters(): void {
    for (const getter of this.#getters) {
      const item = first(this.#items);
      if (!item) return;
      this.#getters.delete(getter);
      if (!getter.grant(item.value)) continue;
      this.#remove(item);
      this.#admitPutters();
    }
  }

  #releaseJoiners(): void {
    for (const joiner of this.#joiners) {
      this.#joiners.delete(joiner);
      joiner.grant();
    }
  }

  #refuse(waiting: Set<Waiter>, waiter: Waiter): void {
    waiting.delete(waiter);
    waiter.refuse();
  }

  // ---- The other threads ----

  #listen({ port, shared }: QueueChannel): void {
    const client: Client = {
      port,
      bell: new Bell(shared),
      slot: new RequestSlot(shared),
      deliveries: new Deliveries(shared),
    };
    this.#clients.add(client);
    port.on("message", (request: Request) => this.#answer(client, request));
    port.on("close", () => this.#disconnect(client));
    this.#holdLoop(client);
    if (this.#isDone()) this.#hangUp();
  }

  /** While somebody on this side waits, the lines keep the event loop alive; otherwise they do not. */
  #holdLoop({ port }: Client): void {
    if (this.#localWaiters > 0) port.ref();
    else port.unref();
  }

  #countLocal(change: number): void {
    this.#localWaiters += change;
    for (const client of this.#clients) this.#holdLoop(client);
  }

  #disconnect(client: Client): void {
    if (!this.#clients.delete(client)) return;
    this.#forget((waiter) => waiter.client === client);
    this.#takeBack(client.deliveries.lost());
  }

  /** What did not reach its thread comes first again. */
  #takeBack(lost: Item[]): void {
    if (lost.length === 0) return;
    const later = [...this.#items];
    this.#items.clear();
    for (const item of [...lost, ...later]) this.#items.add(item);
    for (const _ of lost) this.counters.itemBack();
    this.#settle();
  }

  /** Takes those waiters out of the lines; true when there was one. */
  #forget(which: (waiter: Waiter) => boolean): boolean {
    let found = false;
    for (const waiting of [this.#putters, this.#getters, this.#joiners]) {
      for (const waiter of waiting) if (which(waiter)) found = waiting.delete(waiter);
    }
    return found;
  }

  /** Handles what has already arrived, without waiting for the event loop's next turn. */
  #readAll(): void {
    for (const client of this.#clients) {
      for (;;) {
        const received = receiveMessageOnPort(client.port);
        if (!received) break;
        this.#answer(client, received.message);
      }
    }
  }

  /** A request that comes over a channel already hung up gets no answer: its thread sees that all is done. */
  #answer(client: Client, request: Request): void {
    if (!this.#clients.has(client)) return;
    if (request.op === "put") this.#items.add({ value: request.value });
    else if (request.op === "offer") this.#putters.add(remoteWaiter(client, request));
    else if (request.op === "take") this.#getters.add(remoteWaiter(client, request, true));
    else if (request.op === "join") this.#joiners.add(remoteWaiter(client, request));
    else if (request.op === "tryTake") this.#answerTryTake(client, request);
    else if (request.op === "withdraw") this.#answerWithdraw(client, request.id);
    else if (request.op === "connect") this.#listen(request.channel);
    else if (request.op === "bell") client.bell = new Bell(request.shared);
    else if (request.op === "close") this.close(request.immediate);
    this.#settle();
  }

  #answerTryTake(client: Client, request: { id: number; blocks: boolean }): void {
    if (this.#items.size === 0) this.#readAll();
    const item = first(this.#items);
    if (!item) reply(client, request, { id: request.id, ok: false, why: "empty" });
    else if (remoteWaiter(client, request, true).grant(item.value)) this.#remove(item);
  }

  #answerWithdraw(client: Client, id: number): void {
    const waits = this.#forget((waiter) => waiter.client === client && waiter.id === id);
    if (waits) reply(client, { blocks: false }, { id, ok: false, why: "withdrawn" });
  }

  #isDone(): boolean {
    const waiting = this.#putters.size + this.#getters.size + this.#joiners.size;
    return this.counters.isDone && waiting === 0;
  }

  #hangUp(): void {
    for (const { port, bell } of this.#clients) {
      port.close();
      bell.ring();
    }
    this.#clients.clear();
  }
}

function first<T>(set: Set<T>): T | undefined {
  for (const one of set) return one;
  return undefined;
}

/** An item is a copy from the moment it is put, whoever takes it. */
function copy(value: unknown): unknown {
  return typeof value === "object" || typeof value === "function" || typeof value === "symbol"
    ? structuredClone(value)
    : value;
}
