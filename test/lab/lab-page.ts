import type { Locator, Page } from "playwright-core";
import { expect, vi } from "vitest";

/** JupyterLab in a browser, as a person uses it. */
export class LabPage {
  constructor(readonly page: Page) {}

  /** The notebook that is shown. */
  get notebook(): Locator {
    return this.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)");
  }

  get cells(): Locator {
    return this.notebook.locator(".jp-Cell");
  }

  get status(): Locator {
    return this.page.locator("#jp-main-statusbar");
  }

  tab(file: string): Locator {
    return this.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", { hasText: file });
  }

  /** A line of the file browser. */
  entry(text: string): Locator {
    return this.page.locator(".jp-DirListing-item", { hasText: text }).first();
  }

  dialog(text: string | RegExp): Locator {
    return this.page.locator(".jp-Dialog", { hasText: text });
  }

  output(cell: Locator): Locator {
    return cell.locator(".jp-OutputArea-output");
  }

  /** Resolves when the kernel waits for work. */
  untilIdle(): Promise<void> {
    return this.status.getByText("TypeScript | Idle").waitFor({ timeout: 60_000 });
  }

  /** Resolves when a cell has run to its end. */
  async untilRun(cell: Locator): Promise<void> {
    const prompt = cell.locator(".jp-InputPrompt").first();
    const code = cell.locator(".cm-content").first();
    const message = (await code.textContent()) ?? "";
    await expect.poll(() => prompt.textContent(), { message }).toMatch(/\[\d+\]:/);
  }

  /** Chooses from an open menu. */
  async choose(item: RegExp | string): Promise<void> {
    await this.page.locator(".lm-Menu-itemLabel", { hasText: item }).first().click();
  }

  async menu(name: string, item: RegExp | string): Promise<void> {
    await this.page.locator(".lm-MenuBar-itemLabel", { hasText: new RegExp(`^${name}$`) }).click();
    await this.choose(item);
  }

  /** Runs a command of the palette; again, where the palette was closed by something that took the focus. */
  async command(label: string): Promise<void> {
    const palette = this.page.locator(".jp-ModalCommandPalette:not(.lm-mod-hidden)");
    const choose = async () => {
      if (!(await palette.isVisible())) await this.page.keyboard.press("Control+Shift+c");
      await palette.locator("input").fill(label, { timeout: 3000 });
      await palette.locator(".lm-CommandPalette-item", { hasText: label }).first().click({ timeout: 3000 });
    };
    await vi.waitFor(choose, { timeout: 40_000, interval: 200 });
  }

  /** Says yes in a dialog. */
  async accept(): Promise<void> {
    await this.page.locator(".jp-Dialog .jp-mod-accept").click();
  }

  /** Writes code into a new last cell and runs it. */
  async runNew(code: string): Promise<Locator> {
    const { keyboard } = this.page;
    await this.cells.last().locator(".cm-content").click();
    await keyboard.press("Escape");
    await keyboard.press("b");
    await keyboard.press("Enter");
    await keyboard.insertText(code);
    await keyboard.press("Control+Enter");
    return this.cells.last();
  }

  /** Runs code and resolves with the text of its output. */
  async answerTo(code: string): Promise<string> {
    const cell = await this.runNew(code);
    await this.untilRun(cell);
    return this.textOf(cell);
  }

  async textOf(cell: Locator): Promise<string> {
    return (await this.output(cell).allTextContents()).join("").trim();
  }

  /** Opens a file by a double click, and resolves once its tab is there. */
  async open(file: string): Promise<void> {
    await this.entry(file).dblclick();
    await this.page.locator(".lm-DockPanel-tabBar .lm-mod-current", { hasText: file }).waitFor();
  }

  async close(file: string): Promise<void> {
    await this.tab(file).locator(".lm-TabBar-tabCloseIcon").click();
    await this.tab(file).waitFor({ state: "detached" });
  }

  /** Resolves when the server has taken a file, which somebody is about to save. */
  async saved(file: string): Promise<void> {
    const answer = await this.page.waitForResponse(
      (one) => one.request().method() === "PUT" && one.url().includes(encodeURIComponent(file)),
    );
    expect(answer.status()).toBeLessThan(300);
  }

  /** Saves with the keyboard and resolves when the server has taken it. */
  async save(file: string): Promise<void> {
    await Promise.all([this.saved(file), this.page.keyboard.press("Control+s")]);
  }
}
