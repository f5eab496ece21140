import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Decides who may talk to the server: only pages that it served itself, opened with its token. */
export interface Auth {
  readonly token: string;
  /** The `Set-Cookie` value that stands for the token on later requests. */
  readonly cookie: string;
  /** The `Set-Cookie` value that makes the browser forget it. */
  readonly clearCookie: string;
  /** Why a request comes from somewhere else, or `null` when it does not. */
  isCrossOrigin(request: IncomingMessage): string | null;
  /** Whether the request carries the token (header or `?token=`) or the cookie. */
  isAuthorized(request: IncomingMessage, url: URL): boolean;
  /** Whether the request carries the token in its address, which a page should not keep there. */
  hasTokenInAddress(url: URL): boolean;
}

const digest = (text: string) => createHash("sha256").update(text).digest();
const same = (a: string, b: string) => timingSafeEqual(digest(a), digest(b));

function cookieOf(request: IncomingMessage, name: string): string {
  for (const pair of (request.headers.cookie ?? "").split(/;\s*/)) {
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1);
  }
  return "";
}

/**
 * Authorization with a fresh random token for the server at `port`.
 *
 * The `Host` check stops DNS rebinding: a stranger's name that resolves to this machine is refused.
 * The `Origin` check stops other sites' pages, which the browser lets send requests with our cookie.
 */
export function createAuth(port: number): Auth {
  const token = randomBytes(24).toString("hex");
  const session = randomBytes(24).toString("hex");
  // Browsers share cookies between all ports of a host, so the port is part of the name.
  const cookieName = `lab-${port}`;
  const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);

  return {
    token,
    cookie: `${cookieName}=${session}; Path=/; HttpOnly; SameSite=Lax`,
    clearCookie: `${cookieName}=; Path=/; Max-Age=0`,
    isCrossOrigin(request) {
      const host = request.headers.host ?? "";
      if (!hosts.has(host)) return `The Host header must be 127.0.0.1:${port} or localhost:${port}.`;
      const { origin } = request.headers;
      if (origin !== undefined && origin !== `http://${host}`)
        return "Requests from other origins are refused.";
      return null;
    },
    isAuthorized(request, url) {
      const given = /^(?:token|bearer)\s+(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
      if (given !== undefined) return same(given, token);
      return this.hasTokenInAddress(url) || same(cookieOf(request, cookieName), session);
    },
    hasTokenInAddress(url) {
      return same(url.searchParams.get("token") ?? "", token);
    },
  };
}
