/** What the scenarios of browser.test.ts share: one page of one JupyterLab. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { expect } from "vitest";

const require = createRequire(import.meta.url);

export const markdown = (source: string) => ({ cell_type: "markdown", metadata: {}, source });
export const code = (source: string, outputs: object[] = [], ...tags: string[]) => ({
  cell_type: "code",
  metadata: tags.length > 0 ? { tags } : {},
  source,
  execution_count: null,
  outputs,
});

const patient = { interval: 200, timeout: 40_000 };

const kernelspecs = {
  tslab: { display_name: "TypeScript", language: "typescript", name: "tslab" },
  flood: { display_name: "flood", language: "odd", name: "flood" },
};

/** The text of a notebook of the project's kernel, or of another one. */
export const notebookOf = (cells: object[], kernel: keyof typeof kernelspecs = "tslab") =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: kernelspecs[kernel] },
    cells: cells.map((cell, i) => ({ ...cell, id: `c${i}` })),
  });

/** A server on `root` with an extension to try. */
export interface Server {
  /** The address of a document. */
  addressOf(document: string): string;
  /** Asks the server; with a body, by PUT. */
  json<T>(address: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
}

/** One JupyterLab in a browser. The scenarios go on in the page of those before, as loading one takes seconds. */
export class Lab {
  page!: Page;
  server!: Server;
  /** What the first page sent, and by which kernel's socket. */
  readonly sent: { kernel: string; text: string }[] = [];

  constructor(
    readonly isOurs: boolean,
    readonly root: string,
    readonly pictures: string,
    readonly start: () => Promise<Server>,
  ) {}

  /** Opens a page on a document. */
  async begin(context: BrowserContext, document: string) {
    this.page = await context.newPage();
    this.page.on("websocket", (socket) => {
      const kernel = new URL(socket.url()).pathname;
      socket.on("framesent", ({ payload }) => this.sent.push({ kernel, text: String(payload) }));
    });
    await this.page.goto(this.server.addressOf(document));
    await this.tab(document).waitFor();
    await this.cell(1).waitFor();
  }

  /** A path below the server's folder. */
  on(...names: string[]): string {
    return path.join(this.root, ...names);
  }

  photograph(name: string) {
    return this.page.screenshot({ path: path.join(this.pictures, `${name}.png`) });
  }

  /** A part of the notebook that is seen. */
  panel(selector: string): Locator {
    return this.page.locator(`.jp-NotebookPanel:visible ${selector}`);
  }

  cell = (index: number): Locator => this.panel(".jp-Notebook .jp-Cell").nth(index);

  tab = (name: string): Locator =>
    this.page.locator("#jp-main-dock-panel .lm-TabBar-tab.jp-mod-current", { hasText: name });

  loop(): Locator {
    return this.page.locator(".tl-Loop");
  }

  /** Waits for a text in the status bar. */
  async status(text: string | RegExp) {
    await this.page.locator("#jp-main-statusbar").getByText(text).waitFor();
  }

  /** Loads the page anew with a document, and no other. */
  async load(document: string) {
    await this.page.goto(`${this.server.addressOf(document)}&reset`);
    await this.cell(1).waitFor();
  }

  /** Opens a document beside those that are open. */
  async open(document: string) {
    await this.command("Open from Path…");
    await this.page.locator(".jp-Dialog input").fill(document);
    await this.accept();
    await this.tab(path.basename(document)).waitFor();
  }

  async write(index: number, source: string) {
    await this.cell(index).locator(".cm-content").click();
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.insertText(source);
  }

  async run(index: number) {
    await this.cell(index).locator(".cm-content").click();
    await this.page.keyboard.press("Control+Enter");
  }

  /** Accepts the dialog that shows. */
  async accept() {
    await this.page.locator(".jp-Dialog .jp-mod-accept").click();
    await this.page.locator(".jp-Dialog").waitFor({ state: "detached" });
  }

  /** Chooses from a menu of the menu bar, by the labels from there on. */
  async menu(name: string, ...labels: (string | RegExp)[]) {
    await this.page.locator(".lm-MenuBar-itemLabel", { hasText: new RegExp(`^${name}$`) }).click();
    for (const hasText of labels) await this.page.locator(".lm-Menu-itemLabel", { hasText }).first().click();
  }

  #items() {
    return this.page.locator(".jp-ModalCommandPalette .lm-CommandPalette-itemLabel");
  }

  /**
   * Whether the palette, with some words in it, lists labels by now. It is opened again where it went: a page that has just
   * been loaded may not hear the keys yet, or give the focus to a notebook.
   */
  async #lists(words: string, labels: readonly string[]): Promise<boolean> {
    const input = this.page.locator(".jp-ModalCommandPalette input");
    if (!(await input.isVisible())) await this.page.keyboard.press("Control+Shift+c");
    if ((await input.inputValue()) !== words) await input.fill(words, { timeout: 2000 }).catch(() => {});
    const shown = labels.map((hasText) => this.#items().filter({ hasText }).first().isVisible());
    return (await Promise.all(shown)).every(Boolean);
  }

  /** The labels that the palette lists for some words, once those `wanted` are among them. */
  async palette(words: string, ...wanted: string[]): Promise<string[]> {
    let labels: string[] = [];
    const missing = async () => {
      await this.#lists(words, wanted);
      labels = await this.#items().allTextContents();
      return wanted.filter((label) => !labels.some((shown) => shown.includes(label)));
    };
    await expect.poll(missing, patient).toEqual([]);
    await this.page.keyboard.press("Escape");
    return labels;
  }

  /** Runs a command from the palette, by its label. */
  async command(label: string) {
    const item = this.#items().filter({ hasText: label }).first();
    const choose = async () => {
      if (!(await this.#lists(label, [label]))) return false;
      return item.click({ timeout: 2000 }).then(
        () => true,
        () => false,
      );
    };
    await expect.poll(choose, patient).toBe(true);
  }

  /** What axe finds wrong in parts of the page. */
  async violationsIn(...parts: string[]): Promise<string[]> {
    for (const part of parts) expect(await this.page.locator(part).first().isVisible(), part).toBe(true);
    await this.page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
    return this.page.evaluate(
      async (include) => {
        const { axe } = globalThis as unknown as {
          axe: { run(context: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        const { violations } = await axe.run({ include });
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
      },
      parts.map((part) => [part]),
    );
  }
}
