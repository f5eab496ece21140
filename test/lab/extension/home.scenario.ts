/** Exercises, TypeScript's files and definitions, and the export, as browser.test.ts tries them in both JupyterLabs. */
import { readFileSync } from "node:fs";
import { unzipSync } from "fflate";
import { expect, it } from "vitest";
import { code, type Lab, markdown } from "./lab";

const checking = `if (answer === undefined) console.log("Not solved yet: replace undefined.");
else if (answer !== 4) throw new Error("expected 4, got " + answer);`;

export const exercise = [
  markdown("# Try"),
  code("let answer: number | undefined = undefined;", [], "exercise"),
  code(checking, [], "check"),
  code("const solution = 4;", [], "solution"),
];

export const definitions = [
  markdown("# Names"),
  code('import { beside } from "./beside";'),
  code("\nfunction twice(n: number) { return 2 * n }"),
  code("twice(beside)"),
];
export const besideSource = "// The first line.\nexport const beside = 1;\n";

/** Loads the page anew. */
export function tryExercises(lab: Lab) {
  const { cell } = lab;
  const view = () => cell(1).locator(".tl-Exercise");

  async function answer(text: string) {
    await lab.write(1, `let answer: number | undefined = ${text};`);
    await view().getByText("Exercise: not checked yet").waitFor();
  }
  const check = () => view().getByRole("button", { name: "Check" }).click();

  it("is not solved, wrong with its hint, solved", async () => {
    await lab.load("exercise.ipynb");
    await view().getByText("Exercise: not solved yet").waitFor();
    await answer("5");
    await check();
    await view().getByText("Exercise: not right yet").waitFor();
    await view().getByText("expected 4, got 5").waitFor();
    await lab.photograph("exercise-wrong");
    await answer("4");
    await check();
    await view().getByText("✓ Exercise: solved").waitFor();
  });

  it("is checked by Run and Check, too", async () => {
    await answer("undefined");
    await lab.command("Run and Check");
    await lab.accept();
    await view().getByText("Exercise: not solved yet").waitFor();
  });

  it("shows its solution on request", async () => {
    const solution = cell(3).locator(".cm-content");
    expect(await solution.isVisible()).toBe(false);
    await view().getByRole("button", { name: "Show the Solution" }).click();
    await solution.waitFor();
    await view().getByRole("button", { name: "Hide the Solution" }).click();
    await solution.waitFor({ state: "hidden" });
  });
}

export function tryTypeScript(lab: Lab) {
  const { cell, tab } = lab;

  it("says the versions of the kernel in the status bar", async () => {
    await lab.open("names.ipynb");
    await lab.page
      .locator("#jp-main-statusbar")
      .getByText(/^TypeScript \d+\.\d+\.\d+ · Node\.js \d+\.\d+\.\d+$/)
      .waitFor();
  });

  it("goes to the definition in a cell and in a file", async () => {
    for (const index of [1, 2]) {
      await cell(index).locator(".cm-content").click();
      await lab.page.keyboard.press("Control+Enter");
      await cell(index)
        .locator(".jp-InputPrompt", { hasText: /\[\d+\]/ })
        .waitFor();
    }
    await cell(3).locator(".cm-content").click();
    await lab.page.keyboard.press("Home");
    await lab.page.keyboard.press("Alt+Shift+D");
    await expect.poll(() => cell(2).getAttribute("class")).toContain("jp-mod-active");
    await cell(3).locator(".cm-content").click();
    await lab.page.keyboard.press("End");
    for (const _ of "e)") await lab.page.keyboard.press("ArrowLeft");
    await lab.page.keyboard.press("Alt+Shift+D");
    await tab("beside.ts").waitFor();
    await lab.page.locator("#jp-main-statusbar").getByText("Ln 2, Col 1", { exact: true }).waitFor();
    await lab.photograph("definition");
  });

  it("has new files in palette and launcher", async () => {
    await lab.command("New TypeScript File");
    await tab("untitled.ts").waitFor();
    expect(readFileSync(lab.on("untitled.ts"), "utf8")).toBe("");
    await lab.command("New TypeScript Notebook");
    await tab("Untitled.ipynb").waitFor();
    await lab.panel(".jp-KernelName").filter({ hasText: "TypeScript" }).waitFor();
    await lab.command("New Launcher");
    await lab.page.locator(".jp-LauncherCard", { hasText: "TypeScript File" }).waitFor();
    await lab.photograph("launcher");
  });
}

export function tryExport(lab: Lab) {
  const { isOurs } = lab;
  const site = "Export the Collection as a Site";

  it("offers the formats of one notebook, and the site on our own server alone", async () => {
    await lab.open("guide/1-start.ipynb");
    // The formats are asked of the server.
    const found = await lab.palette("Export", "HTML", "Markdown", ...(isOurs ? [site] : []));
    expect(found.includes(site)).toBe(isOurs);
  });

  it.runIf(isOurs)("exports the folder of the notebook as a site, and says what it lacks", async () => {
    const download = lab.page.waitForEvent("download");
    await lab.command(site);
    const file = await download;
    expect(file.suggestedFilename()).toBe("guide-site.zip");
    expect(Object.keys(unzipSync(readFileSync(await file.path())))).toContain("1-start.html");
    await lab.page.getByText("without what cannot be read: guide/3-broken.ipynb").waitFor();
  });
}
