import { isAscii, isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { HttpError } from "./errors";
import type { Reply } from "./reply";

/** One request, as a handler sees it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  /** The decoded parts of the address that the route names; empty where the address leaves one out. */
  readonly params: Readonly<Record<string, string>>;
  /** The request's body; throws `HttpError` 413 when it is too large. */
  bytes(): Promise<Buffer>;
  /** The body as JSON, `{}` when there is none; throws `HttpError` 400 when it is not a JSON object. */
  body(): Promise<Record<string, unknown>>;
}

export type Handler = (call: Call) => Reply | Promise<Reply>;

/**
 * A line of the route table. In the address `{name}` stands for one segment, `{name+}` for one or more, and
 * `{name*}` at the end for any number, none included. The first line that fits wins.
 */
export type Route = readonly [method: string, address: string, summary: string, handle: Handler];

/** JupyterLab sends files in parts of 1 MiB; a notebook with many charts comes whole. */
const largestBody = 256 * 1024 * 1024;

/** Throws `HttpError` 413 when there are more than `most` bytes. */
export async function readBody(request: IncomingMessage, most = largestBody): Promise<Buffer> {
  const length = Number(request.headers["content-length"] ?? 0);
  // A body whose length is known is held once; parts that are joined at the end would be held twice.
  const whole = length > 0 && length <= most ? Buffer.allocUnsafeSlow(length) : null;
  const parts: Buffer[] = [];
  let size = 0;
  // Without this the connection would end before the answer that says why.
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    if (size + part.length > most) throw new HttpError(413, `A request may have ${most} bytes at most.`);
    if (whole) part.copy(whole, size);
    else parts.push(part);
    size += part.length;
  }
  return whole ?? Buffer.concat(parts);
}

/** Throws `HttpError` 400 for bytes that are not UTF-8. `what` has them. */
export function utf8(bytes: Buffer, what: string): string {
  if (!isUtf8(bytes)) throw new HttpError(400, `${what} is not UTF-8 text; save it as UTF-8.`);
  // Mostly quicker, and half as large.
  return bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
}

/** Throws `HttpError` 400 for what is not a JSON object. */
export function jsonObject(text: string): Record<string, unknown> {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Falls through to the same answer as any other JSON that is not an object.
  }
  throw new HttpError(400, "The request's body must be a JSON object.");
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(400, `The address has a broken % sequence: ${part}`);
  }
}

function patternOf(address: string): RegExp {
  const source = address
    .replaceAll(".", "\\.")
    .replace(/\/\{(\w+)\*\}$/, "(?:/(?<$1>.*))?")
    .replace(/\{(\w+)\+\}/g, "(?<$1>.+)")
    .replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  return new RegExp(`^${source}/?$`);
}

/** Finds the route of a request in a table. */
export class Router {
  readonly #routes: readonly { method: string; pattern: RegExp; handle: Handler }[];

  constructor(readonly table: readonly Route[]) {
    this.#routes = table.map(([method, address, , handle]) => ({
      method,
      pattern: patternOf(address),
      handle,
    }));
  }

  /** Runs the route's handler; throws `HttpError` 404 when there is none, 405 when there is one of other methods. */
  async dispatch(request: IncomingMessage, url: URL): Promise<Reply> {
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
    const fitting = this.#routes.filter(({ pattern }) => pattern.test(url.pathname));
    const route = fitting.find((one) => one.method === method);
    if (!route && fitting.length > 0)
      throw new HttpError(405, `${method} is not allowed for ${url.pathname}`);
    if (!route) throw new HttpError(404, `There is nothing at ${url.pathname}`);
    const groups = route.pattern.exec(url.pathname)?.groups ?? {};
    const params = Object.entries(groups).map(([name, part]) => [name, decoded(part ?? "")]);
    return route.handle({
      method,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      params: Object.fromEntries(params),
      bytes: () => readBody(request),
      body: async () => jsonObject(utf8(await readBody(request), "The request's body")),
    });
  }
}
