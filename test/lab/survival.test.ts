import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Auth } from "../../lab/server/http/auth";
import { Faults } from "../../lab/server/http/faults";
import { createFrontDoor } from "../../lab/server/http/front-door";
import { listen } from "../../lab/server/http/port";
import { Router } from "../../lab/server/http/router";
import { openKernelPage } from "./kernel-page";
import { installOddKernels, numbers } from "./odd-kernel";
import { type Client, makePlayground, openLab } from "./playground";

interface KernelModel {
  id: string;
  execution_state: string;
}

const play = makePlayground();
let lab: Client;

const start = (name: string) => lab.json<KernelModel>("POST", "/api/kernels", { name }, 201);
const stateOf = async ({ id }: KernelModel) =>
  (await lab.json<KernelModel>("GET", `/api/kernels/${id}`)).execution_state;
const errors = async () => (await lab.json<{ errors: number }>("GET", "/api/status")).errors;

beforeAll(async () => {
  const dataDir = path.join(play.user, "..", "jupyter");
  installOddKernels(dataDir, "malformed", "flood", "dies", "frozen", "slow-start");
  vi.stubEnv("JUPYTER_PATH", dataDir);
  lab = await openLab(play);
});

afterAll(async () => {
  await lab.lab.close();
  vi.unstubAllEnvs();
  play.remove();
});

const closed = (socket: Socket) => new Promise((resolve) => socket.once("close", resolve));

/** Sends bytes as they are, and resolves with what came back once the connection has ended, or was quiet so long, in ms. */
async function raw(bytes: Buffer | string, quietMs = 50): Promise<string> {
  const socket = connect(lab.lab.port, "127.0.0.1");
  let text = "";
  socket.on("data", (part) => {
    text += part.toString("latin1");
    socket.end();
  });
  socket.on("error", () => {});
  socket.write(bytes);
  socket.setTimeout(quietMs, () => socket.destroy());
  await closed(socket);
  return text;
}

/** Does `count` things, so many at once. */
async function together(
  count: number,
  width: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const upgradeTo = (address: string, more = "") =>
  `GET ${address} HTTP/1.1\r\nHost: 127.0.0.1:${lab.lab.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}${more}\r\n`;

describe("no input ends the server:", () => {
  // Each was seen to end it, or to answer 500.
  it.each([
    ["GET // HTTP/1.1\r\nHost: x\r\n\r\n", 403],
    ["GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    ["OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    ["GET //[ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 403],
    ["GET x:y HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 400],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ])("%j", async (request, status) => {
    expect(await raw(request, 10_000)).toContain(`HTTP/1.1 ${status}`);
  });

  it("an offer to upgrade to something else is passed over", async () => {
    const token = `Authorization: token ${lab.lab.token}\r\n`;
    const request = `GET /api/status HTTP/1.1\r\nHost: 127.0.0.1:${lab.lab.port}\r\n${token}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`;
    expect(await raw(request, 10_000)).toContain("HTTP/1.1 200");
  });

  it("7,000 malformed requests", async () => {
    const next = numbers(1);
    const one = (list: string[]) => list[next(list.length)]!;
    const methods = [
      "GET",
      "PUT",
      "POST",
      "PATCH",
      "DELETE",
      "HEAD",
      "OPTIONS",
      "TRACE",
      "get",
      "\u0001",
      "",
    ];
    const starts = [
      "/",
      "//",
      "/api/",
      "/api/contents/",
      "/files/",
      "/lab/",
      "/nbconvert/html/",
      "http://",
      "*",
      "\\",
      "/login",
      "/api/kernels/x/",
      "/lab/api/settings/",
    ];
    const ends = [
      "",
      "%",
      "%2e%2e/",
      "%00",
      "[",
      "]:",
      "a b",
      "é",
      "?token=",
      "?%",
      "#",
      "..",
      "\u0000",
      "x".repeat(300),
      "checkpoints/x",
      "%ed%a0%80",
    ];
    const hosts = [`127.0.0.1:${lab.lab.port}`, "localhost", "evil.example", "[::1", ""];
    const heads = [
      "",
      `Authorization: token ${lab.lab.token}`,
      "Authorization: token",
      "Cookie: ;;=;",
      "Content-Length: 5",
      "Transfer-Encoding: chunked",
      "Origin: null",
      "Origin: \u00ff",
      "Connection: Upgrade\r\nUpgrade: websocket",
      "Upgrade: h2c\r\nConnection: Upgrade",
      "Content-Length: -1",
      "X:",
    ];
    const bodies = [
      "",
      "{",
      "[]",
      "null",
      '{"type":"notebook"}',
      '{"path":5}',
      "5\r\n{\r\n0\r\n",
      "\u0000\u00ff",
      "[".repeat(5000),
    ];
    await together(7000, 100, async () => {
      const address = one(starts) + one(ends) + (next(3) === 0 ? one(ends) : "");
      const head = [`Host: ${one(hosts)}`, one(heads), one(heads)].filter(Boolean).join("\r\n");
      await raw(`${one(methods)} ${address} HTTP/1.1\r\n${head}\r\nConnection: close\r\n\r\n${one(bodies)}`);
    });
    expect(await errors()).toBe(0);
  });

  it("1,000 malformed frames", async () => {
    const kernel = await start("malformed");
    const addresses = ["/api/events/subscribe", `/api/kernels/${kernel.id}/channels?session_id=fuzz`];
    const next = numbers(2);
    const opened = async (): Promise<Socket> => {
      const socket = connect(lab.lab.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(upgradeTo(addresses[next(2)]!, `Authorization: token ${lab.lab.token}\r\n`));
      await once(socket, "data");
      return socket;
    };
    await together(200, 20, async () => {
      const socket = await opened();
      for (let frame = 0; frame < 5; frame++) {
        const bytes = Buffer.from(Array.from({ length: 2 + next(40) }, () => next(256)));
        // Half of them look like a masked frame of text or bytes.
        if (next(2) === 0) bytes.set([0x81 + next(2), 0x80 | (bytes.length - 2)]);
        socket.write(bytes);
      }
      socket.setTimeout(20, () => socket.destroy());
      await closed(socket);
    });
    expect(await errors()).toBe(0);
    await lab.call("DELETE", `/api/kernels/${kernel.id}`);
  });

  it("2,000 messages of a kernel that nobody can read; it is answered all the same", async () => {
    const kernel = await start("malformed");
    const pages = [await openKernelPage(lab, kernel.id), await openKernelPage(lab, kernel.id, [])];
    expect((await pages[0]!.run("")).status).toBe("ok");
    expect((await pages[1]!.run("")).status).toBe("ok");
    expect(await errors()).toBe(0);
    for (const page of pages) page.close();
    await lab.call("DELETE", `/api/kernels/${kernel.id}`);
  });

  it.each([
    ["a notebook without content", "PUT", "n.ipynb", '{"type":"notebook"}'],
    [
      "JSON 100,000 deep",
      "PUT",
      "n.ipynb",
      `{"type":"notebook","content":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    ],
    [
      "a notebook 100,000 deep",
      "PUT",
      "n.ipynb",
      `{"type":"notebook","content":{"nbformat":4,"nbformat_minor":5,"metadata":{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}},"cells":[]}}`,
    ],
    ["base64 that is none", "PUT", "x.bin", '{"type":"file","format":"base64","content":"%%%"}'],
    ["a name of 300 characters", "PUT", `${"x".repeat(300)}.txt`, '{"type":"file","content":"x"}'],
    ["a file that is not text", "PUT", "x.txt", '{"type":"file","content":{"a":1}}'],
    ["a part of an upload before the first", "PUT", "x.bin", '{"type":"file","content":"x","chunk":3}'],
    ["a rename to nothing", "PATCH", "", '{"path":""}'],
  ])("%s is refused with 4xx and no path of this machine", async (_, method, name, body) => {
    const headers = { Authorization: `token ${lab.lab.token}` };
    const answer = await fetch(`${lab.base}/api/contents/${name}`, { method, headers, body });
    expect(Math.floor(answer.status / 100)).toBe(4);
    expect(await answer.text()).not.toContain(play.root);
    expect(await errors()).toBe(0);
  });
});

it("a request that comes while the server starts is answered once it has", async () => {
  const door = createFrontDoor();
  const port = await listen(door.server, 0, false);
  const auth = new Auth(port, path.join(play.user, "..", "early", "session"));
  const headers = { Authorization: `token ${auth.token}` };
  const early = fetch(`http://127.0.0.1:${port}/api/early`, { headers });
  await once(door.server, "request");
  const router = new Router([["GET", "/api/early", "", () => ({ json: "answered" })]]);
  door.open({ auth, router, upgrade: () => {}, faults: new Faults({}) });
  expect(await (await early).json()).toBe("answered");
  door.server.closeAllConnections();
  door.server.close();
});

describe("a kernel", () => {
  it("that dies again and again is started five times more and then given up", async () => {
    const kernel = await start("dies");
    await expect.poll(() => stateOf(kernel), { timeout: 20_000 }).toBe("dead");
    expect(readFileSync(path.join(play.root, "starts"), "utf8")).toBe("x".repeat(6));
    expect((await lab.call("POST", `/api/kernels/${kernel.id}/restart`)).status).toBe(200);
    await lab.call("DELETE", `/api/kernels/${kernel.id}`);
  });

  it("that cannot be restarted is dead, not restarting", async () => {
    const kernel = await start("dies");
    installOddKernels(path.join(play.user, "..", "jupyter"), "dies");
    await expect.poll(() => stateOf(kernel), { timeout: 20_000 }).toBe("dead");
    await lab.call("DELETE", `/api/kernels/${kernel.id}`);
    // Its working folder is gone, so that nothing can start there.
    await lab.json("PUT", "/api/contents/gone", { type: "directory" }, 201);
    const other = await lab.json<KernelModel>(
      "POST",
      "/api/kernels",
      { name: "frozen", path: "gone/a.ipynb" },
      201,
    );
    await lab.call("DELETE", "/api/contents/gone");
    const answer = await lab.call("POST", `/api/kernels/${other.id}/restart`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain(play.root);
    expect(await stateOf(other)).toBe("dead");
    await lab.call("DELETE", `/api/kernels/${other.id}`);
  });

  it("that does not answer an interrupt is not waited for", async () => {
    const kernel = await start("frozen");
    expect((await lab.call("POST", `/api/kernels/${kernel.id}/interrupt`)).status).toBe(204);
    await lab.call("DELETE", `/api/kernels/${kernel.id}`);
  });

  it("that is idle without a page is culled where that is asked for, one with a page is not", async () => {
    const culling = await openLab(
      { ...play, user: path.join(play.user, "..", "culling") },
      { cullIdleSeconds: 0.2 },
    );
    const [used, unused] = [0, 1].map(() =>
      culling.json<KernelModel>("POST", "/api/kernels", { name: "frozen" }, 201),
    );
    const { id } = await used!;
    const socket = new WebSocket(
      `${culling.base.replace("http", "ws")}/api/kernels/${id}/channels?token=${culling.lab.token}`,
    );
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    const { id: other } = await unused!;
    await expect
      .poll(async () => (await culling.call("GET", `/api/kernels/${other}`)).status, { timeout: 20_000 })
      .toBe(404);
    expect((await culling.call("GET", `/api/kernels/${id}`)).status).toBe(200);
    socket.close();
    await culling.lab.close();
  });

  it("stays with its session where a change names no other", async () => {
    interface Session {
      id: string;
      kernel: KernelModel;
    }
    const body = { path: "a.ipynb", name: "", type: "notebook", kernel: { name: "frozen" } };
    const { id, kernel } = await lab.json<Session>("POST", "/api/sessions", body, 201);
    for (const change of [{ kernel: {} }, { kernel: { id: null, name: null } }, { kernel: "x" }])
      expect((await lab.json<Session>("PATCH", `/api/sessions/${id}`, change)).kernel.id).toBe(kernel.id);
    await lab.call("DELETE", `/api/sessions/${id}`);
  });

  it("that is still starting can be shut down at once", async () => {
    const kernel = await start("slow-start");
    expect((await lab.call("DELETE", `/api/kernels/${kernel.id}`)).status).toBe(204);
  });
});
