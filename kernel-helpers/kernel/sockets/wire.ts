/**
 * The Jupyter wire protocol: frames to messages and back, pure.
 * Source: https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol
 */

import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
}

export interface Message {
  /** The routing prefix, which a reply must repeat. */
  identities: Uint8Array[];
  header: Header;
  // biome-ignore lint/suspicious/noExplicitAny: each message type has its own content
  content: any;
  /** Bytes that travel beside the JSON, as those of widgets do. */
  buffers: Uint8Array[];
}

export interface Outgoing {
  identities: (Uint8Array | string)[];
  msg_type: string;
  parent: Header | null;
  /** A string is JSON already. */
  content: object | string;
  metadata?: object;
  buffers?: Uint8Array[];
}

export const protocolVersion = "5.3";

const delimiter = Buffer.from("<IDS|MSG>");

/** The signature of the four JSON parts; an empty key means that messages are not signed. */
function sign(key: string, parts: (Uint8Array | string)[]): string {
  if (key === "") return "";
  const hash = createHmac("sha256", key);
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads a message; throws on a missing delimiter, a wrong signature, broken JSON or a header that names nothing. */
export function decode(frames: Uint8Array[], key: string): Message {
  const at = frames.findIndex((frame) => delimiter.equals(frame));
  const [signature, ...parts] = frames.slice(at + 1);
  if (at < 0 || signature === undefined || parts.length < 4) {
    throw new Error(
      `expected identities, ${delimiter}, a signature and four parts, got ${frames.length} frames`,
    );
  }
  const signed = parts.slice(0, 4);
  if (!sameText(Buffer.from(signature).toString(), sign(key, signed))) {
    throw new Error("the signature does not match the key of the connection file");
  }
  const [header, , , content] = signed.map((part) => JSON.parse(Buffer.from(part).toString()));
  if (!isObject(header) || typeof header.msg_type !== "string" || typeof header.msg_id !== "string") {
    throw new Error("the header must be an object with the strings `msg_type` and `msg_id`");
  }
  if (!isObject(content)) throw new Error(`the content of ${header.msg_type} must be an object`);
  return { identities: frames.slice(0, at), header, content, buffers: parts.slice(4) };
}

/** The frames of a message, signed. */
export function encode(message: Outgoing, key: string, session: string): (Uint8Array | string)[] {
  const header: Header = {
    msg_id: randomUUID(),
    msg_type: message.msg_type,
    session,
    username: message.parent?.username ?? "kernel",
    date: new Date().toISOString(),
    version: protocolVersion,
  };
  const parts = [header, message.parent ?? {}, message.metadata ?? {}, message.content].map((part) =>
    typeof part === "string" ? part : JSON.stringify(part),
  );
  return [...message.identities, delimiter, sign(key, parts), ...parts, ...(message.buffers ?? [])];
}
