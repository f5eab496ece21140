import { once } from "node:events";
import { mkdirSync, watch } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KernelPage, openKernelPage } from "./kernel-page";
import { type Client, makePlayground, openLab } from "./playground";

interface KernelModel {
  id: string;
  name: string;
  execution_state: string;
  connections: number;
}
interface Session {
  id: string;
  path: string;
  kernel: KernelModel;
}

const play = makePlayground();
let lab: Client;
let session: Session;
let page: KernelPage;

const open = (document: string) =>
  lab.json<Session>(
    "POST",
    "/api/sessions",
    { path: document, type: "notebook", kernel: { name: "tslab" } },
    201,
  );
const kernels = () => lab.json<KernelModel[]>("GET", "/api/kernels");

beforeAll(async () => {
  mkdirSync(path.join(play.root, "sub"));
  lab = await openLab(play);
  session = await open("sub/a.ipynb");
  page = await openKernelPage(lab, session.kernel.id);
});

afterAll(async () => {
  page?.close();
  await lab.lab.close();
  play.remove();
});

describe("the kernels that there are", () => {
  it("include the project's own, which is the default, with its logos", async () => {
    const specs = await lab.json<{
      default: string;
      kernelspecs: Record<string, { spec: { language: string }; resources: Record<string, string> }>;
    }>("GET", "/api/kernelspecs");
    expect(specs.default).toBe("tslab");
    const tslab = specs.kernelspecs.tslab;
    expect(tslab?.spec).toMatchObject({ language: "typescript" });
    const logo = await lab.call("GET", tslab?.resources["logo-64x64"] ?? "");
    expect(logo.headers.get("content-type")).toBe("image/png");
  });
});

describe("a notebook's session", () => {
  it("runs cells in the notebook's folder", async () => {
    expect(page.protocol).toBe("v1.kernel.websocket.jupyter.org");
    const { status, printed } = await page.run("console.log(process.cwd())");
    expect(status).toBe("ok");
    expect(printed.trim()).toBe(path.join(play.root, "sub"));
  });

  it("is shared by whoever opens the same path", async () => {
    const again = await open("sub/a.ipynb");
    expect(again.id).toBe(session.id);
    const [one, other] = await Promise.all([open("sub/b.ipynb"), open("sub/b.ipynb")]);
    expect(one.id).toBe(other.id);
    expect((await lab.call("DELETE", `/api/sessions/${one.id}`)).status).toBe(204);
    expect((await kernels()).map(({ id }) => id)).toEqual([session.kernel.id]);
  });

  it("follows the notebook when it is renamed", async () => {
    const renamed = await lab.json<Session>("PATCH", `/api/sessions/${session.id}`, { path: "sub/c.ipynb" });
    expect(renamed.path).toBe("sub/c.ipynb");
    expect(renamed.kernel.id).toBe(session.kernel.id);
  });

  it("is refused in a folder that is not there", async () => {
    const answer = await lab.call("POST", "/api/sessions", {
      path: "none/a.ipynb",
      kernel: { name: "tslab" },
    });
    expect(answer.status).toBe(404);
  });
});

describe("two pages on one kernel", () => {
  it("both see what is printed; only the one that asked gets the reply", async () => {
    const other = await openKernelPage(lab, session.kernel.id);
    await page.run("console.log('to all')");
    await other.until(({ content }) => content.text === "to all\n");
    expect(other.seen.map(({ header }) => header.msg_type)).not.toContain("execute_reply");
    other.close();
  });

  it("may speak the older JSON protocol", async () => {
    const old = await openKernelPage(lab, session.kernel.id, []);
    expect(old.protocol).toBe("");
    expect((await old.run("console.log('old')")).printed).toBe("old\n");
    old.close();
  });
});

describe("a kernel", () => {
  it("is interrupted in an endless loop and goes on", async () => {
    // A print would wait in the kernel for the loop to yield; a file is there at once.
    const watcher = watch(path.join(play.root, "sub"));
    const started = once(watcher, "change");
    const endless = page.run(`require("node:fs").writeFileSync("started", ""); while (true) {}`);
    await started;
    watcher.close();
    expect((await lab.call("POST", `/api/kernels/${session.kernel.id}/interrupt`)).status).toBe(204);
    expect((await endless).status).toBe("error");
    // tslab refuses cells for 200 ms after an error, so this one is asked until it is let in.
    let after = await page.run("console.log('alive')");
    while (after.status === "abort" || after.status === "aborted")
      after = await page.run("console.log('alive')");
    expect(after.printed).toBe("alive\n");
  });

  it("forgets its variables when it is restarted, and keeps its id and its pages", async () => {
    await page.run("let kept = 1");
    const model = await lab.json<KernelModel>("POST", `/api/kernels/${session.kernel.id}/restart`);
    expect(model.id).toBe(session.kernel.id);
    expect((await page.run("console.log(typeof (globalThis as any).kept)")).printed).toBe("undefined\n");
  });

  it("that dies says so, starts again by itself and answers what was asked meanwhile", async () => {
    const before = page.seen.length;
    page.ask("execute_request", { code: "process.exit(3)", silent: false, store_history: true });
    await page.until(
      (message) => page.seen.indexOf(message) >= before && message.content.execution_state === "restarting",
    );
    expect((await page.run("console.log('born again')")).printed).toBe("born again\n");
  });

  it("gives way to another when the session asks for one", async () => {
    const before = session.kernel.id;
    const changed = await lab.json<Session>("PATCH", `/api/sessions/${session.id}`, {
      kernel: { name: "tslab" },
    });
    expect(changed.kernel.id).not.toBe(before);
    expect((await kernels()).map(({ id }) => id)).toEqual([changed.kernel.id]);
    session = changed;
  });

  it("ends with its session", async () => {
    expect((await lab.call("DELETE", `/api/sessions/${session.id}`)).status).toBe(204);
    expect(await kernels()).toEqual([]);
    expect(await lab.json("GET", "/api/sessions")).toEqual([]);
  });
});

describe("a page that sends what is no kernel message", () => {
  it("is disconnected, and the kernel lives on", async () => {
    const { kernel } = await open("sub/d.ipynb");
    const address = `ws://127.0.0.1:${lab.lab.port}/api/kernels/${kernel.id}/channels?token=${lab.lab.token}`;
    for (const rubbish of ["not JSON", new Uint8Array(100)]) {
      const socket = new WebSocket(address, ["v1.kernel.websocket.jupyter.org"]);
      await new Promise((resolve) => socket.addEventListener("open", resolve));
      const closed = new Promise<number>((resolve) =>
        socket.addEventListener("close", ({ code }) => resolve(code)),
      );
      socket.send(rubbish);
      expect(await closed).toBe(1003);
    }
    expect((await kernels()).map(({ id }) => id)).toEqual([kernel.id]);
  });
});
