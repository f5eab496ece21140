import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Scene } from "./scene";

/** What is done in the file browser. */
export function fileScenarios(scene: Scene): void {
  it("a folder is copied and pasted, and deleted with what is in it", async () => {
    const { lab } = scene;
    await lab.entry("folder").click({ button: "right" });
    await lab.choose("Copy");
    const below = lab.page.locator(".jp-DirListing-content");
    await below.click({ button: "right", position: { x: 100, y: 400 } });
    await lab.choose("Paste");
    await lab.entry("folder-Copy1").waitFor();
    expect(scene.read("folder-Copy1/deep/file.txt")).toBe("kept");
    await lab.entry("folder-Copy1").click({ button: "right" });
    await lab.choose("Delete");
    await lab.accept();
    await expect.poll(() => existsSync(scene.on("folder-Copy1"))).toBe(false);
  });

  it("a file is duplicated, moved, and renamed onto another only after a question", async () => {
    const { lab } = scene;
    const { keyboard } = lab.page;
    await lab.entry("a.txt").click();
    await keyboard.press("Control+d");
    await lab.entry("a-Copy1.txt").click();
    await keyboard.press("Control+x");
    await lab.entry("folder").dblclick();
    await lab.entry("deep").waitFor();
    await keyboard.press("Control+v");
    await lab.entry("a-Copy1.txt").waitFor();
    expect(existsSync(scene.on("a-Copy1.txt"))).toBe(false);
    expect(scene.read("folder/a-Copy1.txt")).toBe("a");
    await lab.page.locator(".jp-BreadCrumbs-home").click();
    await lab.entry("b.txt").click();
    await keyboard.press("F2");
    await lab.page.locator(".jp-DirListing-editor").fill("a.txt");
    await keyboard.press("Enter");
    await lab.dialog("Overwrite").locator(".jp-mod-accept").click();
    await expect.poll(() => existsSync(scene.on("a.txt")) && scene.read("a.txt")).toBe("b");
    expect(existsSync(scene.on("b.txt"))).toBe(false);
  });

  it("a large file with a name of letters, marks and spaces is uploaded and downloaded whole", async () => {
    const { lab } = scene;
    const name = "ü 🎉 #1 100%.bin";
    const file = scene.on(name);
    const buffer = Buffer.alloc(3_000_000, "0123456789");
    const chosen = lab.page.waitForEvent("filechooser");
    await lab.page.locator('[data-command="filebrowser:upload"], [title^="Upload Files"]').first().click();
    await (await chosen).setFiles({ name, mimeType: "application/octet-stream", buffer });
    await lab.entry(name).waitFor();
    await expect.poll(() => existsSync(file) && readFileSync(file).equals(buffer)).toBe(true);
    await lab.entry(name).click({ button: "right" });
    const download = lab.page.waitForEvent("download");
    await lab.choose("Download");
    expect(readFileSync(await (await download).path()).equals(buffer)).toBe(true);
  });

  it.each([
    ["page.md", ".jp-RenderedMarkdown, .jp-FileEditor"],
    ["data.json", ".jp-RenderedJSON, .jp-FileEditor"],
    ["table.csv", ".jp-CSVViewer"],
    ["table.tsv", ".jp-CSVViewer"],
    ["drawing.svg", ".jp-ImageViewer"],
    ["picture.png", ".jp-ImageViewer"],
    ["code.ts", ".jp-FileEditor"],
  ])("%s opens in its viewer", async (file, viewer) => {
    const { lab } = scene;
    await lab.open(file);
    await lab.page.locator(viewer).filter({ visible: true }).first().waitFor();
    await lab.close(file);
  });

  it("a notebook that is none, and a file that is no text, are refused in a dialog", async () => {
    const { lab } = scene;
    // The official one may keep a tab of what it could not open.
    await lab.page.addLocatorHandler(lab.dialog("Save your work"), (found) =>
      found.locator("button", { hasText: "Discard" }).click(),
    );
    for (const file of ["broken.ipynb", "binary.dat"]) {
      await lab.entry(file).dblclick();
      await lab.dialog(/error/i).waitFor();
      await lab.page.keyboard.press("Escape");
      await lab.dialog(/error/i).waitFor({ state: "detached" });
    }
  });
}
