/** What a cell asks its reader: `prompt`, `confirm`, `promptSecret`, and whatever reads stdin. */

import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { InputAnswer, Shared } from "../thread-protocol";
import type { Output } from "./output";

/** The reader cannot be asked. The name is Jupyter's own for it. */
export class StdinNotImplementedError extends Error {
  override readonly name = "StdinNotImplementedError";
}

/** The cell that runs, as far as it matters here. */
export interface Asking {
  id: number;
  allow_stdin: boolean;
}

export class Input {
  readonly #pending = new Map<number, { cell: number; resolve(value: string): void }>();
  #last = 0;

  constructor(
    private readonly output: Output,
    private readonly shared: Shared,
    private readonly answers: MessagePort,
    private readonly running: () => Asking | undefined,
  ) {}

  /** The cell that may ask now. Throws `StdinNotImplementedError` if it is over, or its front end cannot ask. */
  check(what: string): number {
    const running = this.running();
    if (!running || running.id !== this.output.cell.id) {
      throw new StdinNotImplementedError(
        `${what} can ask only while its cell runs, and that cell has been answered. Ask before it ends, and keep the answer.`,
      );
    }
    if (!running.allow_stdin) {
      throw new StdinNotImplementedError(
        `${what} needs a front end that can ask its reader, and this one cannot (allow_stdin is false). Give the cell the value instead.`,
      );
    }
    return running.id;
  }

  /** Asks, and blocks this thread until the reader has answered; an interrupt ends the wait. */
  askSync(what: string, prompt: string, password = false): string {
    const id = this.check(what);
    const ask = ++this.#last;
    this.output.send({ kind: "ask", id, ask, prompt, password, sync: true });
    for (;;) {
      const seen = this.shared.answers;
      const answer = receiveMessageOnPort(this.answers)?.message as InputAnswer | undefined;
      if (answer?.ask === ask) return answer.value;
      // An answer to what was interrupted is nobody's.
      if (!answer) this.shared.awaitAnswer(seen);
    }
  }

  /** Asks, and resolves once the reader has answered; never, if the cell is answered before. */
  ask(what: string, prompt: string): Promise<string> {
    const cell = this.check(what);
    const ask = ++this.#last;
    this.output.send({ kind: "ask", id: cell, ask, prompt, password: false, sync: false });
    return new Promise((resolve) => this.#pending.set(ask, { cell, resolve }));
  }

  /** An answer to `ask` has come. */
  heard({ ask, value }: InputAnswer) {
    const pending = this.#pending.get(ask);
    this.#pending.delete(ask);
    pending?.resolve(value);
  }

  /** The cell is answered. */
  cancel(cell: number) {
    for (const [ask, pending] of this.#pending) if (pending.cell === cell) this.#pending.delete(ask);
  }
}

/** The globals of `cell-globals.ts` that ask. */
export function publishPrompts(input: Input) {
  const text = (message: unknown) => (message === undefined ? "" : String(message));
  function prompt(message?: unknown, defaultValue?: string): string {
    const shown = defaultValue === undefined ? text(message) : `${text(message)} [${defaultValue}]`;
    const answer = input.askSync("prompt()", shown);
    return answer === "" && defaultValue !== undefined ? String(defaultValue) : answer;
  }
  function confirm(message?: unknown): boolean {
    return /^\s*y(es)?\s*$/i.test(input.askSync("confirm()", `${text(message)} [y/N]`));
  }
  function promptSecret(message?: unknown): string {
    return input.askSync("promptSecret()", text(message), true);
  }
  for (const value of [prompt, confirm, promptSecret]) {
    Object.defineProperty(globalThis, value.name, { value, writable: true, configurable: true });
  }
}
