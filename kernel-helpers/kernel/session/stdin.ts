/** `process.stdin` of the cells: each read asks the reader for a line. */

import { Readable } from "node:stream";
import type { Input } from "./input";

/** Nothing is read ahead: every line is a question to the reader. */
const onDemand = { highWaterMark: 0 };

export class NotebookStdin extends Readable {
  readonly fd = 0;
  readonly isTTY = false;
  #isAsked = false;

  /** `failed` hears why the reader cannot be asked. */
  constructor(
    private readonly input: Input,
    private readonly failed: (reason: unknown) => void,
  ) {
    super(onDemand);
    this.on("resume", () => this.#askIfRead());
  }

  override _read() {
    this.#isAsked = true;
    // Who prints a question after it has begun to read, as readline does, is shown first; who stops reading asks nothing.
    setImmediate(() => this.#askIfRead());
  }

  #isPending = false;
  async #askIfRead() {
    const isRead = this.readableFlowing === true || this.listenerCount("readable") > 0;
    if (!this.#isAsked || this.#isPending || !isRead || this.destroyed) return;
    this.#isPending = true;
    try {
      const line = await this.input.ask("process.stdin", "");
      this.#isPending = false;
      this.#isAsked = false;
      this.push(`${line}\n`);
    } catch (error) {
      this.destroy();
      this.failed(error);
    }
  }

  /** As a terminal's: who stops reading does not end it. */
  ref() {
    return this;
  }
  unref() {
    return this;
  }
}
