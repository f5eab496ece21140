import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, launchBrowser } from "../../browser";
import { freePort, jupyterMissing, startJupyterServer } from "../jupyter-server";
import { makePlayground, type Playground, project } from "../playground";
import { startServer } from "../server-process";

/** A server on `root` with an extension to try; gives the address of a document, and its end. */
interface Started {
  addressOf(document: string): string;
  close(): Promise<void>;
}

async function startOurs(play: Playground): Promise<Started> {
  const server = startServer(play, "--no-browser", "--no-trash");
  const address = new URL(await server.address());
  return {
    addressOf: (document) => `${address.origin}/lab/tree/${document}${address.search}`,
    async close() {
      server.child.kill("SIGTERM");
      await server.ended;
    },
  };
}

async function startOfficial({ root }: Playground): Promise<Started> {
  const server = await startJupyterServer(root, await freePort(), "jupyter-lab");
  return { ...server, addressOf: (document) => `${server.base}/lab/tree/${document}?token=test` };
}

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

const servers = [
  ["ours", startOurs, browserMissing],
  ["the official JupyterLab", startOfficial, browserMissing ?? jupyterMissing],
] as const;

// CI must run these: there a missing browser or Python is a failure.
const isLeftOut = (missing: string | undefined) => missing !== undefined && !process.env.CI;
const titleOf = (name: string, missing: string | undefined) =>
  `our extension in a browser: ${name}${isLeftOut(missing) ? ` (LEFT OUT: ${missing})` : ""}`;

describe.each(
  servers.map(([name, start, missing]) => ({ name, start, missing, title: titleOf(name, missing) })),
)("$title", ({ name, start, missing }) => {
  if (isLeftOut(missing)) return void it.skip("is left out", () => {});
  const play = makePlayground();
  const pictures = path.join(project, "out", "screenshots", `extension, ${name}`);
  const on = (...names: string[]) => path.join(play.root, ...names);
  let server: Started;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    writeFileSync(on("work.ipynb"), notebook(markdown("# Work"), code("1 + 1"), code(blocking)));
    mkdirSync(on("guide"));
    const first = markdown("# 1 · Start\n\n*Reading 2 minutes · running 1 s*");
    writeFileSync(on("guide", "1-start.ipynb"), notebook(first, code("1 + 1"), code("")));
    writeFileSync(on("guide", "2-next.ipynb"), notebook(markdown("# 2 · Next"), code("throw 1")));
    writeFileSync(on("guide", "3-broken.ipynb"), "{");
    writeFileSync(on("guide", "10-last.ipynb"), notebook(markdown("# 10 · Last")));
    mkdirSync(pictures, { recursive: true });
    server = await start(play);
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(30_000);
    await page.goto(server.addressOf("work.ipynb"));
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
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

  describe("the sections", () => {
    const entries = () => page.locator(".tl-Sections li button");
    const showSections = () => page.locator('.jp-SideBar [data-id="threads-and-loop-sections"]').click();
    const tabs = () => page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel");

    it("are listed by their titles, whatever is in the folder", async () => {
      await showSections();
      await page.getByText("This folder has no numbered notebooks.").waitFor();
      await page.goto(server.addressOf("guide/1-start.ipynb"));
      await cell(1).waitFor();
      await showSections();
      await expect
        .poll(() => entries().allTextContents(), { timeout: 20_000 })
        .toEqual(["1 · StartReading 2 minutes · running 1 s", "2 · Next", "3-broken", "10 · Last"]);
      expect(await page.locator(".tl-Sections [aria-current=page]").textContent()).toContain("1 · Start");
    });

    it("show what ran clean and what failed, and take the place of each other", async () => {
      await loop().getByText("Loop: free").waitFor();
      await runCell(1);
      await entries().nth(0).getByText("✓ ran clean").waitFor();
      await page.keyboard.press("Control+s");
      await page.locator(".lm-TabBar-tab.jp-mod-dirty.jp-mod-current").waitFor({ state: "detached" });
      await entries().nth(1).click();
      await cell(1).getByText("throw 1").waitFor();
      await expect.poll(() => tabs().allTextContents()).not.toContain("1-start.ipynb");
      await loop().getByText("Loop: free").waitFor();
      await runCell(1);
      await entries().nth(1).getByText("✗ failed").waitFor();
      await photograph("sections");
    });
  });
});
