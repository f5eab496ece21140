import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { Deadline } from "../../inspector";
import {
  checkCancelled,
  isCancelledHere,
  mailbox,
  recordHere,
  requireFreeLoop,
} from "../worker/worker-context";
import {
  type Answer,
  Bell,
  Deliveries,
  newChannel,
  type QueueChannel,
  type Request,
  RequestSlot,
} from "./queue-channel";
import type { Item, QueueEndpoint } from "./queue-endpoint";
import { shutDown } from "./queue-errors";
import type { SharedCounters } from "./shared-counters";

/** Closes the channel of a queue that this thread has dropped. */
const dropped = new FinalizationRegistry<MessagePort>((port) => port.close());
/** Those with somebody waiting, who may hold nothing but a promise. */
const awaited = new Set<QueueProxy>();

/** The side of any thread but the one that made the queue. It puts without asking while there is room. */
export class QueueProxy implements QueueEndpoint {
  readonly #port: MessagePort;
  readonly #bell: Bell;
  readonly #slot: RequestSlot;
  readonly #deliveries: Deliveries<Item>;
  readonly #pending = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  constructor(
    readonly counters: SharedCounters,
    channel: QueueChannel,
  ) {
    this.#port = channel.port;
    const mail = mailbox();
    this.#bell = new Bell(mail ?? channel.shared);
    this.#slot = new RequestSlot(channel.shared);
    this.#deliveries = new Deliveries(channel.shared);
    if (mail) this.#send({ op: "bell", shared: mail });
    listen(this.#port, new WeakRef(this));
    dropped.register(this, this.#port);
  }

  connect(): QueueChannel {
    const { owner, other } = newChannel();
    this.#port.postMessage({ op: "connect", channel: owner } satisfies Request, [owner.port]);
    return other;
  }

  tryPut(value: unknown): boolean {
    if (this.counters.isClosed) throw shutDown();
    if (!this.counters.takePlace()) return false;
    try {
      if (this.counters.isClosed) throw shutDown();
      this.#send({ op: "put", value });
    } catch (error) {
      this.counters.giveBackPlace();
      this.#send({ op: "look" });
      throw error;
    }
    return true;
  }

  async put(value: unknown, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.tryPut(value)) await this.#ask((id) => ({ op: "offer", id, blocks: false, value }), signal);
  }

  putBlocking(value: unknown, timeout?: number): boolean {
    if (this.tryPut(value)) return true;
    return this.#askBlocking((id) => ({ op: "offer", id, blocks: true, value }), timeout) !== undefined;
  }

  tryTake(): Item | undefined {
    if (this.counters.isOver) throw shutDown();
    if (this.counters.size === 0) return undefined;
    return this.#askBlocking((id) => ({ op: "tryTake", id, blocks: true }));
  }

  async take(signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted();
    return this.#ask((id) => ({ op: "take", id, blocks: false }), signal);
  }

  takeBlocking(timeout?: number): Item | undefined {
    return this.#askBlocking((id) => ({ op: "take", id, blocks: true }), timeout);
  }

  async join(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.counters.unfinished === 0) return;
    await this.#ask((id) => ({ op: "join", id, blocks: false }), signal).catch(this.#unlessDone);
  }

  joinBlocking(timeout?: number): boolean {
    if (this.counters.unfinished === 0) return true;
    try {
      return this.#askBlocking((id) => ({ op: "join", id, blocks: true }), timeout) !== undefined;
    } catch (error) {
      this.#unlessDone(error);
      return true;
    }
  }

  taskDone(): void {
    if (this.counters.taskDone()) this.#send({ op: "look" });
  }

  close(immediate: boolean): void {
    this.counters.close();
    this.#send({ op: "close", immediate });
  }

  receive(answer: Answer): void {
    if (answer.ok) this.#deliveries.noteArrival();
    this.#pending.get(answer.id)?.(answer);
  }

  /** QueueOwner hung up: the queue is closed and empty, or its thread has ended. */
  channelClosed(): void {
    for (const [id, settle] of this.#pending) settle({ id, ok: false, why: "shutDown" });
  }

  #send(request: Request): void {
    this.#port.postMessage(request);
  }

  #nextId(): number {
    this.#lastId = (this.#lastId + 1) & 0x3fffffff;
    return this.#lastId;
  }

  /** QueueOwner may hang up, all being done, before it hears of a join. */
  readonly #unlessDone = (error: unknown): void => {
    if (!this.counters.isDone) throw error;
  };

  /** Rejects with the signal's reason once owner has agreed that nothing was given meanwhile. */
  #ask(request: (id: number) => Request, signal: AbortSignal | undefined): Promise<unknown> {
    requireFreeLoop("The queue");
    if (this.counters.isDone) return Promise.reject(shutDown());
    const id = this.#nextId();
    const withdraw = () => this.#send({ op: "withdraw", id });
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#send(request(id));
      this.#pending.set(id, (answer) => {
        if (answer.ok) resolve(answer.value);
        else reject(answer.why === "withdrawn" ? signal?.reason : shutDown());
      });
      this.#holdLoop();
      signal?.addEventListener("abort", withdraw, { once: true });
    });
    return answered.finally(() => {
      this.#pending.delete(id);
      this.#holdLoop();
      signal?.removeEventListener("abort", withdraw);
    });
  }

  #holdLoop(): void {
    if (this.#pending.size > 0) {
      this.#port.ref();
      awaited.add(this);
    } else {
      this.#port.unref();
      awaited.delete(this);
    }
  }

  /** Asks owner and blocks; undefined when the answer is no, or `timeout` ms have passed. */
  #askBlocking(request: (id: number) => Request, timeout = Number.POSITIVE_INFINITY): Item | undefined {
    requireFreeLoop("The queue");
    const id = this.#nextId();
    const deadline = new Deadline(timeout);
    let outcome = undefined as Answer | undefined;
    this.#slot.open(id);
    this.#send(request(id));
    this.#pending.set(id, (answer) => {
      outcome = answer;
    });
    const answered = this.#blockUntil(() => outcome !== undefined, id, deadline);
    this.#pending.delete(id);
    if (!answered) this.#send({ op: "withdraw", id });
    if (outcome?.ok) return { value: outcome.value };
    if (outcome?.why === "shutDown" || this.counters.isDone) throw shutDown();
    checkCancelled();
    return undefined;
  }

  /** Blocks until there is an answer; false when the time is over, owner hung up or the task is to stop. */
  #blockUntil(answered: () => boolean, id: number, deadline: Deadline): boolean {
    recordHere("blocked");
    try {
      for (;;) {
        const rings = this.#bell.rings;
        this.#readAll();
        if (answered()) return true;
        if (deadline.leftMs > 0 && !this.counters.isDone && !isCancelledHere())
          this.#bell.wait(rings, deadline.sleepMs);
        else if (this.#slot.decide(id)) return false;
      }
    } finally {
      recordHere("resumed");
    }
  }

  #readAll(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (!received) return;
      this.receive(received.message);
    }
  }
}

/** Held weakly, so that a queue which the thread has dropped closes its channel. */
function listen(port: MessagePort, proxy: WeakRef<QueueProxy>): void {
  port.on("message", (answer: Answer) => proxy.deref()?.receive(answer));
  port.on("close", () => proxy.deref()?.channelClosed());
  port.unref();
}
