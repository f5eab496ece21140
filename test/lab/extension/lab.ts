/** What the scenarios of browser.test.ts share: one page of one JupyterLab. */
import type { Locator, Page } from "playwright-core";

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
  return {
    page,
    on,
    photograph,
    cell,
    async open(document) {
      await page().goto(addressOf(document));
      await cell(1).waitFor();
    },
    async accept() {
      await page().locator(".jp-Dialog .jp-mod-accept").click();
      await page().locator(".jp-Dialog").waitFor({ state: "detached" });
    },
    async command(label) {
      await page().keyboard.press("Control+Shift+c");
      const palette = page().locator("#modal-command-palette, .jp-ModalCommandPalette").first();
      await palette.locator("input").fill(label);
      await palette
        .locator(".lm-CommandPalette-item .lm-CommandPalette-itemLabel", { hasText: label })
        .first()
        .click();
    },
  };
}
