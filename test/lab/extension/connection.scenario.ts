/** How all of it looks, and the banner of a lost connection, as browser.test.ts tries them in both JupyterLabs. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Lab } from "./lab";

async function choose(lab: Lab, theme: string) {
  await lab.menu("Settings", "Theme", theme);
  await lab.page.locator(`body[data-jp-theme-name="${theme}"]`).waitFor({ state: "attached" });
}

/** Where a section is open, and the panel of sections. */
export function tryThemes(lab: Lab) {
  beforeAll(async () => {
    await lab.write(1, "for (const end = Date.now() + 700; Date.now() < end; );");
    await lab.page.keyboard.press("Control+Enter");
    await lab.loop().getByText("Loop: blocked").waitFor();
    await lab.loop().getByText("Loop: free").waitFor();
  });

  describe.each(["JupyterLab Light", "JupyterLab Dark"])("in the theme %s", (theme) => {
    it("has nothing that axe finds wrong, and fits a narrow page", async () => {
      await choose(lab, theme);
      await lab.loop().getByRole("button").click();
      await lab.photograph(theme);
      expect(await lab.violationsIn(".tl-Sections", ".tl-Loop", ".tl-Loop-history")).toEqual([]);
      await lab.page.setViewportSize({ width: 700, height: 800 });
      await lab.photograph(`${theme}, narrow`);
      for (const part of [".tl-Sections", ".tl-Loop-history"]) {
        const { x, width } = (await lab.page.locator(part).boundingBox())!;
        expect(x + width, part).toBeLessThanOrEqual(700);
      }
      await lab.page.setViewportSize({ width: 1280, height: 800 });
      await lab.page.keyboard.press("Escape");
    });
  });
}

/** In the dark theme. */
export function tryConnection(lab: Lab) {
  const { cell } = lab;
  const banner = () => lab.panel(".tl-Banner");

  it("is said to be lost while the server is away, then the kernel to be gone, and one button starts a new one", async () => {
    // Alone, as each notebook has a banner.
    await lab.load("work.ipynb");
    await lab.status("TypeScript | Idle");
    expect(await banner().isVisible()).toBe(false);
    // JupyterLab's own dialog says it, too, where it asks the server just then.
    const dialog = lab.page.locator(".jp-Dialog", { hasText: "Server Connection Error" });
    await lab.page.addLocatorHandler(dialog, () => dialog.getByRole("button").last().click());
    await lab.server.close();
    await banner().getByText("The server does not answer.").waitFor();
    expect(await lab.loop().isVisible()).toBe(false);
    await lab.photograph("server-gone");
    lab.server = await lab.start();
    await banner().getByText("The kernel of this notebook is gone").waitFor();
    await lab.photograph("kernel-gone");
    expect(await lab.violationsIn(".tl-Banner")).toEqual([]);
    await choose(lab, "JupyterLab Light");
    expect(await lab.violationsIn(".tl-Banner")).toEqual([]);
    await banner().getByRole("button", { name: "Start a New Kernel" }).click();
    await lab.status("TypeScript | Idle");
    await banner().waitFor({ state: "hidden" });
    await lab.run(1);
    await cell(1).locator(".jp-OutputArea-output", { hasText: "2" }).waitFor();
    await lab.page.removeLocatorHandler(dialog);
  });
}
