import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { debugByHand, debuggedNotebook } from "../debugger-scenario";
import { project } from "../playground";
import type { Scene } from "./scene";

/** What happens to a kernel, and to the way to it. `name` is the server's. */
export function kernelScenarios(scene: Scene, name: string): void {
  it("a connection that breaks while a cell runs loses no line, and the cell ends", async () => {
    const { lab } = scene;
    const cell = lab.cells.first();
    await cell.locator(".cm-content").click();
    await lab.page.keyboard.press("Control+Enter");
    await lab.output(cell).getByText("line2").waitFor();
    await scene.disconnect();
    await expect.poll(() => scene.connections()).toBe(0);
    writeFileSync(scene.on("go"), "");
    // The kernel writes a file when the cell has ended: the page, cut off, shows nothing.
    await expect.poll(() => existsSync(scene.on("ended"))).toBe(true);
    scene.reconnect();
    await lab.untilRun(cell);
    expect((await lab.textOf(cell)).split(/\s+/)).toEqual(Array.from({ length: 10 }, (_, i) => `line${i}`));
  });

  it("the debugger stops the loop, and then a thread while the loop goes on", async () => {
    writeFileSync(scene.on("debug.ipynb"), JSON.stringify(debuggedNotebook));
    const pictures = path.join(project, "out", "test-lab", "pictures");
    const lab = await scene.newPage({ width: 1500, height: 900 });
    try {
      // In a workspace of its own, without the other notebook.
      await lab.page.goto(
        scene.addressOf("debug.ipynb").replace("/lab/tree/", "/lab/workspaces/debugger/tree/"),
      );
      await lab.untilIdle();
      await debugByHand(lab.page, pictures, name.split(" ").at(-1)!);
    } finally {
      await lab.page.screenshot({ path: path.join(pictures, `debugger-${name.split(" ").at(-1)}-end.png`) });
      await lab.page.close();
    }
  });

  it("a key interrupts an endless loop, and what waits for ever; what is in memory stays", async () => {
    const { lab } = scene;
    await lab.answerTo("(globalThis as any).kept = 'kept in memory';");
    for (const code of ["while (true) {}", "await new Promise(() => {});"]) {
      const cell = await lab.runNew(`console.log('started'); ${code}`);
      await lab.output(cell).getByText("started").waitFor();
      await lab.page.keyboard.press("Escape");
      await lab.page.keyboard.press("i");
      await lab.page.keyboard.press("i");
      await lab.untilRun(cell);
    }
    expect(await lab.answerTo("console.log((globalThis as any).kept)")).toBe("kept in memory");
  });

  it("a kernel that ends itself in a cell is there again for the next", async () => {
    const { lab } = scene;
    // The official one does not always say so.
    await lab.page.addLocatorHandler(lab.dialog("appears to have died"), (found) =>
      found.locator(".jp-mod-accept").click(),
    );
    await lab.runNew("process.exit(1);");
    await lab.untilIdle();
    // What is asked while it starts may be dropped.
    const answers = async () => {
      const cell = await lab.runNew("console.log((globalThis as any).kept)");
      await lab
        .output(cell)
        .first()
        .waitFor({ timeout: 3000 })
        .catch(() => {});
      return lab.textOf(cell);
    };
    await expect.poll(answers).toBe("undefined");
  });

  it("a restart forgets", async () => {
    const { lab } = scene;
    await lab.answerTo("(globalThis as any).kept = 1;");
    await lab.menu("Kernel", "Restart Kernel…");
    await lab.accept();
    await lab.untilIdle();
    expect(await lab.answerTo("console.log('after', (globalThis as any).kept)")).toBe("after undefined");
  });

  it("a console beside the notebook shares its memory", async () => {
    const { lab } = scene;
    await lab.answerTo("(globalThis as any).shared = 6;");
    await lab.command("New Console for Notebook");
    const prompt = lab.page.locator(".jp-CodeConsole-promptCell .cm-content");
    await prompt.click();
    await lab.page.keyboard.insertText("console.log((globalThis as any).shared * 7)");
    await lab.page.keyboard.press("Shift+Enter");
    await lab.page.locator(".jp-CodeConsole-content .jp-OutputArea-output").getByText("42").waitFor();
    await lab.command("Close Tab");
    await lab.page.locator(".jp-CodeConsole").waitFor({ state: "detached" });
  });
}
