import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { loginPage } from "../frontend/page";
import type { Auth } from "./auth";
import { HttpError, knownError } from "./errors";
import type { Faults } from "./faults";
import { type Reply, send } from "./reply";
import { type Router, readBody } from "./router";

/** What takes a WebSocket; answers 404 where nothing listens. */
type Upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer, url: URL) => void;

/** Everything that the door needs to know of the house. */
export interface House {
  readonly auth: Auth;
  readonly router: Router;
  readonly upgrade: Upgrade;
  readonly faults: Faults;
}

/** What a program asks for; anything else is a page that a person opens. */
const isProgramAddress = /^\/(?:api|lab\/api|static|files|nbconvert|kernelspecs)(?:\/|$)/;

/** The address of a request. Throws `HttpError` 400 for what is not a path, such as that of a proxy's request. */
function addressOf({ url = "" }: IncomingMessage): URL {
  const address = `http://127.0.0.1${url}`;
  if (url.startsWith("/") && URL.canParse(address)) return new URL(address);
  throw new HttpError(400, "The request's address must be a path.");
}

/** A stranger may fill in the form, so it is read only as far as a token is long, in bytes. */
const mostOfForm = 1024;

/** A path on this server to go on with after the login; anything else is the start page. */
function nextPage(url: URL): string {
  const next = url.searchParams.get("next") ?? "";
  if (!/^\/(?![/\\])[^\\\s]*$/.test(next) || !URL.canParse(next, "http://127.0.0.1")) return "/lab";
  const { pathname, search } = new URL(next, "http://127.0.0.1");
  // As an address is written, a header can hold it.
  return pathname.startsWith("//") ? "/lab" : pathname + search;
}

/** `/login` and `/logout`; `null` for any other address. */
async function session(auth: Auth, request: IncomingMessage, url: URL): Promise<Reply | null> {
  if (url.pathname === "/logout") {
    if (!auth.isAuthorized(request, url)) return loginPage("/lab");
    return { ...loginPage("/lab"), status: 200, headers: { "Set-Cookie": auth.logout() } };
  }
  if (url.pathname !== "/login") return null;
  const form =
    request.method === "POST" ? new URLSearchParams(String(await readBody(request, mostOfForm))) : null;
  const isKnown = form ? auth.isToken(form.get("token")) : auth.isAuthorized(request, url);
  if (!isKnown) return { ...loginPage(nextPage(url)), status: form ? 403 : 200 };
  return { status: 302, headers: { "Set-Cookie": auth.cookie, Location: nextPage(url) } };
}

/** Who asks is checked before what is asked: nothing else of the server runs for a stranger. */
async function answer({ auth, router }: House, request: IncomingMessage): Promise<Reply> {
  const url = addressOf(request);
  const isPage = !isProgramAddress.test(url.pathname);
  // Following a link to /logout from elsewhere would end the session.
  const strange = auth.isCrossOrigin(request, isPage && url.pathname !== "/logout");
  if (strange !== null) throw new HttpError(403, strange);
  const login = await session(auth, request, url);
  if (login) return login;
  if (!auth.isAuthorized(request, url)) {
    if (isPage) return loginPage(url.pathname + url.search);
    throw new HttpError(403, "The token is missing or old: open the address that the server printed.");
  }
  if (isPage && request.method === "GET" && auth.isToken(url.searchParams.get("token"))) {
    url.searchParams.delete("token");
    return { status: 302, headers: { "Set-Cookie": auth.cookie, Location: url.pathname + url.search } };
  }
  return router.dispatch(request, url);
}

/** The answer for whatever was thrown: never a stack or a path of this machine. */
function replyForError(error: unknown, { faults }: House, request: IncomingMessage): Reply {
  const subject = faults.redact(subjectOf(request));
  const known = knownError(error, subject);
  if (!known) faults.report(`${request.method} ${subject}`, error);
  const message = known?.message ?? "The server failed on this request; its terminal says how.";
  return { status: known?.status ?? 500, json: { message: faults.redact(message), reason: null } };
}

/** What a request is about, in words: its path, below the route's own. */
function subjectOf({ url = "" }: IncomingMessage): string {
  const address = url.split("?")[0] ?? "";
  const path = address.replace(/^\/(?:api\/contents|files|nbconvert\/[^/]*)(?:\/|$)/, "");
  try {
    return decodeURIComponent(path).slice(0, 300);
  } catch {
    return path.slice(0, 300);
  }
}

async function serve(house: House, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A page that goes away in the middle of an answer is no fault of the server's.
  response.on("error", () => response.destroy());
  try {
    await send(request, response, await answer(house, request));
  } catch (error) {
    if (response.headersSent || response.destroyed) response.destroy();
    else await send(request, response, replyForError(error, house, request));
  }
}

const refusals = { 400: "Bad Request", 403: "Forbidden", 404: "Not Found" } as const;

/** Ends a request to upgrade with a status and without a word more. */
export function refuse(stream: Duplex, status: keyof typeof refusals): void {
  stream.end(`HTTP/1.1 ${status} ${refusals[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function upgrade(
  { auth, upgrade, faults }: House,
  request: IncomingMessage,
  stream: Duplex,
  head: Buffer,
): void {
  try {
    const url = addressOf(request);
    const isOurs = auth.isCrossOrigin(request, false) === null && auth.isAuthorized(request, url);
    if (isOurs) upgrade(request, stream, head, url);
    else refuse(stream, 403);
  } catch (error) {
    if (!knownError(error, "")) faults.report("a request to upgrade", error);
    refuse(stream, 400);
  }
}

/** A server that is not open yet; `open` lets requests in once it is known who may come. */
export function createFrontDoor(): { server: Server; open(house: House): void } {
  // Any other kind of upgrade (h2c) is an offer that may be passed over.
  const shouldUpgradeCallback = ({ headers }: IncomingMessage) => /^websocket$/i.test(headers.upgrade ?? "");
  const server = createServer({ shouldUpgradeCallback });
  let open: (house: House) => void = () => {};
  // An open page asks again and again while the server starts: who comes early waits, and is answered, too.
  const opened = new Promise<House>((resolve) => {
    open = resolve;
  });
  server.on("request", async (request, response) => {
    const house = await opened;
    try {
      await serve(house, request, response);
    } catch (error) {
      house.faults.report("an answer", error);
      response.destroy();
    }
  });
  server.on("upgrade", async (request, stream, head) => {
    stream.on("error", () => stream.destroy());
    upgrade(await opened, request, stream, head);
  });
  return { server, open };
}
