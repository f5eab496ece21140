/**
 * How kernel messages travel over a WebSocket: the subprotocol `v1.kernel.websocket.jupyter.org`, and what came
 * before it, JSON text, or bytes for a message with buffers. Source: jupyter_server's documentation, "WebSocket
 * kernel wire protocols".
 */
import type { Channel, Frames } from "notebook-tools/kernel-client";

export const protocolV1 = "v1.kernel.websocket.jupyter.org";

export interface Packet {
  readonly channel: Channel;
  /** Header, parent header, metadata and content as JSON bytes, then buffers: as ZeroMQ carries them. */
  readonly frames: Frames;
}

/** Header, parent header, metadata and content. */
const jsonParts = 4;

/** [count of offsets, the offsets, channel, frames…]: 64-bit little-endian numbers, one offset before each part and one at the end. */
export function packV1({ channel, frames }: Packet): Buffer {
  const parts = [Buffer.from(channel), ...frames];
  const head = Buffer.alloc(8 * (parts.length + 2));
  let offset = head.length;
  head.writeBigUInt64LE(BigInt(parts.length + 1), 0);
  head.writeBigUInt64LE(BigInt(offset), 8);
  parts.forEach((part, index) => {
    offset += part.length;
    head.writeBigUInt64LE(BigInt(offset), 8 * (index + 2));
  });
  return Buffer.concat([head, ...parts]);
}

/** The parts of a message between each offset and the next. Throws `RangeError` when they do not fit the bytes. */
function partsBetween(offsets: readonly number[], bytes: Buffer): Buffer[] {
  return offsets.slice(1).map((end, index) => {
    const start = offsets[index] ?? 0;
    if (start > end || end > bytes.length) throw new RangeError(`Offset ${end} lies outside the message.`);
    return bytes.subarray(start, end);
  });
}

/** Throws `RangeError` when the offsets do not fit the bytes. */
export function unpackV1(bytes: Buffer): Packet {
  const count = Number(bytes.readBigUInt64LE(0));
  if (count < jsonParts + 2 || 8 * (count + 1) > bytes.length)
    throw new RangeError(`A kernel message has at least 6 offsets that lie within it, got ${count}.`);
  const offsets = Array.from({ length: count }, (_, index) => Number(bytes.readBigUInt64LE(8 * (index + 1))));
  const [channel, ...frames] = partsBetween(offsets, bytes);
  return { channel: String(channel) as Channel, frames };
}

const jsonNames = ["header", "parent_header", "metadata", "content"] as const;
const idNames = ["msg_id", "msg_type"] as const;

/** The older protocol: JSON text, or with buffers [count, offsets, JSON, buffers…] with 32-bit big-endian numbers. */
export function packJson({ channel, frames }: Packet): string | Buffer {
  const members = jsonNames.map((name, index) => `"${name}":${Buffer.from(frames[index] ?? "{}")}`);
  // Clients of that time read these beside the header, too.
  const header: Record<string, unknown> = JSON.parse(String(Buffer.from(frames[0] ?? "{}")));
  const ids = idNames.map((name) => `"${name}":${JSON.stringify(header[name] ?? null)}`);
  const text = `{"channel":${JSON.stringify(channel)},${[...members, ...ids].join(",")},"buffers":[]}`;
  const buffers = frames.slice(jsonParts);
  if (buffers.length === 0) return text;
  const parts = [Buffer.from(text), ...buffers];
  const head = Buffer.alloc(4 * (parts.length + 1));
  let offset = head.length;
  head.writeUInt32BE(parts.length, 0);
  parts.forEach((part, index) => {
    head.writeUInt32BE(offset, 4 * (index + 1));
    offset += part.length;
  });
  return Buffer.concat([head, ...parts]);
}

/** Throws `SyntaxError` for text that is not a JSON object. */
export function unpackJson(text: string): Packet {
  const message = JSON.parse(text);
  if (message === null || typeof message !== "object")
    throw new SyntaxError("A kernel message is a JSON object.");
  const frames = jsonNames.map((name) => Buffer.from(JSON.stringify(message[name] ?? {})));
  return { channel: message.channel, frames };
}

/** Throws `RangeError` when the offsets do not fit the bytes, `SyntaxError` when the first part is not a JSON object. */
export function unpackJsonWithBuffers(bytes: Buffer): Packet {
  const count = bytes.readUInt32BE(0);
  if (count < 1 || 4 * (count + 1) > bytes.length)
    throw new RangeError(`A kernel message has offsets that lie within it, got ${count}.`);
  const offsets = Array.from({ length: count }, (_, index) => bytes.readUInt32BE(4 * (index + 1)));
  const [json, ...buffers] = partsBetween([...offsets, bytes.length], bytes);
  const { channel, frames } = unpackJson(String(json));
  return { channel, frames: [...frames, ...buffers] };
}

/** A frame's JSON object, `null` for one that is missing, or is none. */
function parsedFrame(frame: Uint8Array | undefined): Record<string, unknown> | null {
  try {
    const value: unknown =
      frame && JSON.parse(String(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)));
    return value && typeof value === "object" && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** Reads a frame of JSON; `{}` for one that is missing, or is not a JSON object. */
export const jsonFrame = (frame: Uint8Array | undefined): Record<string, unknown> => parsedFrame(frame) ?? {};

/** Larger parts are left to the page to read, in bytes. */
const readHere = 64 * 1024;

/** Whether a page can read a message of a kernel: its four parts of JSON are objects. */
export const isReadable = (frames: Frames): boolean =>
  frames.length >= jsonParts &&
  frames.slice(0, jsonParts).every((frame) => frame.byteLength > readHere || parsedFrame(frame) !== null);
