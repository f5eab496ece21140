import type { Session } from "node:inspector";

/** What a command answers, and what an event brings: see https://chromedevtools.github.io/devtools-protocol/v8/. */
// biome-ignore lint/suspicious/noExplicitAny: each command and event has its own shape
export type Params = any;

/** Sends commands of the inspector protocol to one thread, and hears its events. */
export interface InspectorSession {
  /** Resolves with the answer; rejects if the thread refuses the command, or if the session ends before it answers. */
  post(method: string, params?: object): Promise<Params>;
  on(event: string, listener: (params: Params) => void): void;
  /** Ends the session, and with it whatever it has set or started; called again, does nothing. */
  close(): void;
}

/** Why a command has no answer. */
export class InspectorError extends Error {
  override readonly name = "InspectorError";
}

function connected(target: "main thread" | "own thread"): Session {
  // Loaded when it is needed: most processes and threads never ask.
  const { Session } = require("node:inspector") as typeof import("node:inspector");
  const session = new Session();
  if (target === "main thread") session.connectToMainThread();
  else session.connect();
  return session;
}

/** What the sessions within the process have in common. */
abstract class LocalSession implements InspectorSession {
  protected readonly session: Session;
  protected isClosed = false;
  #last: string | undefined;

  constructor(target: "main thread" | "own thread") {
    this.session = connected(target);
  }

  abstract post(method: string, params?: object): Promise<Params>;

  /** Names the command that is posted before the session ends. */
  sayLast(method: string): void {
    this.#last = method;
  }

  on(event: string, listener: (params: Params) => void): void {
    this.session.on(event, (message: { params: Params }) => listener(message.params));
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.#last) this.session.post(this.#last);
    this.session.disconnect();
  }
}

/** A session on the main thread, from another thread of the process: it answers even while that thread computes or is paused. */
export class MainThreadSession extends LocalSession {
  readonly #waiting = new Set<() => void>();

  constructor() {
    super("main thread");
  }

  post(method: string, params: object = {}): Promise<Params> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) return reject(closed(method));
      const fail = () => reject(closed(method));
      this.#waiting.add(fail);
      this.session.post(method, params, (error: { message: string } | null, answer?: object) => {
        this.#waiting.delete(fail);
        if (error) reject(refused(method, error));
        else resolve(answer);
      });
    });
  }

  override close(): void {
    super.close();
    for (const fail of this.#waiting) fail();
    this.#waiting.clear();
  }
}

export const closed = (method: string) =>
  new InspectorError(`The session ended before ${method} was answered.`);

export const refused = (method: string, { message }: { message: string }) =>
  new InspectorError(`The inspector refused ${method}: ${message}`);

/** A session of a thread with itself: answers come before `ask` returns. */
export class OwnThreadSession extends LocalSession {
  constructor() {
    super("own thread");
  }

  /** @throws InspectorError if the command is refused, or the session has ended. */
  ask(method: string, params: object = {}): Params {
    if (this.isClosed) throw closed(method);
    let answer: Params = {};
    let refusal: { message: string } | null = null;
    // What is thrown in here nobody hears of.
    this.session.post(method, params, (error: { message: string } | null, result?: object) => {
      refusal = error;
      answer = result;
    });
    if (refusal) throw refused(method, refusal);
    return answer;
  }

  async post(method: string, params: object = {}): Promise<Params> {
    return this.ask(method, params);
  }
}
