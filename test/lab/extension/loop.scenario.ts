/** The loop's indicator in the status bar, as browser.test.ts tries it in both JupyterLabs. */
import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { code, type Lab, markdown } from "./lab";

/** Holds the loop, and a thread, until the file `go` is there, so that a test can look at what is shown meanwhile. */
const blocking = `// holds up everything
import { toThread } from "kernel-helpers";
const { existsSync } = require("node:fs");
function hold() {
  while (!existsSync("go"));
}
const inThread = toThread(() => {
  while (!require("node:fs").existsSync("go"));
});
await new Promise((resolve) => setTimeout(resolve, 500));
hold();
await inThread;`;

/** Holds up nothing until the file `on` is there. */
const awaiting = `while (!existsSync("on")) await new Promise((resolve) => setTimeout(resolve, 10));`;

export const work = [markdown("# Work"), code("1 + 1"), code(blocking), code(awaiting)];

/** In the notebook `work`, which is open. */
export function tryLoop(lab: Lab) {
  const { cell } = lab;
  const free = () => lab.loop().getByText("Loop: free", { exact: true }).waitFor();
  const toggleStatusBar = () => lab.menu("View", /^Appearance$/, "Show Status Bar");

  it("is free, is said to be blocked and by what while a cell blocks it, and free again", async () => {
    await free();
    await lab.run(2);
    await lab
      .loop()
      .getByText(/^Loop: blocked for \d\.\d s by hold, cell 1 line 5 · 1 of \d+ threads busy$/)
      .waitFor();
    await lab.photograph("loop-blocked");
    writeFileSync(lab.on("go"), "");
    await free();
  });

  it("is free while a cell only awaits", async () => {
    await lab.run(3);
    await lab.status("TypeScript | Busy");
    await lab.photograph("loop-awaiting");
    expect(await lab.loop().textContent()).toBe("Loop: free");
    writeFileSync(lab.on("on"), "");
    await lab.status("TypeScript | Idle");
  });

  it("shows on a click what blocked it, and leads to the line", async () => {
    await cell(1).locator(".cm-content").click();
    await lab.loop().getByRole("button").click();
    const entry = lab.page.locator(".tl-Loop-history").getByRole("button", { name: "hold, cell 1 line 5" });
    await lab.photograph("loop-history");
    await entry.first().click();
    await expect.poll(() => cell(2).getAttribute("class")).toContain("jp-mod-active");
    await lab.status("Ln 5, Col 1");
  });

  it("is not watched while the status bar is hidden", async () => {
    const closed = () => lab.sent.filter(({ text }) => text.includes('"comm_close"')).length;
    const before = closed();
    await toggleStatusBar();
    await expect.poll(closed).toBe(before + 1);
    await toggleStatusBar();
    await free();
  });

  it("comes back after a restart of the kernel", async () => {
    await cell(1).locator(".cm-content").click();
    for (const key of ["Escape", "0", "0"]) await lab.page.keyboard.press(key);
    await lab.accept();
    await free();
  });

  it("is absent for a kernel that tells nothing of it", async () => {
    await lab.open("odd.ipynb");
    await lab.status("flood | Idle");
    expect(await lab.loop().isVisible()).toBe(false);
    const sessions = await lab.server.json<{ path: string; kernel: { id: string } }[]>("/api/sessions");
    const { kernel } = sessions.find(({ path }) => path === "odd.ipynb")!;
    const sent = lab.sent.filter((one) => one.kernel.includes(kernel.id)).map(({ text }) => text);
    expect(sent.some((text) => text.includes("kernel_info_request"))).toBe(true);
    expect(sent.some((text) => text.includes("kernel-helpers:loop"))).toBe(false);
  });
}
