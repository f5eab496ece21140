/**
 * How kernel messages travel over a WebSocket: the subprotocol `v1.kernel.websocket.jupyter.org`, and the
 * JSON text that came before it. Source: jupyter_server's documentation, "WebSocket kernel wire protocols".
 */
import type { Channel, Frames } from "notebook-tools";

export const protocolV1 = "v1.kernel.websocket.jupyter.org";

export interface Packet {
  readonly channel: Channel;
  /** Header, parent header, metadata and content as JSON bytes, then buffers: as ZeroMQ carries them. */
  readonly frames: Frames;
}

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

/** Throws `RangeError` when the offsets do not fit the bytes. */
export function unpackV1(bytes: Buffer): Packet {
  const count = Number(bytes.readBigUInt64LE(0));
  if (count < 6 || 8 * (count + 1) > bytes.length)
    throw new RangeError(`A kernel message has at least 6 offsets that lie within it, got ${count}.`);
  const offsets = Array.from({ length: count }, (_, index) => Number(bytes.readBigUInt64LE(8 * (index + 1))));
  const parts = offsets.slice(1).map((end, index) => {
    const start = offsets[index] ?? 0;
    if (start > end || end > bytes.length) throw new RangeError(`Offset ${end} lies outside the message.`);
    return bytes.subarray(start, end);
  });
  const [channel, ...frames] = parts;
  return { channel: String(channel) as Channel, frames };
}

const jsonNames = ["header", "parent_header", "metadata", "content"] as const;

/** The older protocol: one JSON text a message. Its binary form, for buffers, is not spoken. */
export function packJson({ channel, frames }: Packet): string {
  const members = jsonNames.map((name, index) => `"${name}":${Buffer.from(frames[index] ?? "{}")}`);
  return `{"channel":${JSON.stringify(channel)},${members.join(",")},"buffers":[]}`;
}

/** Throws `SyntaxError` for text that is not JSON. */
export function unpackJson(text: string): Packet {
  const message = JSON.parse(text);
  const frames = jsonNames.map((name) => Buffer.from(JSON.stringify(message[name] ?? {})));
  return { channel: message.channel, frames };
}
