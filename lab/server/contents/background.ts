import path from "node:path";
import { Worker } from "node:worker_threads";
import { HttpError } from "../http/errors";
import type { Tasks } from "./tasks";

type TaskName = keyof Tasks;
type Input<K extends TaskName> = Parameters<Tasks[K]>[0];
type Output<K extends TaskName> = Awaited<ReturnType<Tasks[K]>>;

export interface TaskRequest<K extends TaskName = TaskName> {
  readonly name: K;
  readonly input: Input<K>;
}

/** What comes back of a thread; an error only as far as it can be said to a page. */
export type TaskReply =
  | { readonly value: Output<TaskName> }
  | { readonly refused: { readonly status: number; readonly message: string } }
  | { readonly error: Error };

/** A task with less to do holds nobody up, and a thread takes about 100 ms to start. In bytes. */
const smallSize = 512 * 1024;

/** Each holds a notebook in memory several times. */
const mostThreads = 2;

/** A hostile notebook may keep the exporter busy for ever, in ms. */
const longestExport = 120_000;

/** Threads of one kind: the others wait until one ends. */
class Threads {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async run<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running >= mostThreads) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}

/** Runs tasks: small ones at once, large ones on a thread of their own, which gives back its memory at the end. */
export class Background {
  /** No export, which can take long, holds up the save of a notebook. */
  readonly #exports = new Threads();
  readonly #others = new Threads();

  /** `size` is about how many bytes the task reads. The memory of `transfer` goes along. */
  async run<K extends TaskName>(
    name: K,
    input: Input<K>,
    size: number,
    transfer: ArrayBuffer[] = [],
  ): Promise<Output<K>> {
    if (size < smallSize) {
      const { tasks } = await import("./tasks.js");
      // The compiler does not see that a task fits its own input.
      return (await (tasks[name] as (input: Input<K>) => unknown)(input)) as Output<K>;
    }
    const threads = name === "exported" ? this.#exports : this.#others;
    return threads.run(() => onThread({ name, input }, transfer));
  }
}

function endAfter(worker: Worker, ms: number): void {
  const timer = setTimeout(() => {
    worker.emit("error", new HttpError(503, `The export was given up after ${ms / 1000} s.`));
    void worker.terminate();
  }, ms);
  worker.once("exit", () => clearTimeout(timer));
}

function onThread<K extends TaskName>(
  request: TaskRequest<K>,
  transferList: ArrayBuffer[],
): Promise<Output<K>> {
  const worker = new Worker(path.join(__dirname, "thread.js"), { workerData: request, transferList });
  if (request.name === "exported") endAfter(worker, longestExport);
  return new Promise<Output<K>>((resolve, reject) => {
    worker.once("message", (reply: TaskReply) => {
      if ("value" in reply) resolve(reply.value as Output<K>);
      else if ("refused" in reply) reject(new HttpError(reply.refused.status, reply.refused.message));
      else reject(reply.error);
    });
    worker.once("error", reject);
    // Also where it ended for want of memory.
    worker.once("exit", () =>
      reject(new HttpError(507, "There is not enough memory for a file of this size.")),
    );
  });
}
