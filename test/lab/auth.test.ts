import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, makePlayground, openLab, project } from "./playground";

const play = makePlayground();
let lab: Client;

beforeAll(async () => {
  writeFileSync(path.join(play.root, "page.html"), "<script>document.title = 'ran'</script>");
  mkdirSync(path.join(play.root, "sub"));
  mkdirSync(path.join(play.root, ".git"));
  writeFileSync(path.join(play.root, ".git", "config"), "secret");
  symlinkSync(project, path.join(play.root, "way-out"), "junction");
  lab = await openLab(play);
});

afterAll(async () => {
  await lab.lab.close();
  play.remove();
});

/** A request whose path and headers go out exactly as given: `fetch` would tidy them. */
function raw(address: string, headers: Record<string, string> = {}, method = "GET") {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const asked = request(
        { host: "127.0.0.1", port: lab.lab.port, path: address, method, headers },
        (answer) => {
          let text = "";
          answer.on("data", (part) => (text += part));
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        },
      );
      asked.on("error", reject);
      asked.end();
    },
  );
}

const withToken = () => ({ Authorization: `token ${lab.lab.token}` });

/** The status with which the server answers a request to upgrade; 101 is a yes. */
function upgrade(address: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const wanted = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    const options = {
      host: "127.0.0.1",
      port: lab.lab.port,
      path: address,
      headers: { ...wanted, ...headers },
    };
    const asked = request(options, (answer) => resolve(answer.statusCode ?? 0));
    asked.on("upgrade", (answer, socket) => {
      socket.destroy();
      resolve(answer.statusCode ?? 0);
    });
    asked.on("error", reject);
    asked.end();
  });
}

describe("the token", () => {
  it.each(["/api/contents", "/lab/api/settings", "/static/lab/x.js", "/files/page.html"])(
    "is required for %s",
    async (address) => {
      const { status, text } = await raw(address);
      expect(status).toBe(403);
      expect(JSON.parse(text).message).toContain("token");
    },
  );

  it("is explained to a person who opens the page without it", async () => {
    const { status, text } = await raw("/lab/tree/page.html");
    expect(status).toBe(403);
    expect(text).toContain("npm start");
    expect(text).not.toContain("jupyter-config-data");
  });

  it("is refused when it is wrong, whatever its length", async () => {
    for (const token of ["", "x", "0".repeat(48)])
      expect((await raw("/api/contents", { Authorization: `token ${token}` })).status).toBe(403);
  });

  it("leaves the address and becomes a cookie at the first visit", async () => {
    const first = await raw(`/lab/tree/page.html?token=${lab.lab.token}`);
    expect(first.status).toBe(302);
    expect(first.headers.location).toBe("/lab/tree/page.html");
    const cookie = String(first.headers["set-cookie"]);
    expect(cookie).toContain("HttpOnly");
    expect(cookie).not.toContain(lab.lab.token);
    const second = await raw("/lab/tree/page.html", { Cookie: cookie.split(";")[0] ?? "" });
    expect(second.status).toBe(200);
    expect(second.text).toContain('"treePath":"page.html"');
    expect(second.text).not.toContain(lab.lab.token);
  });
});

describe("a stranger's page", () => {
  it("that reaches this machine by another name (DNS rebinding) is refused", async () => {
    const { status, text } = await raw("/api/contents", {
      ...withToken(),
      Host: `evil.example:${lab.lab.port}`,
    });
    expect(status).toBe(403);
    expect(JSON.parse(text).message).toContain("Host");
  });

  it.each(["http://evil.example", "http://127.0.0.1:1", "null"])(
    "from the origin %s is refused",
    async (Origin) => {
      expect((await raw("/api/contents", { ...withToken(), Origin })).status).toBe(403);
      expect(await upgrade("/api/events/subscribe", { ...withToken(), Origin })).toBe(403);
    },
  );

  it("of our own origin is served", async () => {
    const Origin = `http://127.0.0.1:${lab.lab.port}`;
    expect((await raw("/api/contents", { ...withToken(), Origin })).status).toBe(200);
    expect(await upgrade("/api/events/subscribe", { ...withToken(), Origin })).toBe(101);
  });

  it("opens no WebSocket without the token", async () => {
    expect(await upgrade("/api/events/subscribe", {})).toBe(403);
    expect(await upgrade("/api/kernels/none/channels", withToken())).toBe(404);
  });

  it("cannot read answers as a script or a frame of its own", async () => {
    const { headers } = await raw("/api/contents", withToken());
    expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'self'");
  });
});

describe("files outside the root", () => {
  it.each([
    "/files/../../../package.json",
    "/files/..%2f..%2f..%2fpackage.json",
    "/files/..%5c..%5cpackage.json",
    "/files/%2e%2e/%2e%2e/package.json",
    "/files/way-out/package.json",
    "/files/.git/config",
    "/api/contents/..%2f..%2fpackage.json",
    "/api/contents/way-out/package.json",
    "/api/contents/.git/config",
    "/static/lab/..%2f..%2fpackage.json",
    "/static/lab/..%2fmanifest.json",
    "/lab/api/themes/..%2fmanifest.json",
    "/files/page.html%00.txt",
  ])("are not served: %s", async (address) => {
    const { status, text } = await raw(address, withToken());
    expect(status).toBe(404);
    expect(text).not.toMatch(/"dependencies"|secret|scripts/);
  });

  it.each(["PUT", "POST", "PATCH", "DELETE"])("are not written: %s", async (method) => {
    for (const address of ["/api/contents/..%2fnew.txt", "/api/contents/way-out/new.txt"]) {
      const body = { type: "file", format: "text", content: "x", path: "page2.html" };
      expect((await lab.call(method, address, body)).status).toBe(404);
    }
    const moved = await lab.call("PATCH", "/api/contents/page.html", { path: "../page.html" });
    expect(moved.status).toBe(404);
  });

  it("are left out of the folder's listing, as hidden ones are", async () => {
    const { content } = await lab.json<{ content: { name: string }[] }>("GET", "/api/contents?content=1");
    expect(content.map(({ name }) => name)).toEqual(["page.html", "sub"]);
  });

  it("inside it, a page runs without our origin", async () => {
    const { headers, status } = await raw("/files/page.html", withToken());
    expect(status).toBe(200);
    expect(headers["content-security-policy"]).toMatch(/^sandbox allow-scripts/);
  });
});

describe("a bad request", () => {
  it.each([
    ["GET", "/api/nothing", undefined, 404, "nothing at"],
    ["GET", "/files/no-such.png", undefined, 404, "not there"],
    ["GET", "/files/sub", undefined, 404, "no file"],
    ["PUT", "/api/kernelspecs", {}, 405, "not allowed"],
    ["GET", "/api/contents/%E0%A4%A", undefined, 400, "% sequence"],
    ["POST", "/api/sessions", {}, 400, "path"],
    ["GET", "/api/sessions/none", undefined, 404, "session"],
    ["DELETE", "/api/kernels/none", undefined, 404, "kernel"],
    ["POST", "/api/kernels", { name: "no-such" }, 400, "no-such"],
    ["PUT", "/lab/api/settings/no:such", { raw: "{}" }, 404, "no:such"],
  ])("%s %s answers in one sentence", async (method, address, body, status, words) => {
    const answer = await lab.call(method, address, body);
    expect(answer.status).toBe(status);
    const { message, reason } = (await answer.json()) as { message: string; reason: unknown };
    expect(message).toContain(words);
    expect(reason).toBeNull();
  });

  it("with a body that is not JSON is refused", async () => {
    const headers = withToken();
    const answer = await fetch(`${lab.base}/api/sessions`, { method: "POST", headers, body: "{" });
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { message: string }).message).toContain("JSON");
  });
});
