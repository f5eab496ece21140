/** What no page of JupyterLab sends, each in a form of its own; none may end the server, hold it up, or change a file. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { deflateRawSync } from "node:zlib";
import { NotebookError } from "notebook-tools";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isoTime } from "../../lab/server/contents/model";
import { isName } from "../../lab/server/contents/paths";
import { knownError } from "../../lab/server/http/errors";
import { type Client, makePlayground, openLab } from "./playground";

const play = makePlayground();
const at = (name: string) => path.join(play.root, name);
let lab: Client;

beforeAll(async () => {
  mkdirSync(at("sub"));
  writeFileSync(at("a.txt"), "A");
  lab = await openLab(play, { usesTrash: false });
});

afterAll(async () => {
  expect(await lab.json("GET", "/api/status")).toMatchObject({ errors: 0 });
  await lab.lab.close();
  play.remove();
});

const patience = 10_000;
const head = () => `Host: 127.0.0.1:${lab.lab.port}\r\nAuthorization: token ${lab.lab.token}\r\n`;
const save = (name: string, text: string, headers: string) =>
  `PUT /api/contents/${name} HTTP/1.1\r\n${head()}${headers}\r\n\r\n${text}`;

/** Sends bytes as they are; resolves with all that came back once `enough` has, or the connection has ended. */
async function raw(
  parts: (string | Buffer)[],
  enough: RegExp | ((text: string) => boolean),
  isHalfClosed = false,
): Promise<string> {
  const socket = connect(lab.lab.port, "127.0.0.1");
  let text = "";
  socket.on("data", (part) => {
    text += part.toString("latin1");
    if (typeof enough === "function" ? enough(text) : enough.test(text)) socket.destroy();
  });
  socket.on("error", () => {});
  socket.setTimeout(patience, () => socket.destroy());
  for (const part of parts) socket.write(part);
  if (isHalfClosed) socket.end();
  await new Promise((resolve) => socket.once("close", resolve));
  return text;
}

const body = '{"type":"file","content":"x"}';
const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n`;
const inChunks = "Transfer-Encoding: chunked";

describe("a request", () => {
  it.each([
    ["that is cut short by its own length", "b1.txt", body, "Content-Length: 10", 400],
    ["that ends before its length", "b2.txt", body, "Content-Length: 100", 400],
    [
      "with trailers that speak of another token",
      "b3.txt",
      `${chunks}Authorization: x\r\n\r\n`,
      inChunks,
      201,
    ],
    ["with a chunk of no size", "b4.txt", `ZZ\r\n${body}\r\n0\r\n\r\n`, inChunks, 400],
    ["with two lengths", "b5.txt", `${chunks}\r\n`, `${inChunks}\r\nContent-Length: 3`, 400],
    [
      "that waits to be asked to go on",
      "b6.txt",
      body,
      `Expect: 100-continue\r\nContent-Length: ${body.length}`,
      201,
    ],
    [
      "that expects something else",
      "b7.txt",
      body,
      `Expect: nonsense\r\nContent-Length: ${body.length}`,
      417,
    ],
    ["with a header of 20 kB", "b8.txt", "", `X: ${"x".repeat(20_000)}`, 431],
    [
      "with 2,500 headers",
      "b9.txt",
      "",
      Array.from({ length: 2500 }, (_, i) => `a${i}: b`).join("\r\n"),
      431,
    ],
  ])("%s", async (_, name, text, headers, status) => {
    const isHalf = name === "b2.txt";
    const answer = await raw([save(name, text, headers)], /HTTP\/1.1 [2-5]/, isHalf);
    expect(answer).toContain(`HTTP/1.1 ${status}`);
    expect(existsSync(at(name))).toBe(status === 201);
  });

  it("is one of twenty that come at once: the last one's content stays", async () => {
    const requests = Array.from({ length: 20 }, (_, index) => {
      const text = JSON.stringify({ type: "file", content: `version ${index}` });
      return save("many.txt", text, `Content-Length: ${text.length}`);
    });
    const answers = (text: string) => text.split("HTTP/1.1 20").length - 1;
    const isAll = (text: string) => answers(text) === 20 && text.endsWith("}");
    expect(answers(await raw([requests.join("")], isAll))).toBe(20);
    expect(readFileSync(at("many.txt"), "utf8")).toBe("version 19");
  });
});

describe("a path", () => {
  const put = (name: string) => lab.call("PUT", `/api/contents/${name}`, { type: "file", content: "x" });

  it("of 5,000 folders is refused at once", async () => {
    const started = performance.now();
    expect((await put(Array(5000).fill("a").join("/"))).status).toBe(400);
    // It took 11 s, in which nobody was answered.
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("of 1,500 folders that are not there holds nobody up", async () => {
    const [long, other] = await Promise.all([
      put(Array(1500).fill("a").join("/")),
      lab.call("GET", "/api/me"),
    ]);
    expect([long.status, other.status]).toEqual([404, 200]);
  });

  it.each(["a\\u0000b", "../a.txt", ".hidden", "sub/../../a.txt", "\\ud800.txt", "sub/\\udc00"])(
    "that a file cannot be renamed to: %s",
    async (name) => {
      const headers = { Authorization: `token ${lab.lab.token}` };
      const request = { method: "PATCH", headers, body: `{"path":"${name}"}` };
      const { status } = await fetch(`${lab.base}/api/contents/a.txt`, request);
      expect(status).toBe(404);
      expect(readFileSync(at("a.txt"), "utf8")).toBe("A");
    },
  );

  it("has a name that the system can have", () => {
    const everywhere = [
      "a",
      "a b",
      "ü",
      "🎉",
      "-rf",
      "~",
      "com",
      "com10",
      "console.txt",
      "nullable",
      "x".repeat(255),
    ];
    const notOnWindows = [
      ...["CON", "nul.txt", "Aux.ipynb", "LPT1", "com9.a.b", "con .txt", "COM¹", "CONIN$"],
      ...["trailing.", "trailing ", "a:b", "a\\b", "a?", "*", "<x>", "a|b", 'a"b'],
    ];
    for (const platform of ["linux", "darwin", "win32"]) {
      expect(everywhere.filter((name) => !isName(name, platform))).toEqual([]);
      expect(["a\0", "\ud800", "a\udc00b"].filter((name) => isName(name, platform))).toEqual([]);
    }
    expect(notOnWindows.filter((name) => isName(name, "win32"))).toEqual([]);
    expect(notOnWindows.filter((name) => !isName(name, "linux"))).toEqual([]);
  });
});

describe("a new file", () => {
  it.each(["/../x", ".\\ud800", ".\\u0000", ".a\\\\b"])("that would end in %s is not made", async (ext) => {
    const before = readdirSync(play.root);
    const headers = { Authorization: `token ${lab.lab.token}` };
    const request = { method: "POST", headers, body: `{"ext":"${ext}"}` };
    expect((await fetch(`${lab.base}/api/contents/`, request)).status).toBe(400);
    expect(readdirSync(play.root)).toEqual(before);
  });
});

describe("a kernel", () => {
  it("is not started in a file", async () => {
    const asked = { path: "a.txt/b.ipynb", type: "notebook", kernel: { name: "tslab" } };
    expect((await lab.call("POST", "/api/sessions", asked)).status).toBe(404);
    expect((await lab.call("POST", "/api/kernels", asked)).status).toBe(404);
  });
});

it("a time beyond all calendars does not hide its file", () => {
  expect(isoTime(new Date(9e18))).toBe("1970-01-01T00:00:00.000Z");
});

it("a full disk is said with its status where the server's own files are written, too", () => {
  const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
  const error = new NotebookError("could not be written", { file: "/home/me/x" }, { cause: full });
  expect(knownError(error, "x")).toMatchObject({
    status: 507,
    message: expect.not.stringContaining("/home"),
  });
});

describe("a body", () => {
  const notebook = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };

  it.each<[string, string | Buffer]>([
    ["with half a letter", '{"type":"file","format":"text","content":"a\\ud800"}'],
    ["of a type that there is not", '{"type":"nonsense","content":"x"}'],
    ["of no type", '{"content":"x"}'],
    ["that is not UTF-8", Buffer.from('{"type":"file","content":"\xff\xfe"}', "latin1")],
    ["in UTF-16", Buffer.from(body, "utf16le")],
    ["with a byte order mark", `\ufeff${body}`],
    ["with a part that is no number", '{"type":"file","content":"x","chunk":"1"}'],
    ["with a part between two", '{"type":"file","content":"x","chunk":1.5}'],
    ["with a part before the first", '{"type":"file","content":"x","chunk":-2}'],
    ["with a part of a notebook", JSON.stringify({ type: "notebook", content: notebook, chunk: 1 })],
    [
      "with a notebook that is a text",
      JSON.stringify({ type: "notebook", content: JSON.stringify(notebook) }),
    ],
    ["with a second content that is none", '{"type":"notebook","content":{"cells":[]},"content":5}'],
    ["that goes on after its end", `{"type":"notebook","content":${JSON.stringify(notebook)}}}`],
  ])("%s is refused, and nothing is written", async (_, text) => {
    const before = readdirSync(play.root);
    const headers = { Authorization: `token ${lab.lab.token}` };
    const answer = await fetch(`${lab.base}/api/contents/odd.ipynb`, { method: "PUT", headers, body: text });
    expect(answer.status).toBe(400);
    expect(readdirSync(play.root)).toEqual(before);
  });

  it("keeps a member called __proto__, which is a name like any other", async () => {
    const text = `{"type":"notebook","content":{"cells":[],"metadata":{"__proto__":{"a":1}},"nbformat":4,"nbformat_minor":5}}`;
    await raw([save("proto.ipynb", text, `Content-Length: ${text.length}`)], /\}$/);
    expect(readFileSync(at("proto.ipynb"), "utf8")).toContain('"__proto__": {\n   "a": 1\n  }');
    expect({}).not.toHaveProperty("a");
  });

  it("that was announced and does not come costs no memory", async () => {
    const before = process.memoryUsage.rss();
    const sockets = Array.from({ length: 20 }, () =>
      connect(lab.lab.port, "127.0.0.1").on("error", () => {}),
    );
    for (const socket of sockets) socket.write(save("big.txt", "{", `Content-Length: ${256 * 2 ** 20}`));
    expect((await lab.call("GET", "/api/me")).status).toBe(200);
    expect(process.memoryUsage.rss() - before).toBeLessThan(500e6);
    for (const socket of sockets) socket.destroy();
  });
});

/** A frame of a client, with a mask of zeros. */
function frame(code: number, text: string | Buffer, bits = 0x80): Buffer {
  const bytes = Buffer.from(text as string);
  const size =
    bytes.length < 126 ? [0x80 | bytes.length] : [0x80 | 126, bytes.length >> 8, bytes.length & 255];
  return Buffer.concat([Buffer.from([bits | code, ...size, 0, 0, 0, 0]), bytes]);
}

describe("a WebSocket", () => {
  const upgrade = (more = "") =>
    `GET /api/events/subscribe HTTP/1.1\r\n${head()}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`;
  const zipped = deflateRawSync(Buffer.alloc(40_000_000)).subarray(0, -4);

  it.each<[string, Buffer, number]>([
    ["a length of 2^63", Buffer.from([0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255]), 1009],
    ["a length of 300 MB", Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x12, 0, 0, 0, 0, 0, 0, 0, 1]), 1009],
    ["a part of nothing", frame(0, "x"), 1002],
    ["a ping that is too long", frame(9, "x".repeat(126)), 1002],
    ["a code that nobody may send", frame(8, Buffer.from([3, 231])), 1002],
    ["text that is not UTF-8", frame(1, Buffer.from([0xff])), 1007],
    ["what is compressed, which was not agreed", frame(2, zipped, 0xc0), 1002],
    ["a code that there is not", frame(3, "x"), 1002],
  ])("that brings %s is closed", async (_, bytes, code) => {
    const answer = await raw(
      [upgrade("Sec-WebSocket-Extensions: permessage-deflate\r\n"), bytes],
      /\r\n\r\n\x88../s,
    );
    expect(answer).toContain(" 101 ");
    expect(answer).not.toMatch(/extensions/i);
    expect(Buffer.from(answer.slice(-2), "latin1").readUInt16BE()).toBe(code);
  });
});
