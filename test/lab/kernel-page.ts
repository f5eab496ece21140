import { randomUUID } from "node:crypto";
import type { Message } from "notebook-tools";
import { decode, encode, newHeader } from "notebook-tools";
import {
  packV1,
  protocolV1,
  unpackJson,
  unpackJsonWithBuffers,
  unpackV1,
} from "../../lab/server/kernels/framing";

/** One page's WebSocket to one kernel, with what came over it. */
export interface KernelPage {
  readonly protocol: string;
  readonly seen: Message[];
  /** Sends a request and returns its id. */
  ask(type: string, content?: object): string;
  /** Resolves with the first message, seen already or to come, that fits. */
  until(fits: (message: Message) => boolean): Promise<Message>;
  /** Runs code and resolves with its reply and what it printed, after `idle`. */
  run(code: string): Promise<{ status: string; printed: string }>;
  close(code?: number): void;
}

interface Waiting {
  fits: (message: Message) => boolean;
  resolve: (message: Message) => void;
}

function unpacked(data: string | ArrayBuffer, protocol: string) {
  if (typeof data === "string") return unpackJson(data);
  return protocol === protocolV1 ? unpackV1(Buffer.from(data)) : unpackJsonWithBuffers(Buffer.from(data));
}

/** Opens a page; `session` is what it is known by when it comes back. */
export async function openKernelPage(
  { lab }: { lab: { port: number; token: string } },
  kernelId: string,
  protocols = [protocolV1],
  session: string = randomUUID(),
): Promise<KernelPage> {
  const query = new URLSearchParams({ token: lab.token, session_id: session });
  const address = `ws://127.0.0.1:${lab.port}/api/kernels/${kernelId}/channels?${query}`;
  const socket = new WebSocket(address, protocols);
  socket.binaryType = "arraybuffer";
  const seen: Message[] = [];
  const waiting = new Set<Waiting>();
  socket.addEventListener("message", ({ data }) => {
    const { channel, frames } = unpacked(data, socket.protocol);
    const message = decode(channel, frames);
    seen.push(message);
    for (const one of waiting) {
      if (!one.fits(message)) continue;
      waiting.delete(one);
      one.resolve(message);
    }
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error(`no WebSocket at ${address}`)));
  });

  function until(fits: (message: Message) => boolean): Promise<Message> {
    const found = seen.find(fits);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => waiting.add({ fits, resolve }));
  }

  function ask(type: string, content: object = {}): string {
    const header = newHeader(type, session);
    const parts = { header, parent_header: {}, metadata: {}, content: { ...content }, buffers: [] };
    if (socket.protocol === protocolV1) socket.send(packV1({ channel: "shell", frames: encode(parts) }));
    else socket.send(JSON.stringify({ ...parts, channel: "shell" }));
    return header.msg_id;
  }

  return {
    protocol: socket.protocol,
    seen,
    ask,
    until,
    async run(code) {
      const id = ask("execute_request", { code, silent: false, store_history: true, allow_stdin: false });
      const mine = (message: Message) => message.parent_header.msg_id === id;
      const reply = await until((message) => mine(message) && message.header.msg_type === "execute_reply");
      await until((message) => mine(message) && message.content.execution_state === "idle");
      const streams = seen.filter((message) => mine(message) && message.header.msg_type === "stream");
      return { status: reply.content.status, printed: streams.map(({ content }) => content.text).join("") };
    },
    close: (code) => socket.close(code),
  };
}
