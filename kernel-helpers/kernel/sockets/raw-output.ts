/** What arrives at descriptors 1 and 2, read for the cell that runs. */

import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import { pipeBytes, type StandardStreams, takeFrom } from "./standard-streams";

type StreamName = "stdout" | "stderr";

/** Reading pauses while more than this waits for a slow client: then the writer waits, too. */
const backlogLimit = 4 * 1024 * 1024;

export class RawOutput {
  readonly #pipes: { name: StreamName; fd: number; socket: Socket; decoder: StringDecoder }[] = [];
  readonly #terminal: number;
  #backlog = 0;

  /**
   * `print` is called with decoded text; what it has got rid of is told to `sent`. `inOrder` is called where bytes have
   * come by themselves, with what prints them: what the main thread has said until then comes first.
   */
  constructor(
    streams: StandardStreams,
    private readonly inOrder: (print: () => void) => void,
    private readonly print: (name: StreamName, text: string) => void,
  ) {
    this.#terminal = streams.terminal;
    for (const name of ["stdout", "stderr"] as const) this.#listen(name, streams[name]);
  }

  #listen(name: StreamName, fd: number) {
    const decoder = new StringDecoder("utf8");
    const callback = (count: number, bytes: Uint8Array) => {
      this.inOrder(() => this.#heard(name, decoder, bytes.subarray(0, count)));
      return this.#backlog < backlogLimit;
    };
    const onread = { buffer: new Uint8Array(pipeBytes), callback };
    // The types know `onread` of `connect` only.
    const socket = new Socket({ fd, readable: true, writable: false, onread } as ConstructorParameters<
      typeof Socket
    >[0]);
    socket.on("error", () => undefined);
    socket.resume();
    this.#pipes.push({ name, fd, socket, decoder });
  }

  #heard(name: StreamName, decoder: StringDecoder, bytes: Uint8Array) {
    if (name === "stderr") this.#echo(bytes);
    const text = decoder.write(Buffer.from(bytes));
    if (text === "") return;
    this.#backlog += text.length;
    this.print(name, text);
  }

  /** The last words of a process that dies can be read there alone. */
  #echo(bytes: Uint8Array) {
    try {
      writeSync(this.#terminal, bytes);
    } catch {
      // Nobody reads it.
    }
  }

  /** A client has taken `characters` of what was printed. */
  sent(characters: number) {
    const wasFull = this.#backlog >= backlogLimit;
    this.#backlog -= characters;
    if (wasFull && this.#backlog < backlogLimit) for (const { socket } of this.#pipes) socket.resume();
  }

  /** Bytes that the main thread has taken from a pipe. */
  heard(name: StreamName, bytes: Uint8Array) {
    this.#heard(name, this.#pipes.find((pipe) => pipe.name === name)!.decoder, bytes);
  }

  /** Prints what is in the pipes now. */
  drain() {
    for (const { name, fd, decoder } of this.#pipes) {
      const bytes = takeFrom(fd);
      if (bytes) this.#heard(name, decoder, bytes);
    }
  }

  close() {
    for (const { socket } of this.#pipes) socket.destroy();
  }
}
