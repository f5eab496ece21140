/** `process.stdout` and `process.stderr` of the cells: a stream to the notebook, not to a descriptor. */

import { Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

type Done = (error?: Error | null) => void;

/**
 * Its writes arrive at once and in order, whatever else is going on. Never ends: it belongs to all cells.
 * `fd` is the descriptor, which child processes can inherit.
 */
export class NotebookStream extends Writable {
  readonly isTTY = false;
  readonly #decoder = new StringDecoder("utf8");

  constructor(
    readonly fd: number,
    private readonly print: (text: string) => void,
  ) {
    super({ decodeStrings: false });
    // An own property: whoever takes `write` away and puts it back finds it unchanged.
    this.write = this.write.bind(this);
  }

  override write(chunk: unknown, encoding?: BufferEncoding | Done, done?: Done): boolean {
    const named = typeof encoding === "string" ? encoding : "utf8";
    this.print(this.#text(chunk, named));
    const callback = typeof encoding === "function" ? encoding : done;
    if (callback) process.nextTick(callback);
    return true;
  }

  #text(chunk: unknown, encoding: BufferEncoding): string {
    if (typeof chunk === "string") {
      return encoding === "utf8" || encoding === "utf-8" ? chunk : this.#decode(Buffer.from(chunk, encoding));
    }
    if (ArrayBuffer.isView(chunk)) {
      return this.#decode(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    }
    throw Object.assign(
      new TypeError(
        `The "chunk" argument must be of type string or an instance of Buffer, TypedArray, or DataView, got ${typeof chunk}`,
      ),
      { code: "ERR_INVALID_ARG_TYPE" },
    );
  }

  #decode(bytes: Buffer): string {
    return this.#decoder.write(bytes);
  }

  override end(...args: unknown[]): this {
    const [chunk] = args;
    if (chunk !== undefined && chunk !== null && typeof chunk !== "function") this.write(chunk);
    const done = args.findLast((arg) => typeof arg === "function") as Done | undefined;
    if (done) process.nextTick(done);
    return this;
  }

  override destroy(): this {
    return this;
  }
}
