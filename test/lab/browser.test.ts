import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { browserMissing, launchBrowser } from "../browser";
import { LabPage } from "./lab-page";
import { makePlayground, project } from "./playground";
import { type ServerProcess, startServer } from "./server-process";

// CI must run these: there a missing browser is a failure, not a reason to look away.
const isLeftOut = browserMissing !== undefined && !process.env.CI;
const why = isLeftOut ? ` (LEFT OUT: ${browserMissing})` : "";

/** What Vega draws into; its menu has an SVG of its own. */
const drawing = ".vega-embed :is(canvas, svg).marks";

describe.skipIf(isLeftOut)(`JupyterLab in a browser${why}`, () => {
  const play = makePlayground();
  const pictures = path.join(project, "out", "test-lab", "pictures");
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let lab: LabPage;
  const complaints: string[] = [];

  /** What came over the wire, as compressed as it came, in bytes. */
  let received = 0;

  /** Everything that a page says is wrong: warnings and errors in the console, exceptions, failed requests. */
  function listenForComplaints(): void {
    page.on("console", (message) => {
      // JupyterLab says so each time that it opens a new socket to a kernel, as it does after a restart.
      const isUsual = message.text().startsWith("Connection lost, reconnecting");
      if (["error", "warning"].includes(message.type()) && !isUsual) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("response", (answer) => {
      if (answer.status() >= 400) complaints.push(`${answer.status()} ${answer.url()}`);
    });
  }

  beforeAll(async () => {
    play.put("chart.ipynb", "stranger.ipynb");
    mkdirSync(pictures, { recursive: true });
    server = startServer(play, "--no-browser", "chart.ipynb");
    const address = await server.address();
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(30_000);
    lab = new LabPage(page);
    listenForComplaints();
    const network = await page.context().newCDPSession(page);
    network.on("Network.loadingFinished", ({ encodedDataLength }) => {
      received += encodedDataLength;
    });
    await network.send("Network.enable");
    await page.goto(address);
  });

  afterEach(() => {
    expect(complaints.splice(0)).toEqual([]);
  });

  /** The notebook of a stranger, which stays open, names pictures that are not there: two complaints each. */
  const otherComplaints = () => {
    const all = complaints.splice(0);
    let missing = all.filter((text) => /^404 .*\/no-such\.png/.test(text)).length;
    return all.filter((text) => {
      if (text.includes("/no-such.png")) return false;
      return !(text.includes("404 (Not Found)") && missing-- > 0);
    });
  };

  afterAll(async () => {
    await browser?.close();
    server?.child.kill("SIGKILL");
    await server?.ended;
    play.remove();
  });

  const cell = (index: number) => lab.cells.nth(index);

  it("opens the notebook, with its kernel ready", async () => {
    await lab.notebook.getByRole("heading", { name: "A chart" }).waitFor();
    await lab.untilIdle();
    expect(await page.title()).toContain("chart");
    expect(new URL(page.url()).search).toBe("");
    expect(await page.locator(".lm-TabBar-tab.jp-mod-dirty").count()).toBe(0);
  });

  it("was loaded with 2 MB over the wire", () => {
    expect(received).toBeGreaterThan(100_000);
    expect(received).toBeLessThan(2_000_000);
  });

  it("has the kernel's own help at first sight, and the licences of what it is made of", async () => {
    await lab.menu("Help", "About the TypeScript Kernel");
    await page.locator(".jp-Dialog", { hasText: "TypeScript" }).waitFor();
    await page.locator(".jp-Dialog button", { hasText: "Close" }).click();
    await lab.menu("Help", "Licenses");
    await page.locator(".jp-Licenses", { hasText: "@jupyterlab/application" }).waitFor();
    await page.locator(".lm-TabBar-tab", { hasText: "Licenses" }).locator(".lm-TabBar-tabCloseIcon").click();
  });

  it("runs all cells and draws the chart", async () => {
    await lab.menu("Run", "Run All Cells");
    await lab.output(cell(3)).getByText("run 1").waitFor();
    const chart = lab.output(cell(2)).locator(drawing).first();
    await chart.waitFor();
    expect((await chart.boundingBox())?.width).toBeGreaterThan(50);
    await page.screenshot({ path: path.join(pictures, "light.png") });
  });

  it("runs them again in the same kernel, and the chart is drawn once", async () => {
    await lab.menu("Run", "Run All Cells");
    await lab.output(cell(3)).getByText("run 2").waitFor();
    await lab.untilRun(cell(3));
    await expect.poll(() => lab.output(cell(2)).locator(drawing).count()).toBe(1);
  });

  it("saves an edit to the disk as Jupyter lays a notebook out", async () => {
    await cell(1).locator(".cm-content").click();
    await page.keyboard.press("Control+End");
    await page.keyboard.press("Enter");
    await page.keyboard.insertText("// edited in the browser");
    await lab.save("chart.ipynb");
    const text = readFileSync(path.join(play.root, "chart.ipynb"), "utf8");
    expect(text).toContain('\n    "// edited in the browser"\n   ]\n');
    expect(text).toContain('"application/vnd.vegalite.v5+json": {');
    expect(text).not.toMatch(/"trusted"|image\/png/);
    expect(text).toMatch(/^\{\n "cells": \[\n {2}\{\n[\s\S]*\}\n$/);
  });

  it("opens what was saved with its chart, still trusted, and changes nothing by that", async () => {
    const before = readFileSync(path.join(play.root, "chart.ipynb"), "utf8");
    await page.reload();
    await lab.output(cell(2)).locator(drawing).waitFor();
    await lab.untilIdle();
    await page.locator('[title^="Notebook trusted"]').waitFor();
    await page.locator(".lm-TabBar-tab", { hasText: "chart.ipynb" }).waitFor();
    expect(await page.locator(".lm-TabBar-tab.jp-mod-dirty").count()).toBe(0);
    await cell(0).click();
    await lab.save("chart.ipynb");
    expect(readFileSync(path.join(play.root, "chart.ipynb"), "utf8")).toBe(before);
  });

  it("shows the error of a cell that fails", async () => {
    const failing = await lab.runNew('throw new Error("seen in the browser");');
    await lab.output(failing).getByText("seen in the browser").first().waitFor();
    await lab.untilIdle();
  });

  it("interrupts an endless loop", async () => {
    const endless = await lab.runNew("console.log('started'); while (true) {}");
    await lab.output(endless).getByText("started").waitFor();
    await lab.notebook.locator('[data-jp-item-name="interrupt"]').click();
    await lab.untilRun(endless);
  });

  it("restarts the kernel, which forgets", async () => {
    await lab.menu("Kernel", "Restart Kernel…");
    await lab.accept();
    await lab.untilIdle();
    await cell(3).locator(".cm-content").click();
    await page.keyboard.press("Control+Enter");
    await lab.output(cell(3)).getByText("run 1").waitFor();
  });

  it("says that a kernel died, and has it back", async () => {
    await lab.runNew("process.exit(1);");
    await page.locator(".jp-Dialog", { hasText: "appears to have died" }).waitFor();
    await lab.accept();
    await lab.untilIdle();
    await cell(3).locator(".cm-content").click();
    await page.keyboard.press("Control+Enter");
    await lab.output(cell(3)).getByText("run 1").waitFor();
  });

  it("opens a stranger's notebook without running what is in it; its chart shows", async () => {
    await lab.entry("stranger.ipynb").dblclick();
    await lab.notebook.getByRole("heading", { name: "From a stranger" }).waitFor();
    await lab.output(cell(4)).locator(drawing).first().waitFor();
    await lab.output(cell(1)).getByText("stranger").waitFor();
    await expect.poll(() => lab.output(cell(3)).textContent()).toContain("a drawing");
    expect(await page.evaluate("window.ran")).toBeUndefined();
    // The pictures that it names are not there, and that is all that may have gone wrong.
    expect(otherComplaints()).toEqual([]);
  });

  it("turns dark, with nothing left to complain about", async () => {
    await page.locator(".lm-MenuBar-itemLabel", { hasText: "Settings" }).click();
    await page.locator(".lm-Menu-itemLabel", { hasText: /^Theme$/ }).hover();
    await page.locator(".lm-Menu-itemLabel", { hasText: /^JupyterLab Dark$/ }).click();
    await page.locator('body[data-jp-theme-light="false"]').waitFor({ state: "attached" });
    await page.locator("#jupyterlab-splash").waitFor({ state: "detached" });
    await page.screenshot({ path: path.join(pictures, "dark.png") });
    expect(await page.locator(".Toastify__toast").count()).toBe(0);
  });

  it("speaks Russian when it is asked to", async () => {
    const raw = '{"locale": "ru_RU"}';
    await page.evaluate(async (body) => {
      const address = "/lab/api/settings/@jupyterlab/translation-extension:plugin";
      await fetch(address, { method: "PUT", body });
    }, JSON.stringify({ raw }));
    await page.reload();
    await page.locator(".lm-MenuBar-itemLabel", { hasText: "Файл" }).waitFor();
    expect(otherComplaints()).toEqual([]);
  });

  it("is gone after Ctrl-C", async () => {
    server.child.kill("SIGINT");
    expect(await server.ended).toBe(0);
    complaints.splice(0);
  });
});
