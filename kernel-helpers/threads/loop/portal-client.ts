import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { Deadline } from "../../inspector";
import { type PackedTask, recordEnd } from "../closures/task-message";
import { unpackValue } from "../closures/unpack";
import { currentOrigin, Origins } from "../context/origin";
import { Bell } from "../sync/queue-channel";
import { CancelledError, DeadlockError, PortalNotRunning } from "../task/errors";
import { Future } from "../task/future";
import { word as taskWord } from "../task/message";
import { type SubmitSite, withSubmitSite } from "../task/submit-site";
import type { Origin } from "../task/task";
import { cancelled, isCancelledHere, mailbox, recordHere } from "../worker/worker-context";
import { type Answer, type Line, type ToPortal, word } from "./portal-protocol";
import { ThreadWait } from "./thread-waits";

/** How often a thread that waits looks whether the portal's thread is still there, in ms. */
const lookEvery = 50;

interface Call {
  future: Future<unknown>;
  packed: PackedTask;
  site: SubmitSite;
}

/** The side of one thread that calls a portal: it blocks for answers, or takes them as its own loop turns. */
export class PortalClient {
  readonly #calls = new Map<number, Call>();
  /** Where output and calls of the tasks belong to. */
  readonly origins = new Origins<{ origin: Origin }>();
  readonly #words: Int32Array;
  readonly #bell: Bell;
  readonly #waits = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #number: number;
  /** That of a call which has been sent, until it blocks. */
  #wait: ThreadWait | undefined;
  #count = 0;
  #awaited = 0;
  #closed = false;
  /** Why nothing can be called any more. */
  #over: Error | undefined;
  /** Reads what the thread has printed, before an answer that came after it; of the thread that made the portal. */
  beforeAnswer: () => void = () => {};
  /** Somebody awaits an answer, or nobody any more; of the thread that made the portal. */
  onAwaited: (is: boolean) => void = () => {};

  /** With `owned`, whoever made the portal says when its thread has ended. */
  constructor(
    readonly line: Line,
    owned = false,
  ) {
    const { port, shared } = line;
    this.#words = new Int32Array(shared);
    this.#number = Atomics.add(this.#words, word.callers, 1) & 0x7ff;
    const bell = mailbox() ?? new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#bell = new Bell(bell);
    port.on("message", (answer: Answer) => this.#receive(answer));
    port.on("close", () => {
      this.#closed = true;
      if (!owned) this.#lookForEnd();
    });
    port.unref();
    this.post({ kind: "hello", bell, waits: this.#waits.buffer as SharedArrayBuffer });
  }

  get over(): Error | undefined {
    return this.#over;
  }

  /** Says to all who call the portal why its thread is going to end. */
  noteStop(): void {
    Atomics.store(this.#words, word.stopped, 1);
  }

  post(request: ToPortal, transfer: readonly object[] = []): void {
    this.line.port.postMessage(request, transfer as MessagePort[]);
  }

  /** Sends a task. With `waits` the caller is going to block for it without limit, by `block`. */
  run(packed: PackedTask, site: SubmitSite, waits: boolean): Future<unknown> {
    if (this.#over) throw new PortalNotRunning(this.#over.message, { cause: this.#over.cause });
    const { message, name, transfer } = packed;
    message.id = (this.#number << 20) | (++this.#count & 0xfffff);
    // Before the task can begin: it may call this thread back, and then that call closes the circle.
    if (waits) {
      Atomics.store(this.#waits, 0, 1);
      this.#wait = new ThreadWait(this.line.thread);
    }
    try {
      this.post({ kind: "run", message, name }, [...new Set(transfer)]);
    } catch (error) {
      this.#endWait(this.#wait);
      throw error;
    }
    const future: Future<unknown> = new Future<unknown>({
      block: (timeoutMs) => this.block(() => future.done(), timeoutMs),
      cancel: () => this.#cancel(message.id),
      awaited: () => this.#holdLoop(future),
      poll: () => this.#readAll(),
    });
    this.origins.remember(message.id, { origin: currentOrigin() });
    this.#calls.set(message.id, { future, packed, site });
    return future;
  }

  /**
   * Blocks this thread until `done`, at most `ms`; throws CancelledError when the task that waits is to stop, and
   * DeadlockError when the portal's thread waits for this one, too.
   */
  block(done: () => boolean, ms: number, announce = ms === Number.POSITIVE_INFINITY): void {
    const deadline = new Deadline(ms);
    if (announce) {
      Atomics.store(this.#waits, 0, 1);
      this.post({ kind: "wait" });
    }
    recordHere("blocked");
    const wait =
      ms === Number.POSITIVE_INFINITY ? (this.#wait ?? new ThreadWait(this.line.thread)) : undefined;
    try {
      for (;;) {
        const rings = this.#bell.rings;
        this.#readAll();
        if (done()) return;
        if (isCancelledHere()) throw cancelled();
        if (deadline.leftMs <= 0) return;
        if (wait?.isForEver()) throw this.#circle();
        this.#bell.wait(rings, Math.min(deadline.sleepMs, lookEvery));
        this.#lookForEnd();
      }
    } finally {
      this.#endWait(wait);
      recordHere("resumed");
    }
  }

  #endWait(wait: ThreadWait | undefined): void {
    wait?.end();
    this.#wait = undefined;
    Atomics.store(this.#waits, 0, 0);
  }

  #circle(): DeadlockError {
    const { name } = this.line;
    return new DeadlockError(
      `A call to ${name} would wait for ever: the thread of ${name} waits for this thread, itself or through other ` +
        "portals. Await startTaskSoon(…) in one of them, or give the call a `timeout`.",
    );
  }

  /** Settles all that is open; nothing can be called from then on. */
  end(reason: Error, kind: "stopped" | "died"): void {
    this.#over ??= reason;
    for (const [id, { future, packed, site }] of [...this.#calls]) {
      this.#calls.delete(id);
      recordEnd(kind, packed.message);
      future.settle(false, withSubmitSite(this.#endOf(reason, packed.name), { site }, this.line));
    }
    this.line.port.close();
  }

  /** An error of its own for each task. */
  #endOf(reason: Error, name: string): Error {
    const error = new (reason.constructor as ErrorConstructor)(`${name}: ${reason.message}`);
    return Object.assign(error, reason);
  }

  get #isGone(): boolean {
    return Atomics.load(this.#words, word.ended) === 1 || this.#closed || isClosing(this.line.port);
  }

  #lookForEnd(): void {
    if (this.#over || !this.#isGone) return;
    this.#readAll();
    this.beforeAnswer();
    this.end(this.whyGone(), "died");
  }

  whyGone(error?: unknown): Error {
    const { name } = this.line;
    if (Atomics.load(this.#words, word.stopped) === 1)
      return new CancelledError("cancelled by stop() of the portal.");
    if (Atomics.load(this.#words, word.up) === 0) {
      return new Error(`The thread of ${name} could not start.`, { cause: error });
    }
    if (Atomics.load(this.#words, word.ended) === 0) {
      const message =
        `the thread of ${name} ran out of memory, or was terminated from outside. Work on smaller pieces, or give ` +
        "startBlockingPortal more by `resourceLimits`.";
      return Object.assign(new Error(message, { cause: error }), { code: "ERR_WORKER_OUT_OF_MEMORY" });
    }
    const exitCode = Atomics.load(this.#words, word.exitCode);
    const message = `the thread of ${name} exited with code ${exitCode}. In it process.exit() ends the thread: return or throw instead.`;
    return Object.assign(new Error(message), { code: "ERR_WORKER_EXITED", exitCode });
  }

  #readAll(): void {
    // Node crashes on a read of a port that has just closed.
    while (!this.#closed) {
      const received = receiveMessageOnPort(this.line.port);
      if (!received) return;
      this.#receive(received.message as Answer);
    }
  }

  #receive({ id, reply }: Answer): void {
    this.beforeAnswer();
    const call = this.#calls.get(id);
    if (!call) return;
    this.#calls.delete(id);
    const { future, site } = call;
    if ("error" in reply) {
      future.settle(false, withSubmitSite(unpackValue(reply.error!), { site }, this.line));
    } else {
      future.settle(true, unpackValue(reply));
    }
  }

  #cancel(id: number): boolean {
    const call = this.#calls.get(id);
    if (!call) return false;
    this.#calls.delete(id);
    const words = new Int32Array(this.line.taskWords);
    Atomics.store(words, taskWord.cancelled, id);
    this.post({ kind: "cancel", id });
    call.future.settle(false, cancelled());
    return true;
  }

  /** Whoever awaits a future keeps the process alive; a portal alone does not. */
  #holdLoop(future: Future<unknown>): void {
    if (this.#awaited++ === 0) {
      this.line.port.ref();
      this.onAwaited(true);
    }
    future.addDoneCallback(() => {
      if (--this.#awaited > 0) return;
      this.line.port.unref();
      this.onAwaited(false);
    });
  }
}

/**
 * Has the thread at the other end of the port ended, though this event loop stands still? A thread that ran out of
 * memory cannot tell of it, and its Worker reports it on the loop only. But Node closes the port when it is read, and
 * refuses a closing port before it refuses a list that names a port twice; so nothing is ever sent.
 */
function isClosing(port: MessagePort): boolean {
  try {
    structuredClone(undefined, { transfer: [port, port] as never });
  } catch (error) {
    return /detached/.test((error as Error).message);
  }
  return false;
}
