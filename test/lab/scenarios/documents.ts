import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Scene } from "./scene";

/** What is done with open documents. */
export function documentScenarios(scene: Scene): void {
  it("goes back to the checkpoint", async () => {
    const { lab } = scene;
    await lab.cells.last().locator(".cm-content").click();
    await lab.save("work.ipynb");
    await lab.page.keyboard.insertText("thrown away");
    await lab.menu("File", "Revert Notebook to Checkpoint…");
    await lab.accept();
    await expect.poll(() => lab.cells.getByText("thrown away").count()).toBe(0);
  });

  it("asks which is right where a file was changed on the disk, and does what it is told", async () => {
    const { lab } = scene;
    const text = lab.page.locator(".jp-FileEditor:not(.lm-mod-hidden) .cm-content");
    await lab.open("code.ts");
    for (const [choice, kept] of [
      ["Revert", "on the disk 0"],
      ["Overwrite", "in the page 1"],
    ] as const) {
      const round = choice === "Revert" ? 0 : 1;
      await text.click();
      await lab.page.keyboard.press("Control+a");
      await lab.page.keyboard.insertText(`in the page ${round}`);
      writeFileSync(scene.on("code.ts"), `on the disk ${round}`);
      await lab.page.keyboard.press("Control+s");
      await lab.dialog("File Changed").locator("button", { hasText: choice }).click();
      await text.getByText(kept).waitFor();
      await expect.poll(() => scene.read("code.ts")).toBe(kept);
      await lab.tab("code.ts").and(lab.page.locator(":not(.jp-mod-dirty)")).waitFor();
    }
    await lab.close("code.ts");
  });

  it("a stranger's notebook runs nothing until it is trusted, and that is remembered", async () => {
    const { lab } = scene;
    const ran = () => lab.page.evaluate("window.ran");
    await lab.open("stranger.ipynb");
    await lab.output(lab.cells.nth(1)).getByText("stranger").waitFor();
    expect(await ran()).toBeUndefined();
    await lab.command("Trust Notebook");
    // The command saves, too.
    const trust = lab.dialog("Trust this notebook?").locator("button", { hasText: "Trust" });
    await Promise.all([lab.saved("stranger.ipynb"), trust.click()]);
    await expect.poll(ran).toBeDefined();
    await lab.close("stranger.ipynb");
    await lab.page.evaluate("delete window.ran");
    await lab.open("stranger.ipynb");
    await expect.poll(ran).toBeDefined();
    await lab.close("stranger.ipynb");
  });

  it("finds a word, and follows a link to a place in another notebook", async () => {
    const { lab } = scene;
    await lab.open("linked.ipynb");
    await lab.cells.nth(1).click();
    await lab.page.keyboard.press("Control+f");
    await lab.page.locator(".jp-DocumentSearch-input").first().fill("needle");
    await expect
      .poll(() => lab.page.locator(".jp-DocumentSearch-index-counter").textContent())
      .toMatch(/[12]\/2/);
    await lab.page.keyboard.press("Escape");
    await lab.notebook.getByRole("link", { name: "To the other" }).click();
    await lab.notebook.getByRole("heading", { name: "Below" }).waitFor();
    expect(await lab.tab("other.ipynb").count()).toBe(1);
    await lab.close("other.ipynb");
    await lab.close("linked.ipynb");
  });

  it("a notebook is exported as a page", async () => {
    const address = "/nbconvert/html/work.ipynb?download=true";
    const got = await scene.lab.page.evaluate(async (address) => {
      const answer = await fetch(address);
      return [answer.status, answer.headers.get("content-disposition"), await answer.text()] as const;
    }, address);
    expect(got[0]).toBe(200);
    expect(got[1]).toContain("work.html");
    expect(got[2]).toContain("after");
  });
}
