/** Questions about code that the compiler's process answers without the main thread, which a cell may keep. */

import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { eachLine } from "../compiler/lines";

/** How often to try again until the compiler listens. */
const retryMs = 500;

/** How often to look whether somebody listens. */
const connectedMs = 50;

interface Answer {
  id: number;
  value?: object;
  error?: { name: string; message: string };
}

export class CompilerQuestions {
  #socket: Socket | undefined;
  #lastId = 0;
  readonly #waiting = new Map<number, (content: object | undefined) => void>();

  constructor(private readonly address: string) {
    this.#tryLater();
  }

  /** Resolves once somebody listens; with false if that takes longer than `ms`. */
  async connected(ms: number): Promise<boolean> {
    for (const end = performance.now() + ms; !this.#socket && performance.now() < end; )
      await delay(connectedMs);
    return this.#socket !== undefined;
  }

  /** Whether a request is such a question and somebody listens; else it has to wait for the main thread. */
  takes(msg_type: string): boolean {
    return this.#socket !== undefined && /^(complete|inspect|is_complete)_request$/.test(msg_type);
  }

  /**
   * The content of the reply; undefined if the compiler ends before it answers. Without `declarations`, the cell
   * that runs counts as well as those before.
   */
  ask(msg_type: string, content: object, declarations?: string): Promise<object | undefined> {
    return new Promise((resolve) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, resolve);
      this.#socket!.write(`${JSON.stringify({ id, msg_type, content, declarations })}\n`);
    });
  }

  #tryLater() {
    setTimeout(() => this.#connect(), retryMs).unref();
  }

  #connect() {
    const socket = connect(this.address);
    socket.unref();
    socket.on("connect", () => {
      this.#socket = socket;
    });
    socket.on("close", () => {
      this.#socket = undefined;
      for (const resolve of this.#waiting.values()) resolve(undefined);
      this.#waiting.clear();
      this.#tryLater();
    });
    eachLine(socket, (line) => this.#heard(JSON.parse(line)));
  }

  #heard({ id, value, error }: Answer) {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(value ?? { status: "error", ename: error?.name, evalue: error?.message, traceback: [] });
  }
}
