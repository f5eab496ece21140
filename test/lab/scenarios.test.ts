import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Locator, Page, WebSocketRoute } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, launchBrowser } from "../browser";
import { debugByHand, debuggedNotebook } from "./debugger-scenario";
import { freePort, jupyterMissing, startJupyterServer } from "./jupyter-server";
import { makePlayground, type Playground, project } from "./playground";
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

const notebookOf = (source: string) => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" } },
  cells: [{ cell_type: "code", id: "one", metadata: {}, source, execution_count: null, outputs: [] }],
});

const onePixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

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
        writeFileSync(on("work.ipynb"), JSON.stringify(notebookOf(tenLines)));
        mkdirSync(on("folder", "deep"), { recursive: true });
        writeFileSync(on("folder", "deep", "file.txt"), "kept");
        play.put("stranger.ipynb");
        const files = {
          "a.txt": "a",
          "b.txt": "b",
          "page.md": "# Page",
          "data.json": "{}",
          "table.csv": "a,b\n1,2\n",
          "table.tsv": "a\tb\n1\t2\n",
          "code.ts": "export {};",
          "drawing.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
          "picture.png": Buffer.from(onePixel, "base64"),
          "broken.ipynb": "{",
          "binary.dat": Buffer.from([0xff, 0xfe, 0x00, 0xff]),
        };
        for (const [file, content] of Object.entries(files)) writeFileSync(on(file), content);
        port = await freePort();
        server = await start(play, port);
        browser = await launchBrowser();
        page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
        page.setDefaultTimeout(20_000);
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

      it("the debugger stops the loop, and then a thread while the loop goes on", async () => {
        writeFileSync(on("debug.ipynb"), JSON.stringify(debuggedNotebook));
        const pictures = path.join(project, "out", "test-lab", "pictures");
        const debugged = await browser.newPage({ viewport: { width: 1500, height: 900 } });
        debugged.setDefaultTimeout(30_000);
        try {
          // In a workspace of its own, without the other notebook.
          await debugged.goto(
            server.addressOf("debug.ipynb").replace("/lab/tree/", "/lab/workspaces/debugger/tree/"),
          );
          await debugged
            .locator("#jp-main-statusbar")
            .getByText("TypeScript | Idle")
            .waitFor({ timeout: 60_000 });
          await debugByHand(debugged, pictures, name.split(" ").at(-1)!);
        } finally {
          await debugged.screenshot({
            path: path.join(pictures, `debugger-${name.split(" ").at(-1)}-end.png`),
          });
          await debugged.close();
        }
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

      const notebook = () => page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)");
      const cells = () => notebook().locator(".jp-Cell");
      const lastPrompt = () => cells().last().locator(".jp-InputPrompt").first().textContent();
      const outputOf = (cell: Locator) => cell.locator(".jp-OutputArea-output");
      const dialog = (text: string | RegExp) => page.locator(".jp-Dialog", { hasText: text });

      async function menu(name: string, item: RegExp | string): Promise<void> {
        await page.locator(".lm-MenuBar-itemLabel", { hasText: new RegExp(`^${name}$`) }).click();
        await page.locator(".lm-Menu-itemLabel", { hasText: item }).first().click();
      }

      /** Writes code into a new last cell and runs it. */
      async function runNew(code: string): Promise<Locator> {
        await cells().last().locator(".cm-content").click();
        await page.keyboard.press("Escape");
        await page.keyboard.press("b");
        await page.keyboard.press("Enter");
        await page.keyboard.insertText(code);
        await page.keyboard.press("Control+Enter");
        return cells().last();
      }

      /** Runs code and resolves with the text of its output. */
      async function answerTo(code: string): Promise<string> {
        const cell = await runNew(code);
        await expect.poll(lastPrompt, { timeout: 30_000 }).toMatch(/\[\d+\]:/);
        return (await outputOf(cell).allTextContents()).join("").trim();
      }

      /** Opens a file by a double click, and resolves once its tab is there. */
      async function open(file: string): Promise<void> {
        await entry(file).dblclick();
        await page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab.lm-mod-current", { hasText: file }).waitFor();
      }

      async function closeTab(file: string): Promise<void> {
        await page
          .locator(".lm-DockPanel-tabBar .lm-TabBar-tab", { hasText: file })
          .locator(".lm-TabBar-tabCloseIcon")
          .click();
      }

      it("a key interrupts an endless loop, and what waits for ever; what is in memory stays", async () => {
        await answerTo("(globalThis as any).kept = 'kept in memory';");
        for (const code of ["while (true) {}", "await new Promise(() => {});"]) {
          await runNew(`console.log('started'); ${code}`);
          await outputOf(cells().last()).getByText("started").waitFor();
          await page.keyboard.press("Escape");
          await page.keyboard.press("i");
          await page.keyboard.press("i");
          await expect.poll(lastPrompt, { timeout: 30_000 }).toMatch(/\[\d+\]:/);
        }
        expect(await answerTo("console.log((globalThis as any).kept)")).toBe("kept in memory");
      });

      it("a kernel that ends itself in a cell is there again for the next", async () => {
        // The official one does not always say so.
        await page.addLocatorHandler(dialog("appears to have died"), (found) =>
          found.locator(".jp-mod-accept").click(),
        );
        await runNew("process.exit(1);");
        await page.locator("#jp-main-statusbar").getByText("TypeScript | Idle").waitFor({ timeout: 60_000 });
        // What is asked while it starts may be dropped.
        const answers = async () => {
          const cell = await runNew("console.log((globalThis as any).kept)");
          await outputOf(cell)
            .first()
            .waitFor({ timeout: 3000 })
            .catch(() => {});
          return (await outputOf(cell).allTextContents()).join("").trim();
        };
        await expect.poll(answers, { timeout: 40_000 }).toBe("undefined");
      });

      it("a restart forgets", async () => {
        await answerTo("(globalThis as any).kept = 1;");
        await menu("Kernel", "Restart Kernel…");
        await page.locator(".jp-Dialog .jp-mod-accept").click();
        await page.locator("#jp-main-statusbar").getByText("TypeScript | Idle").waitFor();
        expect(await answerTo("console.log('after', (globalThis as any).kept)")).toBe("after undefined");
      });

      it("goes back to the checkpoint", async () => {
        await page.keyboard.press("Control+s");
        await cells().last().locator(".cm-content").click();
        await page.keyboard.insertText("thrown away");
        await menu("File", "Revert Notebook to Checkpoint…");
        await page.locator(".jp-Dialog .jp-mod-accept").click();
        await expect.poll(() => cells().getByText("thrown away").count()).toBe(0);
      });

      it("a file is duplicated, moved, and renamed onto another only after a question", async () => {
        await entry("a.txt").click();
        await page.keyboard.press("Control+d");
        await entry("a-Copy1.txt").click();
        await page.keyboard.press("Control+x");
        await entry("folder").dblclick();
        await entry("deep").waitFor();
        await page.keyboard.press("Control+v");
        await entry("a-Copy1.txt").waitFor();
        expect(existsSync(on("a-Copy1.txt"))).toBe(false);
        expect(readFileSync(on("folder", "a-Copy1.txt"), "utf8")).toBe("a");
        await page.locator(".jp-BreadCrumbs-home").click();
        await entry("b.txt").click();
        await page.keyboard.press("F2");
        await page.locator(".jp-DirListing-editor").fill("a.txt");
        await page.keyboard.press("Enter");
        await dialog("Overwrite").locator(".jp-mod-accept").click();
        await expect.poll(() => existsSync(on("a.txt")) && readFileSync(on("a.txt"), "utf8")).toBe("b");
        expect(existsSync(on("b.txt"))).toBe(false);
      });

      it("a large file with a name of letters, marks and spaces is uploaded and downloaded whole", async () => {
        const name = "ü 🎉 #1 100%.bin";
        const buffer = Buffer.alloc(3_000_000, "0123456789");
        const chosen = page.waitForEvent("filechooser");
        await page.locator('[data-command="filebrowser:upload"], [title^="Upload Files"]').first().click();
        await (await chosen).setFiles({ name, mimeType: "application/octet-stream", buffer });
        await entry(name).waitFor();
        await expect.poll(() => existsSync(on(name)) && readFileSync(on(name)).equals(buffer)).toBe(true);
        await entry(name).click({ button: "right" });
        const download = page.waitForEvent("download");
        await choose("Download");
        expect(readFileSync(await (await download).path()).equals(buffer)).toBe(true);
      });

      it.each([
        ["page.md", ".jp-RenderedMarkdown, .jp-FileEditor"],
        ["data.json", ".jp-RenderedJSON, .jp-FileEditor"],
        ["table.csv", ".jp-CSVViewer"],
        ["table.tsv", ".jp-CSVViewer"],
        ["drawing.svg", ".jp-ImageViewer"],
        ["picture.png", ".jp-ImageViewer"],
        ["code.ts", ".jp-FileEditor"],
      ])("%s opens in its viewer", async (file, viewer) => {
        await open(file);
        await page
          .locator(`.lm-DockPanel-widget:not(.lm-mod-hidden)`)
          .locator(viewer)
          .or(page.locator(viewer))
          .first()
          .waitFor();
        await closeTab(file);
      });

      it("a notebook that is none, and a file that is no text, are refused in a dialog", async () => {
        const discard = (found: Locator) =>
          found
            .locator("button", { hasText: /Discard|Close/ })
            .last()
            .click();
        await page.addLocatorHandler(dialog("Save your work"), discard);
        for (const file of ["broken.ipynb", "binary.dat"]) {
          await entry(file).dblclick();
          await dialog(/error/i).waitFor();
          await page.keyboard.press("Escape");
          await dialog(/error/i).waitFor({ state: "detached" });
        }
      });

      it("a stranger's notebook runs nothing", async () => {
        await open("stranger.ipynb");
        await outputOf(cells().nth(1)).getByText("stranger").waitFor();
        expect(await page.evaluate("window.ran")).toBeUndefined();
        await closeTab("stranger.ipynb");
      });

      it("a notebook is exported as a page", async () => {
        const address = "/nbconvert/html/work.ipynb?download=true";
        const got = await page.evaluate(async (address) => {
          const answer = await fetch(address);
          return [answer.status, answer.headers.get("content-disposition"), await answer.text()] as const;
        }, address);
        expect(got[0]).toBe(200);
        expect(got[1]).toContain("work.html");
        expect(got[2]).toContain("after");
      });

      it("a kernel that was shut down is started again by the next cell", async () => {
        await page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", { hasText: "work.ipynb" }).click();
        await menu("Kernel", /^Shut Down Kernel$/);
        await page.locator("#jp-main-statusbar").getByText("No Kernel").waitFor();
        await page.addLocatorHandler(dialog("Select Kernel"), (found) =>
          found.locator(".jp-mod-accept").click(),
        );
        expect(await answerTo("console.log(6 * 7)")).toBe("42");
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
