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

/** A session on the main thread, from another thread of the process: it answers even while that thread computes or is paused. */
export class MainThreadSession implements InspectorSession {
  readonly #session = connected("main thread");
  readonly #waiting = new Set<() => void>();
  #isClosed = false;
  #last: string | undefined;

  /** Names the command that is posted before the session ends. */
  sayLast(method: string): void {
    this.#last = method;
  }

  post(method: string, params: object = {}): Promise<Params> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closed(method));
      const fail = () => reject(closed(method));
      this.#waiting.add(fail);
      this.#session.post(method, params, (error: { message: string } | null, answer?: object) => {
        this.#waiting.delete(fail);
        if (error) reject(refused(method, error));
        else resolve(answer);
      });
    });
  }

  on(event: string, listener: (params: Params) => void): void {
    this.#session.on(event, (message: { params: Params }) => listener(message.params));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#last) this.#session.post(this.#last);
    this.#session.disconnect();
    for (const fail of this.#waiting) fail();
    this.#waiting.clear();
  }
}

export const closed = (method: string) =>
  new InspectorError(`The session ended before ${method} was answered.`);

export const refused = (method: string, { message }: { message: string }) =>
  new InspectorError(`The inspector refused ${method}: ${message}`);

/** A session of a thread with itself: answers come before `ask` returns. */
export class OwnThreadSession implements InspectorSession {
  readonly #session = connected("own thread");
  #last: string | undefined;

  /** Names the command that is posted before the session ends. */
  sayLast(method: string): void {
    this.#last = method;
  }

  /** @throws InspectorError if the command is refused. */
  ask(method: string, params: object = {}): Params {
    let answer: Params = {};
    let refusal: { message: string } | null = null;
    // What is thrown in here nobody hears of.
    this.#session.post(method, params, (error: { message: string } | null, result?: object) => {
      refusal = error;
      answer = result;
    });
    if (refusal) throw refused(method, refusal);
    return answer;
  }

  async post(method: string, params: object = {}): Promise<Params> {
    return this.ask(method, params);
  }

  on(event: string, listener: (params: Params) => void): void {
    this.#session.on(event, (message: { params: Params }) => listener(message.params));
  }

  close(): void {
    if (this.#last) this.#session.post(this.#last);
    this.#session.disconnect();
  }
}
