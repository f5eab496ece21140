import path from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const loop = `let ticks = 0;
const ticking = setInterval(() => console.log("tick " + ticks++), 100);
function double(n: number) {
  const twice = n * 2;
  return twice;
}
double(21)`;

const thread = `import { toThread } from "kernel-helpers";
const found = await toThread((n: number) => {
  const squared = n * n;
  return squared;
}, 7);
clearInterval(ticking);
found`;

const cellOf = (source: string, id: string) => ({
  cell_type: "code",
  id,
  metadata: {},
  source,
  execution_count: null,
  outputs: [],
});

/** A function on the event loop, and one that travels to a thread while the loop ticks. */
export const debuggedNotebook = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" } },
  cells: [cellOf(loop, "loop"), cellOf(thread, "thread")],
};

/** As a reader debugs: clicks a breakpoint, runs, reads a variable, steps, continues; then the same in a thread. */
export async function debugByHand(page: Page, pictures: string, name: string): Promise<void> {
  const cell = (index: number) => page.locator(".jp-Notebook .jp-CodeCell").nth(index);
  const picture = (what: string) =>
    page.screenshot({ path: path.join(pictures, `debugger-${name}-${what}.png`) });
  const callstack = page.locator(".jp-DebuggerCallstack");
  const variables = page.locator(".jp-DebuggerVariables");
  const press = (command: string) =>
    page.locator(`[data-command="debugger:${command}"]:visible`).first().click();
  const breakAt = async (index: number, line: number) => {
    await cell(index).locator(".cm-content").click();
    // The first one is there for the width alone.
    await cell(index).locator(".cm-gutter.cm-breakpoint-gutter .cm-gutterElement").nth(line).click();
    await cell(index).locator("[aria-label=Breakpoint]:visible").first().waitFor();
  };
  const run = async (index: number) => {
    await cell(index).locator(".cm-content").click();
    await page.keyboard.press("Control+Enter");
  };

  // Until JupyterLab has asked the kernel whether it can be debugged, a click does nothing.
  const gutter = cell(0).locator(".cm-gutter.cm-breakpoint-gutter");
  const switchOn = async () => {
    if ((await gutter.count()) === 0) await page.locator(".jp-DebuggerBugButton:visible").click();
    return gutter.count();
  };
  await expect.poll(switchOn, { interval: 3000 }).toBe(1);
  await breakAt(0, 4);
  await run(0);
  await callstack.getByText("double").first().waitFor();
  await press("next");
  await expect.poll(() => variables.textContent()).toContain("42");
  await picture("loop");
  await press("continue");
  await expect.poll(() => cell(0).locator(".jp-InputPrompt").textContent()).toContain("[1]");

  await breakAt(1, 4);
  await run(1);
  await variables.getByText("squared").first().waitFor();
  expect(await variables.textContent()).toContain("49");
  const ticks = async () =>
    ((await cell(0).locator(".jp-OutputArea").textContent()) ?? "").split("tick").length;
  const before = await ticks();
  await expect.poll(ticks).toBeGreaterThan(before + 3);
  await picture("thread");
  expect(await cell(1).locator(".jp-InputPrompt").textContent()).toContain("*");
  await press("continue");
  await cell(1).locator(".jp-OutputArea-output").getByText("49").waitFor();
}
