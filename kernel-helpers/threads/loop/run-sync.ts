import { join } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { nameThread } from "../../timing/recorder";
import { makeTaskMessage, type PackedTask, recordEnd } from "../closures/task-message";
import { unpackValue } from "../closures/unpack";
import { DeadlockError, TimeoutError } from "../task/errors";
import { type Reply, type Setup, type ToLoop, word } from "../task/message";
import { requireFunction, requireKnown, requireMilliseconds } from "../task/options";
import { type SubmitSite, submitSite, withSubmitSite } from "../task/submit-site";
import type { AnyFunction } from "../task/types";
import { workerName } from "../worker/worker-context";
import { runLoopCall } from "./calls";

export interface RunSyncOptions {
  /** Milliseconds after which the thread is ended and TimeoutError thrown. Default: no limit. */
  timeout?: number;
  /** Buffers, ports and streams among the arguments that move instead of being copied. */
  transfer?: object[];
  /** Values for variables that `fn` captures, in place of those that it has. */
  captures?: Record<string, unknown>;
}

interface RunSync {
  /**
   * Runs an async function from synchronous code, after Python's `asyncio.run`: in a new thread with an event
   * loop of its own, while **this thread waits**. Gives what the function resolves to, or throws its error. It
   * takes some 25 ms to start the thread; context variables go along.
   *
   * For scripts, configuration files and plug-ins that cannot `await`; never for a server, whose other work
   * stands still meanwhile. What the function prints is shown when it has ended. `callSoonThreadsafe` in it is
   * carried out after that; `runCoroutineThreadsafe` throws DeadlockError, as the loop is what waits. Throws
   * DataCloneError for what cannot go to the thread, and DeadlockError inside a thread of this package, where
   * `runCoroutineThreadsafe(fn).result()` is the way. A thread that runs out of memory is noticed by the
   * `timeout` alone.
   *
   * @example
   * const page = runSync(async (url: string) => (await fetch(url)).text(), "https://nodejs.org");
   */
  <A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R>;
  /** The same with options: `runSync.with({ timeout: 1000 })(fn, ...args)`. */
  with(options: RunSyncOptions): <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) => Awaited<R>;
}

export const runSync: RunSync = Object.assign(
  function runSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R> {
    return run(fn, args, {}, submitSite()) as Awaited<R>;
  },
  {
    with(options: RunSyncOptions) {
      requireKnown("runSync", options, ["timeout", "transfer", "captures"]);
      requireMilliseconds("timeout", options.timeout);
      return function runSync<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R> {
        return run(fn, args, options, submitSite()) as Awaited<R>;
      };
    },
  },
);

function run(fn: AnyFunction, args: unknown[], options: RunSyncOptions, site: SubmitSite): unknown {
  requireFunction(fn, "fn");
  refuseInThread(fn);
  const { timeout = Number.POSITIVE_INFINITY, transfer, captures } = options;
  const packed = makeTaskMessage(fn, args, { transfer, captures, context: true });
  const thread = startThread(packed);
  const ended = Atomics.wait(thread.bell, 0, 0, timeout) !== "timed-out";
  carryOut(thread.mail);
  const reply = receiveMessageOnPort(thread.answer)?.message as Reply | undefined;
  void thread.worker.terminate();
  if (reply) return resultOf(reply, site);
  recordEnd(ended ? "died" : "stopped", packed.message);
  throw withSubmitSite(withoutReply(ended, packed.name, timeout), { site }, { name: threadName });
}

function refuseInThread(fn: AnyFunction): void {
  const thread = workerName();
  if (thread === undefined) return;
  const name = fn.name || "fn";
  throw new DeadlockError(
    `runSync was called inside ${thread}: it is for the event loop's thread. Here ` +
      `runCoroutineThreadsafe(${name}).result() waits without a thread more, or make the task async and await ${name}().`,
  );
}

const threadName = "runSync";

/** What the new thread finds as its `workerData`. */
export interface SyncThreadData {
  message: PackedTask["message"];
  answer: MessagePort;
  /** Is set to 1 when the thread has answered, or ends without. */
  bell: Int32Array;
}

interface SyncThread {
  worker: Worker;
  bell: Int32Array;
  /** Carries the reply. */
  answer: MessagePort;
  /** Carries output and calls. */
  mail: MessagePort;
}

function startThread({ message, transfer }: PackedTask): SyncThread {
  const mail = new MessageChannel();
  const answer = new MessageChannel();
  const bell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const shared = new SharedArrayBuffer(word.count * Int32Array.BYTES_PER_ELEMENT);
  const setup: Setup = { name: threadName, port: mail.port2, shared, loopWaits: true };
  const workerData: SyncThreadData = { message: { ...message, setup }, answer: answer.port2, bell };
  const transferList = [...new Set([...transfer, mail.port2, answer.port2])] as MessagePort[];
  const options = { name: threadName, workerData, transferList };
  const worker = new Worker(join(__dirname, "sync-thread.js"), options);
  // What went wrong in it is known from its reply, or from there being none.
  worker.on("error", () => {});
  nameThread(worker.threadId, threadName);
  return { worker, bell, answer: answer.port1, mail: mail.port1 };
}

/** Shows what the thread printed, and has the loop do what it was asked for when this code is over. */
function carryOut(port: MessagePort): void {
  for (let mail = receiveMessageOnPort(port); mail; mail = receiveMessageOnPort(port)) {
    const message = mail.message as ToLoop;
    if (message.kind === "output") (message.fd === 1 ? process.stdout : process.stderr).write(message.text);
    else if (message.kind === "call") setImmediate(() => runLoopCall(message, undefined, () => {}));
  }
}

function resultOf(reply: Reply, site: SubmitSite): unknown {
  if ("error" in reply) throw withSubmitSite(unpackValue(reply.error!), { site }, { name: threadName });
  return unpackValue(reply);
}

function withoutReply(ended: boolean, name: string, timeout: number): Error {
  return ended
    ? new Error(
        `The thread of runSync ended while it ran ${name}. There process.exit() ends the thread: return instead.`,
      )
    : new TimeoutError(`${name} ran for more than its \`timeout\` of ${timeout} ms; its thread was ended.`);
}
