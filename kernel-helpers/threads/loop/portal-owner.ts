import { join } from "node:path";
import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  receiveMessageOnPort,
  SHARE_ENV,
  Worker,
  type WorkerOptions,
} from "node:worker_threads";
import { nameThread } from "../../timing/recorder";
import { isNotebook } from "../context/host";
import { threadEnded } from "../sync/lock";
import { checkTimeout } from "../task/errors";
import { type ToLoop, word as taskWord } from "../task/message";
import { runLoopCall } from "./calls";
import { PortalClient } from "./portal-client";
import { type PortalThreadData, word } from "./portal-protocol";

export interface PortalOptions {
  /** What charts, errors and the system call the thread. @default "portal" */
  name?: string;
  /** Limits of the thread's memory in megabytes, as `worker_threads` takes them. @default those of Node */
  resourceLimits?: ResourceLimits;
}

export interface StopOptions {
  /** Cancel what still runs instead of waiting for it. @default false */
  cancelRemaining?: boolean;
  /** Milliseconds to wait for what still runs; after that it is cancelled. @default no limit */
  timeout?: number;
}

/** The side of the thread that started a portal: takes what it prints and asks for as it comes or is looked for, and ends it. */
export class PortalOwner {
  readonly client: PortalClient;
  readonly worker: Worker;
  readonly #mail: MessagePort;
  #mailIsClosed = false;

  constructor({ name = "portal", resourceLimits }: PortalOptions) {
    const mail = new MessageChannel();
    const calls = new MessageChannel();
    const shared = newWords(word.count);
    const taskWords = newWords(taskWord.count);
    const setup = { name, port: mail.port2, shared: taskWords, loopWaits: true, inNotebook: isNotebook() };
    const workerData: PortalThreadData = { setup, port: calls.port2, shared };
    const transferList = [mail.port2, calls.port2];
    const options: WorkerOptions = { name, workerData, transferList, resourceLimits, env: SHARE_ENV };
    this.worker = new Worker(join(__dirname, "portal-thread.js"), options);
    this.worker.unref();
    this.#mail = mail.port1;
    this.#mail.on("message", (message: ToLoop) => this.#receive(message));
    this.#mail.on("close", () => {
      this.#mailIsClosed = true;
    });
    this.#mail.unref();
    const thread = this.worker.threadId;
    nameThread(thread, name);
    this.client = new PortalClient({ name, thread, port: calls.port1, shared, taskWords }, true);
    this.client.beforeAnswer = () => this.#readMail();
    // The port of a thread that ends is closed before the end is told of.
    this.client.onAwaited = (is) => (is ? this.worker.ref() : this.worker.unref());
    this.#listenForEnd();
  }

  #listenForEnd(): void {
    let error: unknown;
    this.worker.on("error", (each) => {
      error = each;
    });
    const thread = this.worker.threadId;
    this.worker.on("exit", () => {
      threadEnded(thread);
      this.#readMail();
      this.client.end(this.client.whyGone(error), "died");
    });
  }

  #readMail(): void {
    // Node crashes on a read of a port that has just closed.
    while (!this.#mailIsClosed) {
      const mail = receiveMessageOnPort(this.#mail);
      if (!mail) return;
      this.#receive(mail.message as ToLoop);
    }
  }

  /** Output is shown at once; what the loop is asked to do waits until it turns. */
  #receive(message: ToLoop): void {
    const { origins } = this.client;
    if (message.kind === "output") origins.act(message.task, ({ write }) => write(message.fd, message.text));
    else if (message.kind === "call")
      origins.act(message.task, () => void setImmediate(() => runLoopCall(message, undefined, () => {})));
    else if (message.kind === "forget") origins.forget(message.tasks);
  }

  stop({ cancelRemaining = false, timeout }: StopOptions): void {
    const { client } = this;
    const limit = checkTimeout(timeout);
    if (client.over) return;
    client.noteStop();
    client.post({ kind: "stop", cancelRemaining });
    const isOver = () => client.over !== undefined;
    client.block(isOver, cancelRemaining ? gracePeriod : (limit ?? Number.POSITIVE_INFINITY));
    if (!isOver() && !cancelRemaining) {
      client.post({ kind: "stop", cancelRemaining: true });
      client.block(isOver, gracePeriod);
    }
    this.end(client.whyGone());
  }

  /** Ends the thread whatever it does. */
  end(reason: Error): void {
    void this.worker.terminate();
    this.client.end(reason, "stopped");
  }
}

/** Milliseconds between asking tasks to stop and terminating the thread; as an executor's. */
const gracePeriod = 250;

function newWords(count: number): SharedArrayBuffer {
  return new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT);
}
