import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { keptSecret, newSecret, writePrivately } from "./secrets";

const digest = (text: string) => createHash("sha256").update(text).digest();
const same = (a: string, b: string) => timingSafeEqual(digest(a), digest(b));

function cookieOf(request: IncomingMessage, name: string): string {
  for (const pair of (request.headers.cookie ?? "").split(/;\s*/)) {
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1);
  }
  return "";
}

/**
 * The names under which this machine reaches itself, with any port: an SSH tunnel or an editor may forward
 * another one. A name of somebody else that resolves to this machine (DNS rebinding) is none of them.
 */
const ownHost = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/** Decides who may talk to the server: only pages that it served itself, opened with its token. */
export class Auth {
  readonly token = newSecret();
  readonly #cookieName: string;
  readonly #secretFile: string;
  #session: string;

  /** `secretFile` keeps what the cookie holds, so that an open page can go on after a restart of the server. */
  constructor(port: number, secretFile: string) {
    // Browsers share cookies between all ports of a host, so the port is part of the name.
    this.#cookieName = `lab-${port}`;
    this.#secretFile = secretFile;
    this.#session = keptSecret(secretFile);
  }

  /** The `Set-Cookie` value that stands for the token on later requests. */
  get cookie(): string {
    return `${this.#cookieName}=${this.#session}; Path=/; HttpOnly; SameSite=Lax`;
  }

  /** Ends all sessions; gives the `Set-Cookie` value that makes the browser forget its own. */
  logout(): string {
    this.#session = newSecret();
    writePrivately(this.#secretFile, `${this.#session}\n`);
    return `${this.#cookieName}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`;
  }

  /** Why a request comes from somewhere else, or `null` when it does not. `isPage`: a person may follow a link to it. */
  isCrossOrigin({ method, headers }: IncomingMessage, isPage: boolean): string | null {
    const host = headers.host ?? "";
    if (!ownHost.test(host)) return "The Host header must be 127.0.0.1 or localhost, with any port.";
    const { origin } = headers;
    if (origin !== undefined && origin !== `http://${host}`)
      return "Requests from other origins are refused.";
    // The second line behind Origin, which browsers leave out of some requests. Older ones send neither.
    const site = headers["sec-fetch-site"];
    const isFromElsewhere = site === "cross-site" || site === "same-site";
    const isLink = isPage && method === "GET" && headers["sec-fetch-mode"] === "navigate";
    return isFromElsewhere && !isLink ? "Requests from other sites are refused." : null;
  }

  /** Whether the request carries the token (header or `?token=`) or the cookie. */
  isAuthorized(request: IncomingMessage, url: URL): boolean {
    const given = /^(?:token|bearer)\s+(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (given !== undefined) return this.isToken(given);
    return (
      this.isToken(url.searchParams.get("token")) || same(cookieOf(request, this.#cookieName), this.#session)
    );
  }

  isToken(text: string | null | undefined): boolean {
    return same(text ?? "", this.token);
  }
}
