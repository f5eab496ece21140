import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, launchBrowser } from "../../browser";
import { makePlayground, project } from "../playground";
import { type ServerProcess, startServer } from "../server-process";

const isLeftOut = browserMissing !== undefined && !process.env.CI;

const markdown = (source: string) => ({ cell_type: "markdown", metadata: {}, source });
const code = (source: string) => ({
  cell_type: "code",
  metadata: {},
  source,
  execution_count: null,
  outputs: [],
});
const notebook = (...cells: object[]) =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" } },
    cells: cells.map((cell, i) => ({ ...cell, id: `c${i}` })),
  });

/** Holds the loop until the file `go` is there, so that a test can look at what is shown meanwhile. */
const blocking = `// holds up everything
const { existsSync } = require("node:fs"); while (!existsSync("go"));`;

describe.skipIf(isLeftOut)(
  `our extension in a browser${isLeftOut ? ` (LEFT OUT: ${browserMissing})` : ""}`,
  () => {
    const play = makePlayground();
    const pictures = path.join(project, "out", "screenshots", "extension");
    const on = (...names: string[]) => path.join(play.root, ...names);
    let server: ServerProcess;
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      writeFileSync(on("work.ipynb"), notebook(markdown("# Work"), code("1 + 1"), code(blocking)));
      mkdirSync(pictures, { recursive: true });
      server = startServer(play, "--no-browser", "--no-trash", "work.ipynb");
      browser = await launchBrowser();
      page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      page.setDefaultTimeout(30_000);
      await page.goto(await server.address());
    });

    afterAll(async () => {
      await browser?.close();
      server?.child.kill("SIGTERM");
      await server?.ended;
      play.remove();
    });

    const photograph = (name: string) => page.screenshot({ path: path.join(pictures, `${name}.png`) });
    const cell = (index: number) =>
      page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").nth(index);
    const loop = () => page.locator(".tl-Loop");

    async function runCell(index: number) {
      await cell(index).locator(".cm-content").click();
      await page.keyboard.press("Control+Enter");
    }

    describe("the loop in the status bar", () => {
      it("is free, is said to be blocked while a cell blocks it, and free again", async () => {
        await loop().getByText("Loop: free").waitFor();
        await runCell(2);
        await loop()
          .getByText(/^Loop: blocked for \d\.\d s$/)
          .waitFor();
        await photograph("loop-blocked");
        writeFileSync(on("go"), "");
        await loop().getByText("Loop: free").waitFor();
      });

      it("shows on a click what blocked it, and leads there", async () => {
        await cell(1).locator(".cm-content").click();
        await loop().getByRole("button").click();
        const entry = page.locator(".tl-Loop-history").getByRole("button", { name: /^const \{ existsSync/ });
        await photograph("loop-history");
        await entry.click();
        await expect.poll(() => cell(2).getAttribute("class")).toContain("jp-mod-active");
      });

      it("comes back after a restart of the kernel", async () => {
        await page.keyboard.press("Escape");
        await page.keyboard.press("0");
        await page.keyboard.press("0");
        await page.locator(".jp-Dialog .jp-mod-accept").click();
        await page.locator(".jp-Dialog").waitFor({ state: "detached" });
        await loop().getByText("Loop: free").waitFor();
      });
    });
  },
);
