/** What the scenarios of browser.test.ts share: one page of one JupyterLab. */
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

export const markdown = (source: string) => ({ cell_type: "markdown", metadata: {}, source });
export const code = (source: string, outputs: object[] = [], ...tags: string[]) => ({
  cell_type: "code",
  metadata: tags.length > 0 ? { tags } : {},
  source,
  execution_count: null,
  outputs,
});

/** The text of a notebook of the project's kernel, or of another one. */
export const notebookOf = (
  cells: object[],
  kernelspec = { display_name: "TypeScript", language: "typescript", name: "tslab" },
) =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec },
    cells: cells.map((cell, i) => ({ ...cell, id: `c${i}` })),
  });

export interface Lab {
  page(): Page;
  /** Opens a document in the page, and waits for its second cell. */
  open(document: string): Promise<void>;
  /** A path below the server's folder. */
  on(...names: string[]): string;
  /** A cell of the notebook that is seen. */
  cell(index: number): Locator;
  photograph(name: string): Promise<unknown>;
  /** Accepts the dialog that shows. */
  accept(): Promise<void>;
  /** The labels that the palette lists for some words, once they are there. */
  palette(words: string, ...labels: string[]): Promise<string[]>;
  /** Runs a command from the palette, by its label. */
  command(label: string): Promise<void>;
}

/** What works the same in every JupyterLab. */
export function labOn(
  page: () => Page,
  { addressOf, on, photograph }: Pick<Lab, "on" | "photograph"> & { addressOf(document: string): string },
): Lab {
  const cell = (index: number) =>
    page().locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").nth(index);
  const items = () => page().locator(".jp-ModalCommandPalette .lm-CommandPalette-itemLabel");
  const openPalette = async (words: string) => {
    const input = page().locator(".jp-ModalCommandPalette input");
    // A page that has just been opened may not hear the keys yet.
    await expect
      .poll(
        async () => {
          if (!(await input.isVisible())) await page().keyboard.press("Control+Shift+c");
          return input.isVisible();
        },
        { interval: 300, timeout: 20_000 },
      )
      .toBe(true);
    await input.fill(words);
    await items().first().waitFor();
  };
  return {
    page,
    on,
    photograph,
    cell,
    async open(document) {
      // The tabs of a scenario before would come back.
      await page().goto(`${addressOf(document)}&reset`);
      await cell(1).waitFor();
    },
    async accept() {
      await page().locator(".jp-Dialog .jp-mod-accept").click();
      await page().locator(".jp-Dialog").waitFor({ state: "detached" });
    },
    async palette(words, ...wanted) {
      await openPalette(words);
      for (const label of wanted) await items().filter({ hasText: label }).first().waitFor();
      const labels = await items().allTextContents();
      await page().keyboard.press("Escape");
      return labels;
    },
    async command(label) {
      await openPalette(label);
      await items().filter({ hasText: label }).first().click();
    },
  };
}
