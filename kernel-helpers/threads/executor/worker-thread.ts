import { join } from "node:path";
import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  receiveMessageOnPort,
} from "node:worker_threads";

import workerThreads = require("node:worker_threads");

import { Piscina } from "piscina";
import { nameThread } from "../../timing/recorder";
import { runLoopCall } from "../loop/calls";
import { type Reply, type Setup, type ToLoop, type ToWorker, word } from "../task/message";
import type { Task } from "../task/task";

/**
 * One named thread: a Piscina of one worker. The executor above it holds the queue, so that it knows
 * which thread runs what, keeps the order, and can stop one task without touching the others.
 */
export class WorkerThread {
  readonly piscina: Piscina;
  readonly worker: workerThreads.Worker;
  readonly shared = new Int32Array(new SharedArrayBuffer(word.count * Int32Array.BYTES_PER_ELEMENT));
  readonly startedAt = performance.now();
  private alive = true;
  task: Task | undefined;
  /** The last task that started here: output may come after it is done. */
  private lastTask: Task | undefined;
  private readonly port: MessagePort;
  private seen = 0;
  private setup: Setup | undefined;
  /** Called when the thread has loaded; undefined from then on. */
  private whenUp: (() => void)[] | undefined = [];

  constructor(
    readonly name: string,
    readonly index: number,
    resourceLimits?: ResourceLimits,
  ) {
    this.piscina = startPiscina(name, resourceLimits);
    this.worker = this.piscina.threads[0]!;
    nameThread(this.worker.threadId, name);
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.setup = { name, port: port2, shared: this.shared.buffer as SharedArrayBuffer };
    port1.on("message", (message: ToLoop) => this.receive(message));
    port1.unref();
    // Unfinished tasks hear of a death by their own rejection.
    this.piscina.on("error", () => {});
    this.worker.once("exit", () => {
      this.catchUp(Number.POSITIVE_INFINITY);
      this.alive = false;
      this.port.close();
    });
  }

  /** Sends a task; rejects when the thread dies of it, else gives the worker's reply. */
  run(task: Task): Promise<Reply> {
    this.task = task;
    this.lastTask = task;
    const transferList = this.transferList(task);
    return transferList.length === 0
      ? this.piscina.run(task.message)
      : this.piscina.run(task.message, { transferList: transferList as never });
  }

  /** The first task brings the thread its own port. */
  private transferList({ transfer, message }: Task): Transferable[] {
    if (!this.setup && transfer.length === 0) return noTransfer;
    // A port that is there twice, as an argument or in the list as well, moves once.
    const transferList = [...new Set(transfer)] as Transferable[];
    if (this.setup) {
      message.setup = this.setup;
      transferList.push(this.setup.port);
      this.setup = undefined;
    }
    return transferList;
  }

  /** Reads what the worker posted before its reply: output, calls. */
  catchUp(posts: number): void {
    while (this.seen < posts) {
      const mail = receiveMessageOnPort(this.port);
      if (!mail) return;
      this.receive(mail.message as ToLoop);
    }
  }

  /** Asks the running task to stop: `checkCancelled`, `result()` and pending futures throw in it. */
  ask(task: Task): void {
    Atomics.store(this.shared, word.cancelled, task.message.id);
    this.send({ id: 0 });
  }

  /** True while the worker waits for an answer of the loop. */
  get waiting(): boolean {
    return Atomics.load(this.shared, word.waiting) > 0;
  }

  async terminate(): Promise<void> {
    this.alive = false;
    await this.piscina.destroy();
  }

  /** Calls back once a task that was sent runs: at once, or when the new thread has loaded. */
  onceUp(callback: () => void): void {
    if (this.whenUp) this.whenUp.push(callback);
    else callback();
  }

  private cameUp(): void {
    const callbacks = this.whenUp ?? [];
    this.whenUp = undefined;
    for (const callback of callbacks) callback();
  }

  private receive(message: ToLoop): void {
    this.seen++;
    if (message.kind === "up") this.cameUp();
    else if (message.kind === "output") this.print(message.fd, message.text, message.task);
    else if (message.kind === "call")
      runLoopCall(message, this.taskOf(message.task), (reply) => this.send(reply));
  }

  private taskOf(id: number): Task | undefined {
    return this.lastTask?.message.id === id ? this.lastTask : undefined;
  }

  private print(fd: 1 | 2, text: string | Uint8Array, id: number): void {
    const stream = fd === 1 ? process.stdout : process.stderr;
    const write = this.taskOf(id)?.write[fd] ?? stream.write;
    write.call(stream, text);
  }

  private send(message: ToWorker): void {
    if (!this.alive) return;
    this.port.postMessage(message);
    Atomics.add(this.shared, word.mail, 1);
    Atomics.notify(this.shared, word.mail);
  }
}

type Transferable = ArrayBuffer | MessagePort;
const noTransfer: Transferable[] = [];

/**
 * Piscina has no option for a worker's name, and Node takes it only where the Worker is made: that class
 * is exchanged while the constructor of Piscina makes its one worker.
 */
function startPiscina(name: string, resourceLimits?: ResourceLimits): Piscina {
  const { Worker } = workerThreads;
  const Named = class extends Worker {
    constructor(file: string | URL, options?: workerThreads.WorkerOptions) {
      super(file, { ...options, name });
    }
  };
  (workerThreads as { Worker: typeof Worker }).Worker = Named;
  try {
    return newPiscina(resourceLimits);
  } finally {
    (workerThreads as { Worker: typeof Worker }).Worker = Worker;
  }
}

function newPiscina(resourceLimits?: ResourceLimits): Piscina {
  const piscina = new Piscina({
    filename: join(__dirname, "../worker/main.js"),
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    recordTiming: false,
    resourceLimits,
  });
  // A dead worker is replaced by the executor, with its name.
  piscina.options.minThreads = 0;
  return piscina;
}
