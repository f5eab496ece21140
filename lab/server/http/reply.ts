import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { HttpError } from "./errors";
import { mimeTypeOf } from "./mime";
import { byteLength, type Pieces } from "./pieces";

/** What a handler answers: `json`, `text` (HTML unless the headers say otherwise), `bytes`, or those of `file`. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Pieces;
  readonly file?: string;
  /** Compress it where the browser can read that: for large texts that are asked for once a page. */
  readonly isLarge?: boolean;
}

const commonHeaders = {
  "X-Content-Type-Options": "nosniff",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": "frame-ancestors 'self'",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-cache",
};

/** A lone half of a surrogate pair, which no address can hold, becomes U+FFFD. */
export const wellFormed = (text: string): string => Buffer.from(text).toString();

/** The header with which a browser saves an answer under that name. */
export const attachment = (name: string): Record<string, string> => ({
  "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(wellFormed(name))}`,
});

export const accepts = (headers: IncomingMessage["headers"], encoding: string): boolean =>
  String(headers["accept-encoding"] ?? "")
    .split(",")
    .some((one) => one.trim().split(";")[0] === encoding && !/;\s*q=0(\.0*)?\s*$/.test(one));

async function openFile(file: string): Promise<{ handle: FileHandle; size: number }> {
  // Opening a pipe would wait for somebody to write, on one of the few threads that all files need.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new HttpError(404, "There is no file at this address.");
    return { handle, size: stats.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  file: string,
): Promise<void> {
  // Opened before the first byte of the answer: a file that may not be read is an answer, too.
  const { handle, size } = await openFile(file);
  const headers = { ...commonHeaders, "Content-Type": mimeTypeOf(file), "Content-Length": size };
  response.writeHead(reply.status ?? 200, { ...headers, ...reply.headers });
  if (request.method === "HEAD" || size === 0) {
    await handle.close();
    response.end();
    return;
  }
  const content = handle.createReadStream({ end: size - 1 });
  await pipeline(content, response, { end: false });
  // A file that became shorter meanwhile: the browser would take the next answer for the rest of this one.
  if (content.bytesRead < size) response.destroy();
  else response.end();
}

/** Sends what may be large, as fast as it is read. */
async function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  bytes: Pieces,
): Promise<void> {
  const headers = { "Content-Type": "application/json", "Content-Length": byteLength(bytes) };
  response.writeHead(reply.status ?? 200, { ...commonHeaders, ...headers, ...reply.headers });
  if (request.method === "HEAD") response.end();
  else await pipeline(Readable.from(bytes), response);
}

const compressed = promisify(gzip);

/** Answers a request. Throws what `knownError` knows while nothing has been sent yet. */
export async function send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  if (reply.file !== undefined) return sendFile(request, response, reply, reply.file);
  if (reply.bytes !== undefined) return sendBytes(request, response, reply, reply.bytes);
  const { json, text } = reply;
  const type = text === undefined ? "application/json" : "text/html; charset=utf-8";
  const body = text ?? (json === undefined ? "" : JSON.stringify(json));
  const isZipped = reply.isLarge && accepts(request.headers, "gzip");
  const sent = isZipped ? await compressed(body) : body;
  response.writeHead(reply.status ?? 200, {
    ...commonHeaders,
    "Content-Type": type,
    // An answer without content says so by its status.
    ...(reply.status === 204 ? {} : { "Content-Length": Buffer.byteLength(sent) }),
    ...(isZipped ? { "Content-Encoding": "gzip", Vary: "Accept-Encoding" } : {}),
    ...reply.headers,
  });
  response.end(request.method === "HEAD" ? undefined : sent);
}
