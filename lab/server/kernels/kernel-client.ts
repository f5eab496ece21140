import type { Channel, Frames } from "notebook-tools/kernel-client";
import type { WebSocket } from "ws";
import { jsonFrame, type Packet, packJson, packV1, protocolV1 } from "./framing";
import { forget, MessageBuffer, type Shifted, type Waiting } from "./message-buffer";

/** What a page that is away, or reads slowly, may have waiting for it, in bytes. */
const mostWaiting = 24 * 1024 * 1024;

/** What may lie in a socket: enough to keep a fast reader busy, little enough to be nothing for memory, in bytes. */
const mostInSocket = 4 * 1024 * 1024;

/** What may have been sent and not confirmed: more than a connection holds that broke without a word, in bytes. */
const mostUnconfirmed = 8 * 1024 * 1024;

/** A page that leaves for good says so; any other end of its socket may be one that it comes back from. */
const goingAway = 1001;
/** The socket broke: what was sent last may not have arrived. */
const broken = 1006;

/**
 * Replies, and the states that belong to a request: what a page cannot do without, and may get twice. That a kernel
 * restarts it must not hear twice: it would say so twice, and it asks for the state when it comes back.
 */
function isNeeded({ channel, frames }: Packet): boolean {
  return channel !== "iopub" || (isStatus(frames) && jsonFrame(frames[1]).msg_id !== undefined);
}

const isStatus = (frames: Frames) => jsonFrame(frames[0]).msg_type === "status";

const isOutput = (channel: Channel, type: unknown) =>
  channel === "iopub" &&
  ["stream", "display_data", "update_display_data", "execute_result"].includes(String(type));

/** A message that was sent with the ping that confirms it. */
interface Unconfirmed extends Waiting {
  readonly isNeeded: boolean;
  readonly ping: number;
  readonly bytes: number;
}

/**
 * One page at one kernel. It outlives its socket: what the kernel says while the page is away, or does not read,
 * waits here and goes out when it is back.
 */
export class KernelClient {
  /** The sessions under which this page has asked: their replies are for it. */
  readonly sessions = new Set<unknown>();
  readonly #waiting = new MessageBuffer(mostWaiting);
  #socket: WebSocket | null = null;
  /** What was sent and not confirmed by the answer to a later ping. */
  #unconfirmed: Unconfirmed[] = [];
  #unconfirmedBytes = 0;
  #ping = 0;
  #isPingDue = false;
  #isAlive = true;

  get isConnected(): boolean {
    return this.#socket !== null;
  }

  /** Joins a socket, in place of one that may still seem to be open; `left` is told when it has gone, and for good or not. */
  attach(socket: WebSocket, left: (forGood: boolean) => void): void {
    const stale = this.#socket;
    this.#socket = socket;
    // The page has opened another one, so that nothing more arrives through the first.
    if (stale) {
      this.#replayUnconfirmed(true);
      stale.terminate();
    }
    this.#isAlive = true;
    socket.on("pong", (data: Buffer) => this.#confirm(Number(data.toString())));
    socket.on("close", (code: number) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#replayUnconfirmed(code === broken);
      left(code === goingAway);
    });
    this.#pump();
  }

  /** Takes what the kernel says; replies to other pages are left to them. `isAlone`: no other page gets it. */
  deliver(channel: Channel, frames: Frames, isAlone: boolean): void {
    const parent = jsonFrame(frames[1]);
    if (channel !== "iopub" && !this.sessions.has(parent.session)) return;
    const type = jsonFrame(frames[0]).msg_type;
    const message = {
      channel,
      frames,
      isOutput: isOutput(channel, type),
      parentId: String(parent.msg_id ?? ""),
      isAlone,
    };
    this.#waiting.push(message);
    this.#pump();
  }

  /** Asks for a sign of life; a page that gave none since the last time has lost its socket. */
  beat(): void {
    if (!this.#isAlive) this.#socket?.terminate();
    this.#isAlive = false;
    this.#sendPing();
  }

  #pump(): void {
    const socket = this.#socket;
    while (socket && socket.readyState === socket.OPEN && socket.bufferedAmount < mostInSocket) {
      const packet = this.#waiting.shift();
      if (!packet) return;
      this.#send(socket, packet);
    }
  }

  #send(socket: WebSocket, packet: Shifted): void {
    const data = socket.protocol === protocolV1 ? packV1(packet) : packJson(packet);
    socket.send(data, () => {
      // A slow reader is alive as long as anything goes through.
      this.#isAlive = true;
      this.#pump();
    });
    this.#keepUnconfirmed(packet);
    if (this.#isPingDue) return;
    this.#isPingDue = true;
    setImmediate(() => {
      this.#isPingDue = false;
      this.#sendPing();
    });
  }

  #sendPing(): void {
    const socket = this.#socket;
    if (socket?.readyState === socket?.OPEN) socket?.ping(String(this.#ping++));
  }

  #keepUnconfirmed(packet: Shifted): void {
    const needed = isNeeded(packet);
    if (!needed && isStatus(packet.frames)) return;
    const bytes = packet.frames.reduce((sum, frame) => sum + frame.byteLength, 0);
    const kept = { isNeeded: needed, isOutput: !needed, parentId: "", ping: this.#ping, bytes };
    this.#unconfirmed.push({ ...packet, ...kept });
    this.#unconfirmedBytes += bytes;
    while (this.#unconfirmedBytes > mostUnconfirmed) {
      const first = this.#unconfirmed.shift()!;
      this.#unconfirmedBytes -= first.bytes;
      forget(first);
    }
  }

  #confirm(ping: number): void {
    this.#isAlive = true;
    for (const message of this.#unconfirmed) if (message.ping <= ping) forget(message);
    this.#unconfirmed = this.#unconfirmed.filter((message) => message.ping > ping);
    this.#unconfirmedBytes = this.#unconfirmed.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** A page that closed its socket has read what came before, and may lack a reply; one whose socket broke may lack all. */
  #replayUnconfirmed(isBroken: boolean): void {
    this.#waiting.unshift(this.#unconfirmed.filter((message) => isBroken || message.isNeeded));
    this.#unconfirmed = [];
    this.#unconfirmedBytes = 0;
  }
}
