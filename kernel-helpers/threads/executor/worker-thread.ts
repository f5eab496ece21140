import { join } from "node:path";
import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  receiveMessageOnPort,
  SHARE_ENV,
  type Worker,
} from "node:worker_threads";
import type { Piscina } from "piscina";
import { nameThread } from "../../timing/recorder";
import { packThrown } from "../closures/pack";
import { isNotebook } from "../context/host";
import { Origins } from "../context/origin";
import { type LoopCall, runLoopCall } from "../loop/calls";
import { threadEnded } from "../sync/lock";
import { CancelledError } from "../task/errors";
import { type Reply, type Setup, type ToLoop, type ToWorker, word } from "../task/message";
import type { Task } from "../task/task";

export interface ThreadOptions {
  resourceLimits?: ResourceLimits;
  atomics: "async" | "sync";
}

export interface ThreadEvents {
  ended(thread: WorkerThread): void;
  /** The thread waits for what the call has submitted; `resumed` comes once for each. */
  paused(thread: WorkerThread, call: LoopCall): void;
  resumed(thread: WorkerThread, call: number): void;
}

/** How a thread ended. */
export interface Death {
  /** An error that ended it, such as running out of memory. */
  error?: unknown;
  exitCode?: number;
}

/**
 * One thread: a Piscina of one worker. The pool above it holds the queue, so that it knows which thread runs what,
 * keeps the order, and can stop one task without touching the others.
 */
export class WorkerThread {
  readonly piscina: Piscina;
  readonly worker: Worker;
  readonly startedAt = performance.now();
  /** Resolves when the thread is gone. */
  readonly gone: Promise<void>;
  death: Death | undefined;
  /** Calls to the loop that are not over. */
  readonly calls = new Map<number, LoopCall>();
  private readonly shared = new Int32Array(new SharedArrayBuffer(word.count * Int32Array.BYTES_PER_ELEMENT));
  private readonly port: MessagePort;
  private readonly origins = new Origins<Task>();
  private lastReply: { task: number; reply: Reply } | undefined;
  private seen = 0;
  private setup: Setup | undefined;
  /** Called when the thread has loaded; undefined from then on. */
  private whenUp: (() => void)[] | undefined = [];

  constructor(
    readonly name: string,
    readonly index: number,
    options: ThreadOptions,
    private readonly events: ThreadEvents,
  ) {
    this.piscina = startPiscina(options);
    this.worker = this.piscina.threads[0]!;
    nameThread(this.worker.threadId, name);
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.setup = {
      name,
      port: port2,
      shared: this.shared.buffer as SharedArrayBuffer,
      inNotebook: isNotebook(),
    };
    port1.on("message", (message: ToLoop) => this.receive(message));
    port1.unref();
    // Before Piscina hears of it, which would start another worker in its place.
    this.worker.prependListener("error", (error) => this.ended({ error }));
    const { threadId } = this.worker;
    this.gone = new Promise((resolve) => {
      this.worker.prependListener("exit", (exitCode) => {
        threadEnded(threadId);
        this.ended({ exitCode });
        this.port.close();
        events.ended(this);
        resolve();
      });
    });
  }

  /** Sends a task; rejects when the thread ends under it (see `death`), else gives the worker's reply. */
  run(task: Task): Promise<Reply> {
    const { message } = task;
    this.origins.remember(task.message.id, task);
    const transferList = this.transferList(task);
    const reply =
      transferList.length === 0
        ? this.piscina.run(message)
        : this.piscina.run(message, { transferList: transferList as never });
    // Another thread may get the same message, should this one end before it begins.
    if (message.setup) message.setup = undefined;
    return reply;
  }

  /** The reply of a thread that exited right after it. */
  replyTo({ message }: Task): Reply | undefined {
    return this.lastReply?.task === message.id ? this.lastReply.reply : undefined;
  }

  /** Has the task begun to run? One that has not can run in another thread. */
  hasStarted({ message }: Task): boolean {
    return Atomics.load(this.shared, word.started) === message.id;
  }

  get hasLoaded(): boolean {
    return this.whenUp === undefined;
  }

  /** Reads what the worker posted before its reply: output, calls. */
  catchUp(posts: number): void {
    // A port that has closed must not be read any more.
    while (this.seen < posts && this.death?.exitCode === undefined) {
      const mail = receiveMessageOnPort(this.port);
      if (!mail) return;
      this.receive(mail.message as ToLoop);
    }
  }

  /** Asks the running task to stop: `checkCancelled`, `result()`, its signal and its calls to the loop say so. */
  ask({ message }: Task, reason: unknown): void {
    Atomics.store(this.shared, word.cancelled, message.id);
    this.send({ id: 0, task: message.id, error: packThrown(reason) });
    for (const call of this.calls.values()) if (call.task?.message === message) call.abort(reason);
  }

  /** The functions on the loop for which the task waits without a limit of time. */
  get waitsFor(): string[] {
    const blocking = Atomics.load(this.shared, word.waitsFor);
    const awaited = Array.from(this.calls.values()).filter(
      ({ id, isAwaited }) => isAwaited || id === blocking,
    );
    return awaited.map(({ name }) => name);
  }

  /** Ends the thread, whatever it does; `gone` tells when it has ended. */
  terminate(): void {
    void this.piscina.destroy();
  }

  /** Calls back once a task that was sent runs: at once, or when the new thread has loaded. */
  onceUp(callback: () => void): void {
    if (this.whenUp) this.whenUp.push(callback);
    else callback();
  }

  private ended(death: Death): void {
    this.catchUp(Number.POSITIVE_INFINITY);
    this.death = { ...death, ...this.death };
    const reason = new CancelledError(`${this.name}, which made the call, has ended.`);
    for (const call of this.calls.values()) call.abort(reason);
    this.calls.clear();
    this.terminate();
  }

  /** The first task brings the thread its own port. */
  private transferList({ transfer, message }: Task): object[] {
    if (!this.setup && transfer.length === 0) return transfer;
    // A port that is there twice, as an argument or in the list as well, moves once.
    const transferList = [...new Set(transfer)];
    if (this.setup) {
      message.setup = this.setup;
      transferList.push(this.setup.port);
      this.setup = undefined;
    }
    return transferList;
  }

  private receive(message: ToLoop): void {
    this.seen++;
    const { kind } = message;
    if (kind === "up") this.cameUp();
    else if (kind === "output")
      this.origins.act(message.task, ({ write }) => write(message.fd, message.text));
    else if (kind === "call") this.origins.act(message.task, () => this.call(message));
    else if (kind === "await") this.noteAwait(message.id);
    else if (kind === "pause") this.pause(message.id);
    else if (kind === "resume") this.events.resumed(this, message.id);
    else if (kind === "cancel")
      this.calls.get(message.id)?.abort(new CancelledError("The call was cancelled."));
    else if (kind === "reply") this.lastReply = message;
    else if (kind === "forget") this.origins.forget(message.tasks);
  }

  private pause(id: number): void {
    const call = this.calls.get(id);
    if (call) this.events.paused(this, call);
  }

  private noteAwait(id: number): void {
    const call = this.calls.get(id);
    if (call) call.isAwaited = true;
  }

  private call(message: ToLoop & { kind: "call" }): void {
    const call = runLoopCall(message, this.origins.taskOf(message.task), (reply) => {
      this.calls.delete(message.id);
      this.send(reply);
    });
    if (call) this.calls.set(message.id, call);
  }

  private cameUp(): void {
    const callbacks = this.whenUp ?? [];
    this.whenUp = undefined;
    for (const callback of callbacks) callback();
  }

  private send(message: ToWorker): void {
    if (this.death) return;
    this.port.postMessage(message);
    Atomics.add(this.shared, word.mail, 1);
    Atomics.notify(this.shared, word.mail);
  }
}

function startPiscina({ resourceLimits, atomics }: ThreadOptions): Piscina {
  // Loaded with the first thread: it takes as long as all the rest of this package.
  const pool = require("piscina") as typeof import("piscina");
  const piscina = new pool.Piscina({
    filename: join(__dirname, "../worker/main.js"),
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    recordTiming: false,
    atomics,
    resourceLimits,
    // What a program sets later, such as dotenv in a later cell, is there for a thread that has started already.
    env: SHARE_ENV,
  });
  // Unfinished tasks hear of a death by their own rejection.
  piscina.on("error", () => {});
  return piscina;
}
