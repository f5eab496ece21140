import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Channel } from "notebook-tools/kernel-client";
import type { WebSocket, WebSocketServer } from "ws";
import type { Faults } from "../http/faults";
import { refuse } from "../http/front-door";
import { jsonFrame, type Packet, protocolV1, unpackJson, unpackJsonWithBuffers, unpackV1 } from "./framing";
import { KernelClient } from "./kernel-client";
import type { Kernels } from "./kernels";
import type { RunningKernel } from "./running-kernel";

const canSend = new Set<Channel>(["shell", "control", "stdin"]);

/** So many pages that are away are waited for at each kernel; the one that left first is given up. */
const mostAway = 4;

/** How often a page is asked for a sign of life, in ms. */
const pingMs = 30_000;

/** How long a page may take to answer a close frame, in ms. */
const closeMs = 200;

function unpack(data: Buffer, isBinary: boolean, protocol: string): Packet {
  if (!isBinary) return unpackJson(data.toString("utf8"));
  return protocol === protocolV1 ? unpackV1(data) : unpackJsonWithBuffers(data);
}

/** Loaded for the first page: it brings TLS along, 9 MB that a server at rest does not need. */
function makeSockets(): WebSocketServer {
  const ws: typeof import("ws") = require("ws");
  return new ws.WebSocketServer({
    noServer: true,
    maxPayload: 256 * 1024 * 1024,
    handleProtocols: (offered) => (offered.has(protocolV1) ? protocolV1 : false),
  });
}

/** The pages of one kernel. */
class KernelClients {
  readonly #clients = new Map<string, KernelClient>();
  #anonymous = 0;

  constructor(readonly kernel: RunningKernel) {
    kernel.onMessage((channel, frames) => {
      const isAlone = this.#clients.size === 1;
      for (const client of this.#clients.values()) client.deliver(channel, frames, isAlone);
    });
  }

  get all(): KernelClient[] {
    return [...this.#clients.values()];
  }

  get connected(): number {
    return this.all.filter(({ isConnected }) => isConnected).length;
  }

  /** Joins a page's socket. One that names its session finds again what was kept for it. */
  join(socket: WebSocket, session: string | null): KernelClient {
    const id = session || `anonymous ${this.#anonymous++}`;
    const client = this.#clients.get(id) ?? new KernelClient();
    this.#clients.set(id, client);
    client.attach(socket, (forGood) => {
      this.#clients.delete(id);
      if (forGood || !session) return;
      this.#clients.set(id, client);
      const away = [...this.#clients].filter(([, one]) => !one.isConnected);
      for (const [oldest] of away.slice(0, Math.max(0, away.length - mostAway))) this.#clients.delete(oldest);
    });
    return client;
  }
}

/** The WebSockets of the server: `/api/kernels/<id>/channels` and `/api/events/subscribe`. */
export class Channels {
  #sockets: WebSocketServer | undefined;
  readonly #clients = new Map<string, KernelClients>();
  readonly #heart: NodeJS.Timeout;

  constructor(
    readonly kernels: Kernels,
    readonly faults: Faults,
  ) {
    this.#heart = setInterval(() => this.#beat(), pingMs).unref();
  }

  /** How many pages are connected to a kernel. */
  connectionsOf(kernelId: string): number {
    return this.#clients.get(kernelId)?.connected ?? 0;
  }

  /** Takes a request to upgrade; answers 404 when nothing listens there. The caller has checked who asks. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer, url: URL): void {
    const id = /^\/api\/kernels\/([^/]+)\/channels$/.exec(url.pathname)?.[1];
    const kernel = id === undefined ? undefined : this.kernels.find(id);
    if (!kernel && url.pathname !== "/api/events/subscribe") {
      refuse(stream, 404);
      return;
    }
    this.#sockets ??= makeSockets();
    this.#sockets.handleUpgrade(request, stream, head, (socket) => {
      // A frame that is no frame is an error of the socket, and ends it alone.
      socket.on("error", () => socket.terminate());
      // The event bus carries nothing yet: JupyterLab only wants to be connected.
      if (kernel) this.#join(socket, kernel, url.searchParams.get("session_id"));
    });
  }

  /** Says goodbye to all pages; those that do not answer are left. */
  async close(): Promise<void> {
    clearInterval(this.#heart);
    if (!this.#sockets) return;
    for (const socket of this.#sockets.clients) socket.close(1001, "The server stops");
    await new Promise((resolve) => setTimeout(resolve, closeMs));
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
  }

  #clientsOf(kernel: RunningKernel): KernelClients {
    const known = this.#clients.get(kernel.id);
    if (known) return known;
    const clients = new KernelClients(kernel);
    this.#clients.set(kernel.id, clients);
    kernel.onEnd(() => this.#clients.delete(kernel.id));
    return clients;
  }

  #join(socket: WebSocket, kernel: RunningKernel, session: string | null): void {
    const client = this.#clientsOf(kernel).join(socket, session);
    socket.on("message", async (data: Buffer, isBinary: boolean) => {
      try {
        await this.#toKernel(kernel, client, unpack(data, isBinary, socket.protocol));
      } catch (error) {
        if (error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError)
          socket.close(1003, "Not a kernel message");
        // Whatever else fails is the kernel's death, of which the page hears as a status.
      }
    });
  }

  async #toKernel(kernel: RunningKernel, client: KernelClient, { channel, frames }: Packet): Promise<void> {
    if (!canSend.has(channel)) throw new RangeError(`A page cannot send on the channel ${channel}.`);
    client.sessions.add(jsonFrame(frames[0]).session);
    await kernel.send(channel as Exclude<Channel, "iopub">, frames);
  }

  #beat(): void {
    for (const clients of this.#clients.values()) for (const client of clients.all) client.beat();
  }
}
