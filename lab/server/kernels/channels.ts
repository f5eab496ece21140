import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Channel, Frames } from "notebook-tools";
import { type WebSocket, WebSocketServer } from "ws";
import { packJson, packV1, protocolV1, unpackJson, unpackV1 } from "./framing";
import type { Kernels, RunningKernel } from "./kernels";

const headerOf = (frame: Uint8Array | undefined) => JSON.parse(Buffer.from(frame ?? "{}").toString("utf8"));
const canSend = new Set(["shell", "control", "stdin"]);

/** Joins one page to one kernel. IOPub goes to every page, a reply only to the page that asked. */
function join(socket: WebSocket, kernel: RunningKernel): void {
  const asked = new Set<string>();
  const isV1 = socket.protocol === protocolV1;

  function toPage(channel: Channel, frames: Frames): void {
    if (channel !== "iopub" && !asked.has(headerOf(frames[1]).session)) return;
    socket.send(isV1 ? packV1({ channel, frames }) : packJson({ channel, frames }));
  }

  async function toKernel(data: Buffer, isBinary: boolean): Promise<void> {
    try {
      const { channel, frames } = isBinary ? unpackV1(data) : unpackJson(data.toString("utf8"));
      if (!canSend.has(channel)) throw new RangeError(`A page cannot send on the channel ${channel}.`);
      asked.add(headerOf(frames[0]).session);
      await kernel.send(channel as Exclude<Channel, "iopub">, frames);
    } catch (error) {
      if (error instanceof RangeError || error instanceof SyntaxError)
        socket.close(1003, "Not a kernel message");
      // Whatever else fails is the kernel's death, of which the page hears as a status.
    }
  }

  const leave = kernel.listen(toPage);
  socket.on("message", toKernel);
  socket.on("close", leave);
  socket.on("error", () => socket.terminate());
}

/** The WebSockets of the server: `/api/kernels/<id>/channels` and `/api/events/subscribe`. */
export function createChannels(kernels: Kernels) {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 256 * 1024 * 1024,
    handleProtocols: (offered) => (offered.has(protocolV1) ? protocolV1 : false),
  });

  /** Takes a request to upgrade; answers 404 when nothing listens there. The caller has checked who asks. */
  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer, { pathname }: URL): void {
    const id = /^\/api\/kernels\/([^/]+)\/channels$/.exec(pathname)?.[1];
    const kernel = kernels.list().find((kernel) => kernel.id === id);
    if (!kernel && pathname !== "/api/events/subscribe")
      return void stream.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
    sockets.handleUpgrade(request, stream, head, (socket) => {
      // The event bus carries nothing yet: JupyterLab only wants to be connected.
      if (kernel) join(socket, kernel);
    });
  }

  return {
    upgrade,
    close() {
      for (const socket of sockets.clients) socket.close(1001, "The server stops");
      sockets.close();
    },
  };
}
