import { types } from "node:util";

import workerThreads = require("node:worker_threads");

/** The transfer list as Node takes it: typed arrays stand for their buffers. Throws what cannot move. */
export function checkTransfer(list: readonly object[]): object[] {
  if (!Array.isArray(list)) {
    throw new TypeError(`\`transfer\` must be an array of buffers, ports or streams, got ${typeof list}.`);
  }
  // A set, because Node refuses a list that names a thing twice.
  return [...new Set(list.map((item, index) => checkItem(item, `\`transfer[${index}]\``)))];
}

export function checkItem(item: unknown, name: string): object {
  if (typeof item !== "object" || item === null) {
    throw new TypeError(
      `${name} must be a buffer, a port or a stream, got ${JSON.stringify(item) ?? typeof item}.`,
    );
  }
  const buffer = ArrayBuffer.isView(item) ? item.buffer : item;
  if (types.isSharedArrayBuffer(buffer)) {
    throw new TypeError(`${name} is a SharedArrayBuffer, which is shared already: leave it out of the list.`);
  }
  if (types.isArrayBuffer(buffer)) checkBuffer(buffer, name);
  else if (!isTransferable(buffer)) {
    throw new TypeError(
      `${name} must be a buffer, a port or a stream, got an instance of ${buffer.constructor?.name || "an object"}. ` +
        "Leave out what is to be copied.",
    );
  }
  return buffer;
}

function isTransferable(item: object): boolean {
  const { MessagePort } = workerThreads;
  const classes = [MessagePort, ReadableStream, WritableStream, TransformStream, AbortSignal];
  return classes.some((each) => item instanceof each) || item.constructor?.name === "FileHandle";
}

function checkBuffer(buffer: ArrayBuffer, name: string): void {
  if (isDetached(buffer)) {
    throw new TypeError(
      `${name} is a detached buffer: it was transferred before. Send a copy: \`buffer.slice()\`.`,
    );
  }
  if (isPool(buffer)) {
    throw new TypeError(
      `${name} is the memory that Node shares among small Buffers, which cannot move. Copy the bytes into an ` +
        "array of their own: `Uint8Array.from(buffer)`.",
    );
  }
}

/** Node 20 cannot say; there the size gives the pool away. */
function isPool(buffer: ArrayBuffer): boolean {
  const { isMarkedAsUntransferable } = workerThreads as {
    isMarkedAsUntransferable?: (value: object) => boolean;
  };
  return isMarkedAsUntransferable?.(buffer) ?? buffer.byteLength === Buffer.poolSize;
}

export function isDetached(buffer: ArrayBufferLike): boolean {
  // `detached` exists from Node 22 on; an empty buffer that cannot be sliced is detached in Node 20.
  const { detached } = buffer as { detached?: boolean };
  if (detached !== undefined) return detached;
  if (buffer.byteLength > 0 || types.isSharedArrayBuffer(buffer)) return false;
  try {
    buffer.slice(0);
    return false;
  } catch {
    return true;
  }
}
