import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
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

describe("the address by which people reach the server", () => {
  it.each(["127.0.0.1:9000", "localhost:9000", "LOCALHOST", "127.0.0.1", "[::1]:80"])(
    "may be %s, as behind an SSH tunnel",
    async (Host) => {
      expect((await raw("/api/contents", { ...withToken(), Host })).status).toBe(200);
      expect((await raw("/api/contents", { ...withToken(), Host, Origin: `http://${Host}` })).status).toBe(
        200,
      );
    },
  );

  it.each([
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:80",
    "127.0.0.1:9000@evil",
    "10.0.0.1",
  ])("may not be %s", async (Host) => {
    expect((await raw("/api/contents", { ...withToken(), Host })).status).toBe(403);
  });

  it.each(["/tree", "/tree/sub", "/edit/page.html", "/notebooks/sub/a.ipynb"])(
    "%s of the classic notebook leads to JupyterLab",
    async (address) => {
      const { status, headers } = await raw(address, withToken());
      expect(status).toBe(302);
      expect(headers.location).toBe(address.replace(/^\/\w+/, "/lab/tree"));
    },
  );
});

describe("a request that a browser calls foreign", () => {
  it.each(["cross-site", "same-site"])("(%s) is refused without an Origin, too", async (site) => {
    const headers = { ...withToken(), "Sec-Fetch-Site": site };
    expect((await raw("/api/contents", headers, "POST")).status).toBe(403);
    expect((await raw("/static/lab/x.js", { ...headers, "Sec-Fetch-Mode": "no-cors" })).status).toBe(403);
    expect((await raw("/logout", { ...headers, "Sec-Fetch-Mode": "navigate" })).status).toBe(403);
  });

  it("is served where a person followed a link to a page, and where it is ours", async () => {
    const link = { ...withToken(), "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" };
    expect((await raw("/lab", link)).status).toBe(200);
    for (const site of ["same-origin", "none"])
      expect((await raw("/api/contents", { ...withToken(), "Sec-Fetch-Site": site })).status).toBe(200);
  });
});

describe("a session", () => {
  const post = (token: string, next = "") =>
    fetch(`${lab.base}/login${next}`, {
      method: "POST",
      body: new URLSearchParams({ token }),
      redirect: "manual",
    });

  it("begins with the token in the form, and goes to the page that was asked for", async () => {
    expect(await (await fetch(`${lab.base}/lab/tree/page.html`)).text()).toContain(
      'action="/login?next=%2Flab%2Ftree%2Fpage.html"',
    );
    const answer = await post(lab.lab.token, "?next=/lab/tree/page.html");
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/lab/tree/page.html"]);
    expect((await post("wrong")).status).toBe(403);
    for (const next of ["//evil.example", "https://evil.example", "/\\evil.example"]) {
      const away = await post(lab.lab.token, `?next=${encodeURIComponent(next)}`);
      expect(away.headers.get("location")).toBe("/lab");
    }
  });

  it("outlives the server, so that an open page can save; its kernel is known to be gone", async () => {
    const { id } = await lab.json<{ id: string }>("POST", "/api/kernels", {}, 201);
    const cookie = (await post(lab.lab.token)).headers.get("set-cookie")!.split(";")[0]!;
    const again = await openLab(play);
    // The name holds the port, which in a test is another one.
    const Cookie = cookie.replace(`lab-${lab.lab.port}`, `lab-${again.lab.port}`);
    const saved = await fetch(`${again.base}/api/contents/saved.txt`, {
      method: "PUT",
      headers: { Cookie },
      body: JSON.stringify({ type: "file", content: "kept" }),
    });
    expect(saved.status).toBe(201);
    expect(await again.json("GET", `/api/kernels/${id}`)).toMatchObject({ id, execution_state: "dead" });
    expect((await again.call("GET", "/api/kernels/none")).status).toBe(404);
    await again.lab.close();
    expect(statSync(path.join(play.user, "session")).mode & 0o777).toBe(0o600);
    rmSync(path.join(play.root, "saved.txt"));
    await lab.call("DELETE", `/api/kernels/${id}`);
  });

  it("ends with /logout, on the server, too", async () => {
    const Cookie = (await post(lab.lab.token)).headers.get("set-cookie")!.split(";")[0]!;
    const isKnown = async () => (await raw("/api/contents", { Cookie })).status;
    expect(await isKnown()).toBe(200);
    expect((await raw("/logout", { Cookie })).status).toBe(200);
    expect(await isKnown()).toBe(403);
  });
});

describe("kernelspecs", () => {
  it("of the folder that is served are none: opening a notebook would run their command", async () => {
    const folder = path.join(play.root, "node_modules", ".jupyter", "kernels", "tslab");
    mkdirSync(folder, { recursive: true });
    const argv = [process.execPath, "-e", "require('fs').writeFileSync('PWNED', '')"];
    writeFileSync(
      path.join(folder, "kernel.json"),
      JSON.stringify({ argv, display_name: "x", language: "x" }),
    );
    const { kernelspecs } = await lab.json<{ kernelspecs: Record<string, { spec: { argv: string[] } }> }>(
      "GET",
      "/api/kernelspecs",
    );
    expect(kernelspecs.tslab!.spec.argv).not.toEqual(argv);
    expect((await raw("/kernelspecs/tslab/logo-%2f..%2fkernel.json", withToken())).status).toBe(404);
    expect((await raw("/kernelspecs/tslab/kernel.json", withToken())).status).toBe(404);
    rmSync(path.join(play.root, "node_modules"), { recursive: true });
  });
});

describe("an export", () => {
  it("holds no image from outside the root", async () => {
    const secret = Buffer.from("a picture outside");
    writeFileSync(path.join(play.root, "..", "outside.png"), secret);
    symlinkSync(path.join(play.root, "..", "outside.png"), path.join(play.root, "link.png"));
    const source = "![x](../outside.png) ![y](link.png)";
    const cells = [{ cell_type: "markdown", metadata: {}, source }];
    const notebook = { nbformat: 4, nbformat_minor: 4, metadata: {}, cells };
    writeFileSync(path.join(play.root, "images.ipynb"), JSON.stringify(notebook));
    const { status, text } = await raw("/nbconvert/html/images.ipynb", withToken());
    expect(status).toBe(200);
    expect(text).not.toContain(secret.toString("base64"));
    for (const name of ["link.png", "images.ipynb"]) rmSync(path.join(play.root, name));
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
