import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type CodeCell, parseNotebook } from "notebook-tools";
import { afterAll, expect, it } from "vitest";
import { browserMissing, launchBrowser } from "../browser";
import { codeCells, fileOf, folderOf, matching, shown } from "../kernel/fixture-notebook";
import { LabPage } from "./lab-page";
import { makePlayground } from "./playground";
import { startServer } from "./server-process";

const names = ["language", "output"];
const play = makePlayground();
const on = (name: string) => path.join(play.root, name, `${name}.ipynb`);

/** Copies a notebook of test/fixtures/kernel with the files beside it; JupyterLab can ask, so cells that must not go. */
function put(name: string): void {
  cpSync(folderOf(name), path.join(play.root, name), { recursive: true });
  const notebook = JSON.parse(readFileSync(fileOf(name), "utf8"));
  notebook.cells = notebook.cells.filter(
    ({ metadata }: { metadata: { tags?: string[] } }) => !metadata.tags?.includes("headless"),
  );
  writeFileSync(on(name), JSON.stringify(notebook));
}

/** Runs all cells of the notebook that is shown, and saves it. JupyterLab asks for one cell after the other. */
async function runAndSave(lab: LabPage, name: string, count: number): Promise<void> {
  await lab.untilIdle();
  await lab.menu("Run", "Run All Cells");
  // It also draws one after the other.
  const cells = lab.notebook.locator(".jp-CodeCell");
  await expect.poll(() => cells.count()).toBe(count);
  // Each may take its time on a busy machine. One that fails leaves those after it without a number.
  for (const cell of await cells.all()) await lab.untilRun(cell);
  await lab.save(`${name}.ipynb`);
}

afterAll(() => play.remove());

const isLeftOut = browserMissing !== undefined && !process.env.CI;

it.skipIf(isLeftOut)(
  `the kernel's fixture notebooks show in JupyterLab what they show headless${isLeftOut ? ` (LEFT OUT: ${browserMissing})` : ""}`,
  { timeout: 400_000 },
  async () => {
    for (const name of names) put(name);
    const server = startServer(play, "--no-browser");
    const browser = await launchBrowser();
    try {
      const { origin, searchParams } = new URL(await server.address());
      for (const name of names) {
        const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
        page.setDefaultTimeout(30_000);
        // In a workspace of its own: with the notebook before, which comes back, it is not certain which one is run.
        const address = `${origin}/lab/workspaces/${name}/tree/${name}/${name}.ipynb`;
        await page.goto(`${address}?token=${searchParams.get("token")}`);
        const expected = codeCells(name).filter(({ tags }) => !tags.includes("headless"));
        await runAndSave(new LabPage(page), name, expected.length);
        await page.close();
        const { cells } = parseNotebook(readFileSync(on(name), "utf8"));
        const seen = cells.filter((cell): cell is CodeCell => cell.cell_type === "code");
        expect(seen.map(({ outputs }) => shown(outputs))).toEqual(
          expected.map((cell) => matching(cell.expected)),
        );
      }
    } finally {
      await browser.close();
      server.child.kill("SIGKILL");
      await server.ended;
    }
  },
);
