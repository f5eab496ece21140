import {
  closed,
  type InspectorSession,
  type MainThreadSession,
  type OwnThreadSession,
  type Params,
  refused,
} from "./session";

/** A worker thread of the process, with a session of its own. */
export interface WorkerSession extends InspectorSession {
  /** Its `threadId`. */
  readonly id: number;
  /** The name that it was started with. */
  readonly name: string;
  /** The URL of the script that it was started with; "" for one that was started with its text. */
  readonly url: string;
}

interface Events {
  /** Called for each worker that exists, and for each that starts later; `isWaiting` if it has not begun to run. */
  attached(worker: WorkerSession, isWaiting: boolean): void;
  /** It has ended. */
  detached(worker: WorkerSession): void;
}

interface WorkerInfo {
  title: string;
  url: string;
}

/**
 * Opens a session on every worker thread of the process, through one on its main thread; also on those that workers
 * start, and on the calling thread itself. With `holdNew`, a new worker waits for `Runtime.runIfWaitingForDebugger`
 * before it runs anything. Resolves once those that exist are attached; `session.close()` ends them all.
 */
export async function attachWorkers(
  session: MainThreadSession | OwnThreadSession,
  events: Events,
  holdNew = false,
): Promise<void> {
  const workers = new Map<string, Worker>();
  session.on("NodeWorker.attachedToWorker", ({ sessionId, workerInfo, waitingForDebugger }) => {
    const worker = new Worker(session, sessionId as string, workerInfo as WorkerInfo);
    workers.set(sessionId, worker);
    events.attached(worker, waitingForDebugger);
  });
  session.on("NodeWorker.receivedMessageFromWorker", ({ sessionId, message }) => {
    workers.get(sessionId)?.heard(JSON.parse(message));
  });
  session.on("NodeWorker.detachedFromWorker", ({ sessionId }) => {
    const worker = workers.get(sessionId);
    if (!worker) return;
    workers.delete(sessionId);
    worker.ended();
    events.detached(worker);
  });
  // Without it they keep their breakpoints, and stop there for ever.
  session.sayLast("NodeWorker.disable");
  await session.post("NodeWorker.enable", { waitForDebuggerOnStart: holdNew });
}

interface Waiting {
  method: string;
  resolve(answer: Params): void;
  reject(reason: Error): void;
}

/** Its messages travel as texts in commands and events of the session on the main thread. */
class Worker implements WorkerSession {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, ((params: Params) => void)[]>();
  #isClosed = false;
  #last = 0;

  constructor(
    private readonly main: InspectorSession,
    private readonly sessionId: string,
    { title, url }: WorkerInfo,
  ) {
    const [, id, name] = /^\[worker (\d+)\] ?(.*)$/s.exec(title) ?? [];
    this.id = Number(id);
    this.name = name ?? title;
    this.url = url;
  }

  post(method: string, params: object = {}): Promise<Params> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closed(method));
      const id = ++this.#last;
      this.#waiting.set(id, { method, resolve, reject });
      const message = JSON.stringify({ id, method, params });
      this.main
        .post("NodeWorker.sendMessageToWorker", { sessionId: this.sessionId, message })
        .catch((reason: Error) => this.#take(id)?.reject(reason));
    });
  }

  on(event: string, listener: (params: Params) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  close(): void {
    if (this.#isClosed) return;
    this.ended();
    this.main.post("NodeWorker.detach", { sessionId: this.sessionId }).catch(() => {
      // The worker or the session has ended meanwhile.
    });
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  heard({ id, result, error, method, params }: Params): void {
    if (id === undefined) {
      for (const listener of this.#listeners.get(method) ?? []) listener(params);
      return;
    }
    const waiting = this.#take(id);
    if (error) waiting?.reject(refused(waiting.method, error));
    else waiting?.resolve(result);
  }

  ended(): void {
    this.#isClosed = true;
    for (const { method, reject } of this.#waiting.values()) reject(closed(method));
    this.#waiting.clear();
  }
}
