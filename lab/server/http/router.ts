import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { mimeTypeOf } from "./mime";

/** What a handler throws to answer with that status and Jupyter's `{message, reason}`. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** One request, as a handler sees it: `params` are the decoded groups of its route's pattern. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly params: readonly string[];
  /** The request's body as JSON, `{}` when there is none; throws `HttpError` 400 when it is not JSON. */
  body(): Promise<Record<string, unknown>>;
}

/** What a handler answers: `json`, `text` or the bytes of `file`. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly json?: unknown;
  readonly text?: string;
  readonly file?: string;
}

/** The header with which a browser saves an answer under that name. */
export const attachment = (name: string): Record<string, string> => ({
  "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
});

export type Handler = (call: Call) => Reply | Promise<Reply>;
export type Route = readonly [method: string, pattern: RegExp, handle: Handler];

/** JupyterLab sends files in parts of 1 MiB; a notebook with many charts comes whole. */
const largestBody = 256 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > largestBody) throw new HttpError(413, `A request may have ${largestBody} bytes at most.`);
    parts.push(part);
  }
  if (size === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
    if (value !== null && typeof value === "object") return value as Record<string, unknown>;
  } catch {
    // Falls through to the same answer as any other JSON that is no object.
  }
  throw new HttpError(400, "The request's body must be a JSON object.");
}

function decoded(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? "");
  } catch {
    throw new HttpError(400, `The address has a broken % sequence: ${part}`);
  }
}

/** Finds the route for a request and runs it; throws `HttpError` 404 or 405 when there is none. */
export async function dispatch(routes: readonly Route[], request: IncomingMessage, url: URL): Promise<Reply> {
  const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
  let known = false;
  for (const [verb, pattern, handle] of routes) {
    const match = pattern.exec(url.pathname);
    if (!match) continue;
    known = true;
    if (verb !== method) continue;
    const params = match.slice(1).map(decoded);
    return handle({
      method,
      path: url.pathname,
      query: url.searchParams,
      params,
      body: () => readBody(request),
    });
  }
  if (known) throw new HttpError(405, `${method} is not allowed for ${url.pathname}`);
  throw new HttpError(404, `There is nothing at ${url.pathname}`);
}

/** The answer for whatever a handler threw: never a stack, which would name this machine's folders. */
export function replyForError(error: unknown): Reply {
  if (error instanceof HttpError)
    return { status: error.status, json: { message: error.message, reason: null } };
  const message = error instanceof Error ? error.message : String(error);
  console.error(`The server failed on a request: ${message}`);
  return { status: 500, json: { message, reason: null } };
}

const commonHeaders = {
  "X-Content-Type-Options": "nosniff",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": "frame-ancestors 'self'",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-cache",
};

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  file: string,
): Promise<void> {
  const stats = await stat(file).catch(() => null);
  if (!stats?.isFile()) throw new HttpError(404, `There is no file at ${request.url}`);
  response.writeHead(reply.status ?? 200, {
    ...commonHeaders,
    "Content-Type": mimeTypeOf(file),
    "Content-Length": stats.size,
    ...reply.headers,
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(createReadStream(file), response);
}

export async function send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  if (reply.file !== undefined) return sendFile(request, response, reply, reply.file);
  const isText = reply.text !== undefined;
  const body = isText ? reply.text : reply.json === undefined ? "" : JSON.stringify(reply.json);
  response.writeHead(reply.status ?? 200, {
    ...commonHeaders,
    "Content-Type": isText ? "text/html; charset=utf-8" : "application/json",
    ...reply.headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
