/** The panel of sections, as browser.test.ts tries it in both JupyterLabs. */
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { code, type Lab, markdown, notebookOf } from "./lab";

export function writeSections({ root }: { root: string }) {
  const lines = Array.from({ length: 30 }, (_, i) => markdown(`${"Text ".repeat(60)}${i}`));
  const first = markdown("# 1 · Start\n\n*Reading 2 minutes · running 1 s*");
  const files = {
    "1-start": notebookOf([first, code("1 + 1"), code("")]),
    "2-next": notebookOf([markdown("# 2 · Next"), code("throw 1"), ...lines]),
    "3-broken": "{",
    "10-last": notebookOf([markdown("# 10 · Last")]),
    "ru/2-next": notebookOf([markdown("# 2 · Далее"), code("throw 1"), ...lines]),
  };
  mkdirSync(`${root}/guide/ru`, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(`${root}/guide/${name}.ipynb`, text);
}

export const showSections = (lab: Lab) =>
  lab.page.locator('.jp-SideBar [data-id="threads-and-loop-sections"]').click();

/** Where a notebook is open beside which there are none with numbers. */
export function trySections(lab: Lab) {
  const { cell } = lab;
  const entries = () => lab.page.locator(".tl-Sections li button");
  const toolbar = (name: string) => lab.panel(`[data-jp-item-name="${name}"]`);
  const tabs = () => lab.page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel").allTextContents();
  const kernels = async () =>
    (await lab.server.json<{ path: string }[]>("/api/sessions")).map(({ path }) => path);

  async function save() {
    await lab.page.keyboard.press("Control+s");
    await lab.page.locator(".lm-TabBar-tab.jp-mod-dirty.jp-mod-current").waitFor({ state: "detached" });
  }

  /** JupyterLab writes its layout down a moment later. */
  const keptLayout = () =>
    lab.page.waitForRequest(
      (request) => request.postData()?.includes('"current":"threads-and-loop-sections"') ?? false,
    );

  it("are listed by their titles, whatever is in the folder", async () => {
    await showSections(lab);
    await lab.page.getByText("This folder has no numbered notebooks.").waitFor();
    // This shows the files.
    await lab.open("guide/1-start.ipynb");
    await showSections(lab);
    await expect
      .poll(() => entries().allTextContents(), { timeout: 20_000 })
      .toEqual(["1 · StartReading 2 minutes · running 1 s", "2 · Next", "3-broken", "10 · Last"]);
    expect(await lab.page.locator(".tl-Sections [aria-current=page]").textContent()).toContain("1 · Start");
  });

  it("show what ran clean, what changed since then and what failed, and take the place of each other", async () => {
    await lab.status("TypeScript | Idle");
    await lab.run(1);
    await entries().nth(0).getByText("✓ ran clean").waitFor();
    await lab.page.keyboard.press("Enter");
    await lab.page.keyboard.press("Control+End");
    await lab.page.keyboard.type(" + 1");
    await entries().nth(0).getByText("changed since it ran").waitFor();
    await lab.run(1);
    await entries().nth(0).getByText("✓ ran clean").waitFor();
    await save();
    await entries().nth(1).click();
    await cell(1).getByText("throw 1").waitFor();
    await expect.poll(tabs).not.toContain("1-start.ipynb");
    await lab.status("TypeScript | Idle");
    await lab.run(1);
    await entries().nth(1).getByText("✗ failed").waitFor();
    await lab.photograph("sections");
    await save();
  });

  it("are gone through by the toolbar", async () => {
    expect(await kernels()).toContain("guide/1-start.ipynb");
    await toolbar("previous-section").click();
    await cell(1).getByText("1 + 1").waitFor();
    await toolbar("previous-section").locator("[disabled]").first().waitFor();
    expect(await kernels()).toContain("guide/2-next.ipynb");
  });

  it("are gone through by the keyboard, and end the kernel that is left if that is wanted", async () => {
    const settings = "/lab/api/settings/@threads-and-loop/lab-extension:sections";
    await lab.server.json(settings, { raw: '{ "endLeftKernels": true }' });
    // With no other tab, which would be shown while this one is restored.
    await lab.load("guide/1-start.ipynb");
    await lab.status("TypeScript | Idle");
    await cell(1).locator(".cm-content").click();
    await lab.page.keyboard.press("Alt+PageDown");
    await cell(1).getByText("throw 1").waitFor();
    await expect.poll(kernels, { timeout: 20_000 }).not.toContain("guide/1-start.ipynb");
  });

  it("are there again after the page was loaded again", async () => {
    const kept = keptLayout();
    await showSections(lab);
    await kept;
    await lab.page.reload();
    await entries().nth(1).getByText("2 · Next").waitFor();
    await cell(1).getByText("throw 1").waitFor();
  });

  it("have another edition, which opens at the same place", async () => {
    await cell(0).click();
    for (let i = 0; i < 20; i++) await lab.page.keyboard.press("ArrowDown");
    const here = () => lab.panel(".jp-mod-active.jp-Cell p").filter({ hasText: "Text 18" });
    await here().waitFor();
    const top = async () => (await here().boundingBox())!.y;
    await lab.page.locator(".tl-Sections").getByRole("button", { name: "Русский" }).click();
    await lab.page.locator(".tl-Sections").getByText("2 · Далее").waitFor();
    await here().waitFor();
    await expect.poll(top).toBeGreaterThan(0);
    expect(await top()).toBeLessThan(800);
    await lab.photograph("edition");
    await toolbar("switch-edition").getByText("English").click();
    await lab.page.locator(".tl-Sections").getByText("2 · Next").waitFor();
  });

  it("leave the tab where it is if the other notebook cannot be opened", async () => {
    await entries().nth(2).click();
    // JupyterLab says what is wrong, and asks whether what it could not read shall be saved.
    const dialog = lab.page.locator(".jp-Dialog");
    await dialog.getByRole("button").last().click();
    await dialog.getByRole("button", { name: /^Discard/ }).click();
    await dialog.waitFor({ state: "detached" });
    expect(await tabs()).toContain("2-next.ipynb");
  });
}
