import { mkdirSync, readFileSync, realpathSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import path from "node:path";
import type { Duplex } from "node:stream";
import { exportRoutes } from "./contents/export";
import { contentsRoutes } from "./contents/routes";
import { createTrust } from "./contents/trust";
import { tokenWanted } from "./frontend/page";
import { type Bundle, labRoutes } from "./frontend/routes";
import { settingsRoutes } from "./frontend/settings";
import { workspaceRoutes } from "./frontend/workspaces";
import { type Auth, createAuth } from "./http/auth";
import { listen } from "./http/port";
import { dispatch, HttpError, type Reply, type Route, replyForError, send } from "./http/router";
import { createChannels } from "./kernels/channels";
import { createKernels } from "./kernels/kernels";
import { kernelRoutes } from "./kernels/routes";
import { sessionRoutes } from "./kernels/sessions";

export interface LabOptions {
  /** The folder that the file browser shows; nothing outside it is served. */
  readonly root: string;
  /** The folder that `npm run build` in lab/app made. */
  readonly bundle: string;
  /** Where settings, layouts, checkpoints and the record of trusted outputs are kept. */
  readonly userFolder: string;
  /** The port to listen on; 0 takes any free one. */
  readonly port: number;
  /** Take the next free port when `port` is in use. Default false. */
  readonly nextFreePort?: boolean;
  /** Called when a page asks the server to stop (File, Shut Down). */
  readonly onShutdown?: () => void;
}

export interface Lab {
  readonly port: number;
  readonly token: string;
  /** The address that opens a document, such as `notebooks/00-index.ipynb`, or none, with the token in it. */
  addressOf(document?: string): string;
  /** Ends all kernels, then all connections. */
  close(): Promise<void>;
}

function readBundle(folder: string): Bundle {
  try {
    const manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8"));
    return { ...manifest, folder };
  } catch {
    throw new Error(
      `JupyterLab's bundle is not in ${folder}. Run \`npm start\`, which makes it, or \`npm ci\` and \`npm run build\` in lab/app.`,
    );
  }
}

/** Who asks is checked before what is asked: nothing else of the server runs for a stranger. */
async function answer(
  auth: Auth,
  routes: readonly Route[],
  request: IncomingMessage,
  url: URL,
): Promise<Reply> {
  const strange = auth.isCrossOrigin(request);
  if (strange !== null) throw new HttpError(403, strange);
  const isPage = !/^\/(api|lab\/api|static|files|nbconvert)\//.test(url.pathname);
  if (!auth.isAuthorized(request, url)) {
    if (isPage) return tokenWanted;
    throw new HttpError(403, "The token is missing or old: open the address that the server printed.");
  }
  if (isPage && request.method === "GET" && auth.hasTokenInAddress(url)) {
    url.searchParams.delete("token");
    return { status: 302, headers: { "Set-Cookie": auth.cookie, Location: url.pathname + url.search } };
  }
  return dispatch(routes, request, url);
}

function serve(server: Server, auth: Auth, routes: readonly Route[]): void {
  server.on("request", async (request: IncomingMessage, response: ServerResponse) => {
    try {
      const url = new URL(request.url ?? "/", "http://127.0.0.1");
      await send(request, response, await answer(auth, routes, request, url));
    } catch (error) {
      if (response.headersSent) response.destroy();
      else await send(request, response, replyForError(error));
    }
  });
}

function refuse(stream: Duplex): void {
  stream.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
}

/**
 * Starts the server on 127.0.0.1. Throws when the bundle is missing or when no port can be had, with
 * what to do.
 */
export async function startLab(options: LabOptions): Promise<Lab> {
  const bundle = readBundle(options.bundle);
  const root = realpathSync(options.root);
  mkdirSync(options.userFolder, { recursive: true });
  const kernels = createKernels(root);
  const channels = createChannels(kernels);
  const inUserFolder = (name: string) => path.join(options.userFolder, name);
  const server = createServer();
  const port = await listen(server, options.port, options.nextFreePort ?? false);
  const auth = createAuth(port);
  const routes: Route[] = [
    ...labRoutes(bundle, root, auth.clearCookie),
    ...settingsRoutes(path.join(options.bundle, "schemas"), inUserFolder("settings")),
    ...workspaceRoutes(inUserFolder("workspaces")),
    ...contentsRoutes(root, options.userFolder, createTrust(inUserFolder("trusted-outputs"))),
    ...exportRoutes(root),
    ...kernelRoutes(root, kernels),
    ...sessionRoutes(root, kernels),
    [
      "POST",
      /^\/api\/shutdown$/,
      () => {
        options.onShutdown?.();
        return { json: {} };
      },
    ],
  ];
  serve(server, auth, routes);
  server.on("upgrade", (request, stream, head) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    stream.on("error", () => stream.destroy());
    if (auth.isCrossOrigin(request) !== null || !auth.isAuthorized(request, url)) refuse(stream);
    else channels.upgrade(request, stream, head, url);
  });

  return {
    port,
    token: auth.token,
    addressOf: (document) => {
      const encoded = document?.split("/").map(encodeURIComponent).join("/");
      return `http://127.0.0.1:${port}/lab${encoded ? `/tree/${encoded}` : ""}?token=${auth.token}`;
    },
    async close() {
      channels.close();
      await kernels.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
