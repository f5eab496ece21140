import { existsSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";
import type { LabPage } from "../lab-page";
import type { Scene } from "./scene";

const isDark = async ({ page }: LabPage) => {
  await page.locator('body[data-jp-theme-light="false"]').waitFor({ state: "attached" });
  await page.locator("#jupyterlab-splash").waitFor({ state: "detached" });
};

/** What outlives the end of a kernel, and of the server. */
export function endScenarios(scene: Scene): void {
  it("a kernel that was shut down is started again by the next cell", async () => {
    const { lab } = scene;
    await lab.tab("work.ipynb").click();
    await lab.menu("Kernel", /^Shut Down Kernel$/);
    await lab.status.getByText("No Kernel").waitFor();
    await lab.page.addLocatorHandler(lab.dialog("Select Kernel"), (found) =>
      found.locator(".jp-mod-accept").click(),
    );
    expect(await lab.answerTo("console.log(6 * 7)")).toBe("42");
  });

  it("an open tab can save after a restart of the server", async () => {
    const { lab } = scene;
    await lab.menu("Settings", /^Theme$/);
    const stored = lab.page.waitForResponse(
      (answer) => answer.request().method() === "PUT" && answer.url().includes("/lab/api/settings/"),
    );
    await lab.choose(/^JupyterLab Dark$/);
    await Promise.all([stored, isDark(lab)]);
    await scene.restart();
    // The page may have noticed that the server was away.
    const away = lab.dialog("Server Connection Error");
    await lab.page.addLocatorHandler(away, () => away.locator("button").last().click());
    await lab.cells.first().locator(".cm-content").click();
    await lab.page.keyboard.press("Control+End");
    await lab.page.keyboard.insertText("\n// written after the restart");
    await lab.page.keyboard.press("Control+s");
    await expect.poll(() => scene.read("work.ipynb")).toContain("written after the restart");
    expect(readdirSync(scene.on()).filter((file) => file.startsWith(".lab-"))).toEqual([]);
    expect(existsSync(scene.on("folder"))).toBe(true);
  });

  it("the theme and the open notebooks are there again after a restart of the server", async () => {
    const { lab } = scene;
    await lab.page.goto(scene.addressOf("").replace("/tree/", ""));
    await isDark(lab);
    await lab.tab("work.ipynb").waitFor();
  });
}
