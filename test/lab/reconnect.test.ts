import { once } from "node:events";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { protocolV1 } from "../../lab/server/kernels/framing";
import { MessageBuffer } from "../../lab/server/kernels/message-buffer";
import { type KernelPage, openKernelPage } from "./kernel-page";
import { installOddKernels } from "./odd-kernel";
import { type Client, makePlayground, openLab } from "./playground";

const play = makePlayground();
let lab: Client;
let kernel: string;

const startKernel = async (name: string) =>
  (await lab.json<{ id: string }>("POST", "/api/kernels", { name }, 201)).id;
const open = (session: string, id = kernel) => openKernelPage(lab, id, [protocolV1], session);
const printed = ({ seen }: KernelPage, id: string) =>
  seen
    .filter(({ header, parent_header }) => header.msg_type === "stream" && parent_header.msg_id === id)
    .map(({ content }) => content.text)
    .join("");
const isReplyTo = (id: string) => (message: KernelPage["seen"][number]) =>
  message.header.msg_type === "execute_reply" && message.parent_header.msg_id === id;
const isIdleAfter = (id: string) => (message: KernelPage["seen"][number]) =>
  message.content.execution_state === "idle" && message.parent_header.msg_id === id;

beforeAll(async () => {
  const dataDir = path.join(play.user, "..", "jupyter");
  installOddKernels(dataDir, "flood");
  vi.stubEnv("JUPYTER_PATH", dataDir);
  lab = await openLab(play);
  kernel = await startKernel("tslab");
});

afterAll(async () => {
  await lab.lab.close();
  vi.unstubAllEnvs();
  play.remove();
});

/** Ten lines, of which the last ones come when the page says so by a file. */
const lines = (file: string) => `
const { existsSync } = require("node:fs");
for (let i = 0; i < 10; i++) {
  console.log("line" + i);
  if (i === 2) while (!existsSync(${JSON.stringify(file)})) await new Promise((resolve) => setTimeout(resolve, 10));
}`;

async function askAndLeave(session: string) {
  const file = `${session}.go`;
  const page = await open(session);
  const id = page.ask("execute_request", { code: lines(file), silent: false, store_history: true });
  await page.until(
    ({ content, parent_header }) => content.text?.includes("line2") && parent_header.msg_id === id,
  );
  page.close(3001);
  const watcher = await open("watcher");
  const go = () => lab.json("PUT", `/api/contents/${file}`, { type: "file", content: "" }, 201);
  return { page, id, go, watcher };
}

/** A page that reads nothing and answers nothing: TCP then makes the sender wait. */
function openSilently(id: string, session: string): Socket {
  const { port, token } = lab.lab;
  const socket = connect(port, "127.0.0.1").pause();
  const head = `Host: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: token ${token}`;
  const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  const address = `/api/kernels/${id}/channels?session_id=${session}`;
  socket.write(`GET ${address} HTTP/1.1\r\n${head}\r\n${key}\r\n\r\n`);
  return socket;
}

const connectionsOf = async (id: string) =>
  (await lab.json<{ connections: number }>("GET", `/api/kernels/${id}`)).connections;

describe("a page that comes back", () => {
  it("after its connection broke without a word gets what was sent into it", async () => {
    const other = await open("other");
    const broken = openSilently(kernel, "broken");
    await expect.poll(() => connectionsOf(kernel)).toBe(2);
    await other.run("console.log('under way')");
    broken.destroy();
    await expect.poll(() => connectionsOf(kernel)).toBe(1);
    const back = await open("broken");
    await back.until(({ content }) => content.text === "under way\n");
    back.close();
    other.close();
    await expect.poll(() => connectionsOf(kernel)).toBe(0);
  });

  it("after the end gets the lines, the reply and the state that it missed, each once", async () => {
    const { page, id, go, watcher } = await askAndLeave("one");
    await go();
    await watcher.until(isIdleAfter(id));
    const back = await open("one");
    await back.until(isReplyTo(id));
    await back.until(isIdleAfter(id));
    expect(printed(page, id) + printed(back, id)).toBe(
      Array.from({ length: 10 }, (_, i) => `line${i}\n`).join(""),
    );
    back.close();
    watcher.close();
  });

  it("in the middle of a cell gets the rest and the reply", async () => {
    const { page, id, go, watcher } = await askAndLeave("two");
    const back = await open("two");
    await go();
    await back.until(isReplyTo(id));
    await back.until(isIdleAfter(id));
    expect(printed(page, id) + printed(back, id)).toBe(
      Array.from({ length: 10 }, (_, i) => `line${i}\n`).join(""),
    );
    back.close();
    watcher.close();
  });

  it("with another session gets nothing of it", async () => {
    const { id, go, watcher } = await askAndLeave("three");
    await go();
    await watcher.until(isIdleAfter(id));
    const other = await open("four");
    await other.run("1");
    expect(other.seen.some((message) => message.parent_header.msg_id === id)).toBe(false);
    expect(watcher.seen.some(isReplyTo(id))).toBe(false);
    other.close();
    watcher.close();
  });

  it("takes the place of its own older socket, which may only seem to be open", async () => {
    const first = await open("five");
    const second = await open("five");
    expect((await second.run("console.log('once')")).printed).toBe("once\n");
    expect(first.seen.some(({ content }) => content.text === "once\n")).toBe(false);
    const [model] = await lab.json<{ connections: number }[]>("GET", "/api/kernels");
    expect(model!.connections).toBe(1);
    second.close();
  });
});

describe("a page that does not read", () => {
  it("costs 50 MB at most, and nobody else's time; it is told what it missed, and that the cell has ended", async () => {
    const id = await startKernel("flood");
    const reader = await open("reader", id);
    const lazy = openSilently(id, "lazy");
    await once(lazy, "connect");
    await expect.poll(() => connectionsOf(id)).toBe(2);
    const before = process.memoryUsage();
    await reader.run("100");
    reader.seen.length = 0;
    globalThis.gc?.();
    const after = process.memoryUsage();
    // Buffers are the messages; the reader of this test keeps none of its own.
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(60e6);
    const missing = new Set(["were left out", '"execution_state":"idle"']);
    let end = "";
    lazy.on("data", (part) => {
      const text = end + part.toString("latin1");
      for (const words of missing) if (text.includes(words)) missing.delete(words);
      end = text.slice(-100);
    });
    lazy.resume();
    await expect.poll(() => [...missing], { timeout: 20_000 }).toEqual([]);
    lazy.destroy();
    reader.close();
    await lab.call("DELETE", `/api/kernels/${id}`);
  });
});

describe("what waits for a page", () => {
  const frame = (text: string) => Buffer.from(text);
  const output = (size: number, parentId = "a") => ({
    channel: "iopub" as const,
    frames: [frame("{}"), frame(`{"msg_id":"${parentId}"}`), frame("{}"), Buffer.alloc(size)],
    isOutput: true,
    parentId,
    isAlone: false,
  });
  const reply = (parentId = "a") => ({
    ...output(100, parentId),
    channel: "shell" as const,
    isOutput: false,
  });

  it("comes in order, and is bounded: the oldest outputs give way to one note for each request", () => {
    const buffer = new MessageBuffer(10_000);
    for (let i = 0; i < 20; i++) buffer.push(output(1000, i < 10 ? "a" : "b"));
    buffer.push(reply());
    expect(buffer.bytes).toBeLessThanOrEqual(10_000);
    const packets = [];
    for (let packet = buffer.shift(); packet; packet = buffer.shift()) packets.push(packet);
    const notes = packets.filter(({ frames }) => String(frames[3]).includes("left out"));
    expect(notes.map(({ frames }) => JSON.parse(String(frames[1])).msg_id)).toEqual(["a", "b"]);
    expect(packets[0]).toBe(packets.find((packet) => packet === notes[0]));
    expect(packets.at(-1)!.channel).toBe("shell");
    expect(buffer.bytes).toBe(0);
  });

  it("keeps one message that is larger than all may be", () => {
    const buffer = new MessageBuffer(1000);
    buffer.push(output(1500));
    expect(buffer.shift()!.frames[3]!.byteLength).toBe(1500);
  });

  it.each([
    ["at once what only this page would have read", true, 0],
    ["nothing that another page may still read", false, 800],
  ])("gives back %s", (_, isAlone, left) => {
    const buffer = new MessageBuffer(1000);
    const first = { ...output(800), isAlone };
    buffer.push(first);
    buffer.push(output(800));
    expect(first.frames[3]!.byteLength).toBe(left);
    expect(String(buffer.shift()!.frames[1])).toBe('{"msg_id":"a"}');
  });
});
