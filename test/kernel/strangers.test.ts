/** The kernel under front ends that know nothing of it: nbclient, and the official JupyterLab in a browser. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPython, program } from "../../kernel-helpers/dist/kernel/jupyterlab/venv.js";
import { browserMissing, launchBrowser } from "../browser";
import { root } from "./client";

const run = promisify(execFile);

function missing(): string | undefined {
  try {
    findPython();
    return browserMissing;
  } catch (error) {
    return (error as Error).message;
  }
}

// CI must run these: there, what is missing is a failure.
const reason = process.env.CI ? undefined : missing();
const why = reason ? ` (LEFT OUT: ${reason})` : "";

const venv = join(root, ".venv");
const env = { ...process.env, JUPYTER_PREFER_ENV_PATH: "1" };

describe.skipIf(reason !== undefined)(`strangers${why}`, () => {
  let folder: string;
  beforeAll(async () => {
    const lab = join(root, "kernel-helpers", "dist", "kernel", "jupyterlab", "main.js");
    await run(process.execPath, [lab, "--prepare"], { timeout: 290_000 });
    folder = mkdtempSync(join(tmpdir(), "kernel-strangers-"));
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("jupyter finds the kernel", async () => {
    const { stdout } = await run(program(venv, "jupyter"), ["kernelspec", "list", "--json"], { env });
    const { tslab } = JSON.parse(stdout).kernelspecs;
    expect(tslab.spec).toMatchObject({ display_name: "TypeScript", language: "typescript" });
  });

  test("nbclient runs the awkward notebooks", { timeout: 120_000 }, async () => {
    const names = [
      "prints-100000-lines",
      "raises-then-runs",
      "fails-in-second-cell",
      "does-not-type-check",
      "throws-after-idle",
      "empty-code-cells",
      "no-cells",
      "exits",
      "busy-forever",
    ];
    const paths = names.map((name) => join(root, "test", "fixtures", "notebooks", `${name}.ipynb`));
    const host = join(import.meta.dirname, "nbclient_host.py");
    const options = { env, cwd: folder, maxBuffer: 2 ** 26 };
    const written = join(folder, "nbclient.json");
    await run(program(venv, "python"), ["-W", "ignore", host, written, ...paths], options);
    const read = JSON.parse(readFileSync(written, "utf8")) as Record<string, NbclientResult>;
    const results = Object.entries(read);
    const outcomes = results.map(([path, { outcome }]) => [basename(path, ".ipynb"), outcome]);
    expect(Object.fromEntries(outcomes)).toEqual({
      "prints-100000-lines": "passed",
      "raises-then-runs": "passed",
      "fails-in-second-cell": "CellExecutionError",
      "does-not-type-check": "CellExecutionError",
      "throws-after-idle": "passed",
      "empty-code-cells": "passed",
      "no-cells": "passed",
      exits: "DeadKernelError",
      "busy-forever": "CellTimeoutError",
    });
    const outputs = (name: string) => results.find(([path]) => basename(path, ".ipynb") === name)![1].outputs;
    const printed = (cell: NbclientOutput[]) => cell.map(({ text = "" }) => text).join("");
    expect(printed(outputs("prints-100000-lines")[0]!).trimEnd().split("\n")).toHaveLength(100_000);
    const [raising, ...later] = outputs("raises-then-runs");
    expect(raising?.map(({ output_type, ename }) => [output_type, ename])).toEqual([["error", "RangeError"]]);
    expect(later.every((cell) => printed(cell).length > 0)).toBe(true);
  });

  describe("JupyterLab from PyPI", () => {
    let server: ChildProcess;
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      cpSync(join(import.meta.dirname, "section.ipynb"), join(folder, "section.ipynb"));
      const { address, child } = await startLab(folder);
      server = child;
      browser = await launchBrowser();
      page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
      page.setDefaultTimeout(30_000);
      await page.goto(`${address}lab/tree/section.ipynb?token=${token}&reset`);
      await page.locator(".jp-Notebook .jp-Cell").first().waitFor();
      await settled();
    });
    afterAll(async () => {
      await browser?.close();
      const ended = new Promise((done) => server.once("exit", done));
      server.kill("SIGTERM");
      await ended;
    });

    const cell = (index: number) => page.locator(".jp-Notebook .jp-CodeCell").nth(index);
    const output = (index: number, text: string) =>
      cell(index).locator(".jp-OutputArea-output", { hasText: text }).first();
    const prompt = (index: number) => cell(index).locator(".jp-InputPrompt");
    const menu = async (name: string, item: string) => {
      await page.locator(`.lm-MenuBar-itemLabel >> text="${name}"`).click();
      await page.locator(`.lm-Menu-itemLabel >> text="${item}"`).click();
    };
    /** The kernel has answered and does nothing. */
    const settled = () => page.getByText("TypeScript | Idle").waitFor();

    test("runs all cells and shows results and streams", async () => {
      await menu("Run", "Run All Cells");
      await output(0, "42").waitFor();
      await output(1, "printed").waitFor();
      await output(1, "on stderr").waitFor();
    });

    test("shows an error as an error, in colours, and runs nothing behind it", async () => {
      const error = output(2, "RangeError: as expected");
      await error.waitFor();
      expect(await error.textContent()).toMatch(
        /> 2 \| {3}throw new RangeError\('as expected'\)[\s\S]*at fail \(cell 3:2:9\)/,
      );
      expect((await error.locator(".ansi-bold").allTextContents())[0]).toBe("RangeError");
      await settled();
      expect(await prompt(3).textContent()).toBe("[ ]:");
      await page.keyboard.press("Control+s");
      const saved = () => JSON.parse(readFileSync(join(folder, "section.ipynb"), "utf8")).cells[2].outputs;
      await expect.poll(() => saved()[0]?.output_type, poll).toBe("error");
      expect(saved()[0]).toMatchObject({ ename: "RangeError", evalue: "as expected" });
    });

    test("interrupts a loop", async () => {
      await cell(3).locator(".jp-InputArea-editor").click();
      await page.keyboard.press("Shift+Enter");
      await output(3, "looping").waitFor();
      await menu("Kernel", "Interrupt Kernel");
      await output(3, "Interrupted").waitFor();
      await settled();
    });

    test("restarts: the count begins anew and old names are gone", async () => {
      await menu("Kernel", "Restart Kernel…");
      await page.locator(".jp-Dialog button.jp-mod-accept").click();
      await page.locator(".jp-Dialog").waitFor({ state: "detached" });
      await settled();
      await cell(4).locator(".jp-InputArea-editor").click();
      await page.keyboard.press("Shift+Enter");
      await output(4, "'undefined'").waitFor();
      // The result comes before the reply, which takes the star away.
      await expect.poll(() => prompt(4).textContent(), poll).toBe("[1]:");
    });
  });
});

interface NbclientOutput {
  output_type: string;
  text?: string;
  ename?: string;
}

interface NbclientResult {
  outcome: string;
  outputs: NbclientOutput[][];
}

const poll = { timeout: 30_000, interval: 100 };
const token = "of-this-test";

/** Starts JupyterLab on a folder and resolves with its address once it listens. */
async function startLab(folder: string): Promise<{ address: string; child: ChildProcess }> {
  const settings = [
    `--IdentityProvider.token=${token}`,
    "--ServerApp.port=0",
    "--no-browser",
    "--allow-root",
  ];
  const home = { JUPYTER_CONFIG_DIR: join(folder, "config"), JUPYTER_RUNTIME_DIR: join(folder, "runtime") };
  const child = spawn(program(venv, "jupyter-lab"), [...settings, folder], {
    env: { ...env, ...home },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  const address = await new Promise<string>((found, failed) => {
    child.stderr?.on("data", (text) => {
      said += text;
      const match = /(http:\/\/(?:localhost|127\.0\.0\.1):\d+\/)lab/.exec(said);
      if (match) found(match[1]!);
    });
    child.once("exit", () => failed(new Error(`JupyterLab ended: ${said}`)));
  });
  return { address, child };
}
