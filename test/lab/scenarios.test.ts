import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page, WebSocketRoute } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, launchBrowser } from "../browser";
import { freePort, jupyterMissing, startJupyterServer } from "./jupyter-server";
import { makePlayground, type Playground } from "./playground";
import { startServer } from "./server-process";

/** A server that can be started again at the same port. */
interface Started {
  /** The address of a document, with the token. */
  addressOf(document: string): string;
  close(): Promise<void>;
}

async function startOurs(play: Playground, port: number): Promise<Started> {
  const server = startServer(play, "--no-browser", "--no-trash", "--port", String(port));
  const { searchParams } = new URL(await server.address());
  return {
    addressOf: (document) =>
      `http://127.0.0.1:${port}/lab/tree/${document}?token=${searchParams.get("token")}`,
    async close() {
      server.child.kill("SIGTERM");
      await server.ended;
    },
  };
}

async function startOfficial({ root }: Playground, port: number): Promise<Started> {
  const server = await startJupyterServer(root, port, "jupyter-lab");
  return { ...server, addressOf: (document) => `${server.base}/lab/tree/${document}?token=test` };
}

const notebook = (source: string) => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" } },
  cells: [{ cell_type: "code", id: "one", metadata: {}, source, execution_count: null, outputs: [] }],
});

/** Pauses after the third line until the file `go` is there: a line that is under way when a connection ends is anybody's. */
const tenLines = `const { existsSync } = require("node:fs");
for (let i = 0; i < 10; i++) {
  console.log("line" + i);
  while (i === 2 && !existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 20));
}
require("node:fs").writeFileSync("ended", "");`;

const servers = [
  ["ours", startOurs, browserMissing],
  ["the official JupyterLab", startOfficial, browserMissing ?? jupyterMissing],
] as const;

for (const [name, start, missing] of servers) {
  const isLeftOut = missing !== undefined && !process.env.CI;
  describe.skipIf(isLeftOut)(
    `bad luck in a browser: ${name}${isLeftOut ? ` (LEFT OUT: ${missing})` : ""}`,
    () => {
      const play = makePlayground();
      const on = (...names: string[]) => path.join(play.root, ...names);
      const routes = new Set<WebSocketRoute>();
      let isBlocked = false;
      let port: number;
      let server: Started;
      let browser: Browser;
      let page: Page;

      beforeAll(async () => {
        writeFileSync(on("work.ipynb"), JSON.stringify(notebook(tenLines)));
        mkdirSync(on("folder", "deep"), { recursive: true });
        writeFileSync(on("folder", "deep", "file.txt"), "kept");
        port = await freePort();
        server = await start(play, port);
        browser = await launchBrowser();
        page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
        page.setDefaultTimeout(30_000);
        await page.routeWebSocket(/channels/, (socket) => {
          if (isBlocked) return void socket.close({ code: 3001 });
          socket.connectToServer();
          routes.add(socket);
        });
        await page.goto(server.addressOf("work.ipynb"));
        await page.locator("#jp-main-statusbar").getByText("TypeScript | Idle").waitFor({ timeout: 60_000 });
      });

      afterAll(async () => {
        await browser?.close();
        await server?.close();
        play.remove();
      });

      /** How many pages the server believes to be connected to the kernel. */
      async function connections(): Promise<number> {
        const { origin, searchParams } = new URL(server.addressOf(""));
        const headers = { Authorization: `token ${searchParams.get("token")}` };
        const [kernel] = (await (await fetch(`${origin}/api/kernels`, { headers })).json()) as [
          { connections: number },
        ];
        return kernel.connections;
      }

      const entry = (text: string) => page.locator(".jp-DirListing-item", { hasText: text }).first();
      const choose = (item: string) => page.locator(".lm-Menu-itemLabel", { hasText: item }).first().click();

      it("a connection that breaks while a cell runs loses no line, and the cell ends", async () => {
        const cell = page.locator(".jp-Notebook .jp-Cell").first();
        await cell.locator(".cm-content").click();
        await page.keyboard.press("Control+Enter");
        await cell.locator(".jp-OutputArea-output").getByText("line2").waitFor();
        isBlocked = true;
        for (const socket of routes) await socket.close({ code: 3001 });
        await expect.poll(connections).toBe(0);
        writeFileSync(on("go"), "");
        // The kernel writes a file when the cell has ended: the page, cut off, shows nothing.
        await expect.poll(() => existsSync(on("ended")), { timeout: 20_000 }).toBe(true);
        isBlocked = false;
        await expect
          .poll(() => cell.locator(".jp-InputPrompt").first().textContent(), { timeout: 60_000 })
          .toMatch(/\[\d+\]:/);
        const text = await cell.locator(".jp-OutputArea-output").first().textContent();
        expect(text!.trim().split(/\s+/)).toEqual(Array.from({ length: 10 }, (_, i) => `line${i}`));
      });

      it("a folder is copied and pasted, and deleted with what is in it", async () => {
        await entry("folder").click({ button: "right" });
        await choose("Copy");
        await page.locator(".jp-DirListing-content").click({ button: "right", position: { x: 100, y: 300 } });
        await choose("Paste");
        await entry("folder-Copy1").waitFor();
        expect(readFileSync(on("folder-Copy1", "deep", "file.txt"), "utf8")).toBe("kept");
        await entry("folder-Copy1").click({ button: "right" });
        await choose("Delete");
        await page.locator(".jp-Dialog .jp-mod-accept").click();
        await expect.poll(() => existsSync(on("folder-Copy1"))).toBe(false);
      });

      it("an open tab can save after a restart of the server", async () => {
        await server.close();
        server = await start(play, port);
        // The page may have noticed that the server was away.
        const away = page.locator(".jp-Dialog", { hasText: "Server Connection Error" });
        await page.addLocatorHandler(away, () => away.locator("button").last().click());
        const cell = page.locator(".jp-Notebook .jp-Cell").first();
        await cell.locator(".cm-content").click();
        await page.keyboard.press("Control+End");
        await page.keyboard.insertText("\n// written after the restart");
        await page.keyboard.press("Control+s");
        await expect
          .poll(() => readFileSync(on("work.ipynb"), "utf8"), { timeout: 30_000 })
          .toContain("written after the restart");
        expect(readdirSync(play.root).filter((file) => file.startsWith(".lab-"))).toEqual([]);
        expect(existsSync(on("folder"))).toBe(true);
      });
    },
  );
}
