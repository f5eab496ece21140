import { encode, type Frames, newHeader } from "notebook-tools/kernel-client";
import { release } from "../http/pieces";
import type { Packet } from "./framing";

/** A message that waits, with what decides whether it may be left out. */
export interface Waiting extends Packet {
  /** Outputs may; replies, and what says how a cell stands, may not: without them a cell waits for ever. */
  readonly isOutput: boolean;
  /** The id of the request that caused it; empty for none. */
  readonly parentId: string;
  /** No other page waits for it: its memory can be given back before the garbage is collected. */
  readonly isAlone: boolean;
}

export type Shifted = Packet & Pick<Waiting, "isAlone">;

/** Gives back the memory of a message that nobody will read any more. */
export function forget({ isAlone, frames }: Shifted): void {
  // What stands in for it names the same parent.
  if (isAlone) for (const frame of frames.slice(3)) release(frame);
}

const sizeOf = (frames: Frames) => frames.reduce((sum, frame) => sum + frame.byteLength, 0);

/** Stands in for outputs of one request that were left out. */
class Gap {
  bytes = 0;
  constructor(readonly parent: Uint8Array | undefined) {}

  get packet(): Shifted {
    const megabytes = (this.bytes / 1e6).toFixed(1);
    const text = `[${megabytes} MB of output were left out, because this page did not read them in time.]\n`;
    const [header, , metadata, content] = encode({
      header: newHeader("stream", "lab-server"),
      parent_header: {},
      metadata: {},
      content: { name: "stderr", text },
      buffers: [],
    }) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const frames = [header, this.parent ?? Buffer.from("{}"), metadata, content];
    return { channel: "iopub", frames, isAlone: false };
  }
}

/** Messages that a page has still to get, in order. Beyond its limit the oldest outputs give way to a note that says so. */
export class MessageBuffer {
  #entries: (Waiting | Gap)[] = [];
  #bytes = 0;
  /** Before this index nothing is left to leave out. */
  #oldestOutput = 0;
  readonly #gaps = new Map<string, Gap>();

  /** `limit`: how many bytes may wait; as much again for what may not be left out. */
  constructor(readonly limit: number) {}

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  push(message: Waiting): void {
    this.#entries.push(message);
    this.#bytes += sizeOf(message.frames);
    while (this.#bytes > this.limit && this.#leaveOut()) {}
    // Only somebody who means harm gets here: replies and states alone are small.
    while (this.#bytes > 2 * this.limit) this.shift();
  }

  shift(): Shifted | undefined {
    const first = this.#entries.shift();
    if (first === undefined) return undefined;
    this.#oldestOutput = Math.max(0, this.#oldestOutput - 1);
    if (!(first instanceof Gap)) {
      this.#bytes -= sizeOf(first.frames);
      return first;
    }
    for (const [id, gap] of this.#gaps) if (gap === first) this.#gaps.delete(id);
    return first.packet;
  }

  /** Puts messages before all others. */
  unshift(messages: readonly Waiting[]): void {
    this.#entries = [...messages, ...this.#entries];
    this.#bytes += messages.reduce((sum, { frames }) => sum + sizeOf(frames), 0);
    this.#oldestOutput = 0;
  }

  /** Leaves out the oldest output; `false` when there is none. One alone may be as large as it is. */
  #leaveOut(): boolean {
    if (this.#entries.length < 2) return false;
    for (; this.#oldestOutput < this.#entries.length; this.#oldestOutput++) {
      const entry = this.#entries[this.#oldestOutput]!;
      if (entry instanceof Gap || !entry.isOutput) continue;
      this.#replaceByGap(entry);
      return true;
    }
    return false;
  }

  #replaceByGap(entry: Waiting): void {
    const bytes = sizeOf(entry.frames);
    this.#bytes -= bytes;
    const known = this.#gaps.get(entry.parentId);
    const gap = known ?? new Gap(entry.frames[1]);
    gap.bytes += bytes;
    forget(entry);
    if (known) this.#entries.splice(this.#oldestOutput, 1);
    else {
      this.#gaps.set(entry.parentId, gap);
      this.#entries[this.#oldestOutput++] = gap;
    }
  }
}
