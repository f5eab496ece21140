/** Run and check, as browser.test.ts tries it in both JupyterLabs. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { code, type Lab, markdown } from "./lab";

const text = (words: string) => ({ output_type: "stream", name: "stdout", text: words });
const result = (words: string) => ({
  output_type: "execute_result",
  execution_count: 1,
  data: { "text/plain": words },
  metadata: {},
});
const error = { output_type: "error", ename: "Error", evalue: "meant", traceback: ["Error: meant"] };

/** Cells with stored outputs, and what a check finds in each: a mark. */
export const checked = [
  markdown("# Check"),
  code("1 + 1", [result("2")]),
  code('console.log("new")', [text("old\n")]),
  code('console.log("took", Math.random(), "s")', [text("took 0.5 s\n")], "measured"),
  code("console.log(Date.now())", [text("1\n")], "ignore-output"),
  code('throw new Error("meant")', [error], "raises-exception"),
  code('console.log("unstored")'),
  code(
    "let runs: number; runs = (globalThis as any).runs = ((globalThis as any).runs ?? 0) + 1; if (runs > 1) throw 1;",
  ),
];
const marks = ["✓", "≠", "✓", "✓", "✓", "≠", "✓"];

/** Until it is called again: a kernel's first words are lost, as by a server that does not listen to it yet. */
async function loseFirstWords(page: Page): Promise<() => void> {
  let isLosing = true;
  const asks = /"msg_type": ?"kernel_info_request"/;
  await page.routeWebSocket(/\/channels\?/, (socket) => {
    const server = socket.connectToServer();
    let asked = 0;
    socket.onMessage((message) => {
      if (asks.test(String(message))) asked++;
      server.send(message);
    });
    server.onMessage((message) => {
      const text = String(message);
      const isLost = isLosing && asked < 2 && asks.test(text) && text.includes('"execution_state"');
      if (!isLost) socket.send(message);
    });
  });
  return () => {
    isLosing = false;
  };
}

/** In a page of its own. */
export function tryCheck(lab: Lab) {
  const { cell } = lab;
  const mark = (index: number) => cell(index).locator(".tl-Check-mark");
  const notification = () => lab.page.locator(".Toastify__toast");
  const output = (index: number) => cell(index).locator(".jp-OutputArea-output").allTextContents();

  async function checkBy(start: () => Promise<void>) {
    await start();
    await lab.accept();
    await notification()
      .getByText(/^\d of 7 cells /)
      .waitFor();
  }

  /** Runs and checks the notebook up to its last cell. */
  async function checkUntilLast() {
    const ofAnEarlierCheck = notification().getByText("Running and checking:");
    await expect.poll(() => ofAnEarlierCheck.count()).toBe(0);
    await lab.command("Run and Check");
    await lab.accept();
    await mark(7).waitFor({ state: "detached" });
    await notification().getByText("Running and checking: 6 of 7").waitFor();
  }

  async function why(text: RegExp) {
    await cell(7).getByText("Failed").waitFor();
    await cell(7).getByRole("button", { name: "Show Why" }).click();
    await cell(7).getByText(text).waitFor();
  }

  it("compares all cells with what the file holds, by the rules of `nb run --check`", async () => {
    const hearAll = await loseFirstWords(lab.page);
    await lab.load("check.ipynb");
    await checkBy(async () => {
      await cell(1).locator(".cm-content").click();
      await lab.page.keyboard.press("Alt+Shift+R");
    });
    await notification().getByText("2 of 7 cells differ from what is stored.").waitFor();
    await expect
      .poll(() => Promise.all(marks.map((_, index) => mark(index + 1).textContent())))
      .toEqual(marks);
    hearAll();
    await lab.photograph("check");
  });

  it("shows the difference on a click and from one to the next, and takes the stored output back", async () => {
    await notification().getByRole("button", { name: "Show the First" }).click();
    await expect.poll(() => cell(2).locator(".tl-Check pre").textContent()).toBe("  stdout:\n- old\n+ new");
    await lab.photograph("check-difference");
    await lab.page.keyboard.press("Alt+Shift+N");
    await expect.poll(() => cell(6).getAttribute("class")).toContain("jp-mod-active");
    await cell(2).getByRole("button", { name: "Take the Stored Output Back" }).click();
    await expect.poll(() => output(2)).toEqual(["old\n"]);
    expect(await mark(2).count()).toBe(0);
  });

  it("forgets what it found in a cell that is edited, and changes no file", async () => {
    await cell(1).locator(".cm-content").click();
    await lab.page.keyboard.type("1");
    await mark(1).waitFor({ state: "detached" });
    await lab.command("Take All Stored Outputs Back");
    await expect.poll(() => output(6)).toEqual([]);
    expect(JSON.parse(readFileSync(lab.on("check.ipynb"), "utf8")).cells[2].outputs[0].text).toContain("old");
  });

  it("fails what cannot run twice", async () => {
    await checkBy(() => lab.command("Run Twice and Check"));
    await cell(7).getByText("Failed when it ran again").waitFor();
    await lab.photograph("check-twice");
  });

  it("can be stopped", async () => {
    await lab.write(7, "await new Promise(() => {})");
    await checkUntilLast();
    await notification().getByRole("button", { name: "Stop" }).click();
    await notification().getByText("1 of 7 cells failed.").waitFor();
    await why(/^the check was stopped; it was interrupted\.$/);
  });

  it("says so where the kernel is restarted meanwhile", async () => {
    await checkUntilLast();
    await lab.command("Restart Kernel…");
    await lab.accept();
    await why(/^The kernel died while this cell ran: it (ended or )?was (restarted|started anew)\.$/);
    await lab.photograph("check-restarted");
  });
}
