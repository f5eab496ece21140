/**
 * The wire protocol of Jupyter over ZeroMQ: [identities…, <IDS|MSG>, signature, header, parent, metadata,
 * content, buffers…]. The signature is the hex HMAC-SHA256 of the four JSON parts.
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import type { Channel, Frames, Header, Message } from "./messages";

const delimiter = Buffer.from("<IDS|MSG>");
const jsonParts = 4;

function signature(key: string, frames: Frames): string {
  if (key === "") return "";
  const hmac = createHmac("sha256", key);
  for (const frame of frames.slice(0, jsonParts)) hmac.update(frame);
  return hmac.digest("hex");
}

/** Adds delimiter and signature, ready for a socket. */
export function sign(key: string, frames: Frames): Uint8Array[] {
  return [delimiter, Buffer.from(signature(key, frames)), ...frames];
}

/** Takes off identities and signature; null where the message is malformed or was signed with another key. */
export function verify(key: string, parts: readonly Buffer[]): Buffer[] | null {
  const at = parts.findIndex((part) => part.equals(delimiter));
  if (at < 0 || parts.length < at + 2 + jsonParts) return null;
  const frames = parts.slice(at + 2);
  const expected = Buffer.from(signature(key, frames));
  const signed = parts[at + 1]!;
  return expected.length === signed.length && timingSafeEqual(expected, signed) ? frames : null;
}

/** A header for a new request. */
export function newHeader(msgType: string, session: string): Header {
  return {
    msg_id: randomUUID(),
    msg_type: msgType,
    session,
    username: "nb",
    date: new Date().toISOString(),
    version: "5.4",
  };
}

/** A message as bytes. */
export function encode(message: Omit<Message, "channel">): Uint8Array[] {
  const { header, parent_header, metadata, content, buffers } = message;
  const json = [header, parent_header, metadata, content].map((part) => Buffer.from(JSON.stringify(part)));
  return [...json, ...buffers];
}

/** Without copying: outputs can be large. `null` means the same as an empty part. */
function parse(frame: Uint8Array | undefined) {
  if (!frame) return {};
  const value = JSON.parse(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString("utf8"));
  if (typeof value === "object" && !Array.isArray(value)) return value ?? {};
  throw new SyntaxError(`a part of it is ${JSON.stringify(value)?.slice(0, 40)}`);
}

/** Bytes as a message. Throws a `SyntaxError` where a part is not a JSON object. */
export function decode(channel: Channel, frames: Frames): Message {
  return {
    channel,
    header: parse(frames[0]),
    parent_header: parse(frames[1]),
    metadata: parse(frames[2]),
    content: parse(frames[3]),
    buffers: frames.slice(jsonParts),
  };
}
