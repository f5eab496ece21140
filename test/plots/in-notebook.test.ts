import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, Kernel, kernels } from "../kernel/client";

const three = ["application/vnd.vegalite.v5+json", "image/svg+xml", "text/plain"];

function displays({ published }: Answer) {
  return published.filter(({ header }) => header.msg_type.endsWith("display_data"));
}

describe.each(Object.entries(kernels))("in the kernel %s", (name, argv) => {
  let kernel: Kernel;

  beforeAll(async () => {
    kernel = await Kernel.start({ argv });
    await kernel.run('import { costChart, liveChart, progress, show, watchLoop } from "kernel-helpers"');
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  it("shows a chart as one display with a picture for every front end", async () => {
    const shown = displays(await kernel.run("show(costChart({ 'a call': 12 }))"));
    expect(shown).toHaveLength(1);
    expect(Object.keys(shown[0]!.content.data)).toEqual(three);
    expect(shown[0]!.content.data["application/vnd.vegalite.v5+json"].description).toBe(
      "a call costs 12 µs.",
    );
  });

  it("updates a live chart in place", async () => {
    const shown = displays(await kernel.run("liveChart(() => costChart({ a: 1 })).stop()"));
    expect(shown.map(({ header }) => header.msg_type)).toEqual(["display_data", "update_display_data"]);
    const ids = shown.map(({ content }) => content.transient.display_id);
    expect(ids[0]).toBe(ids[1]);
    expect(Object.keys(shown[1]!.content.data)).toEqual(three);
  });

  it("draws progress in one display", async () => {
    const shown = displays(await kernel.run("for (const x of progress([1, 2, 3]));"));
    expect(new Set(shown.map(({ content }) => content.transient.display_id)).size).toBe(1);
    expect(shown.at(-1)!.content.data["text/plain"]).toMatch(/█ 3 of 3 · \d/);
  });

  it("names the cell's function that blocks the loop, while it blocks", async () => {
    const code = [
      "let watcher = await watchLoop({ threshold: 20, onBlock: ({ message }) => console.log(message) })",
      "function parseLog() { const end = Date.now() + 3000; while (watcher.seen === 0 && Date.now() < end); }",
      "await new Promise<void>((done) => setTimeout(() => { parseLog(); done() }, 30))",
      "await new Promise((done) => setTimeout(done, 50))",
      "await watcher.stop()",
    ];
    const { published } = await kernel.run(code.join("\n"));
    const printed = published.map(({ content }) => content.text ?? "").join("");
    const cell = name === "ours" ? "cell \\d+" : "cell";
    expect(printed).toMatch(new RegExp(`^blocked \\d+ ms at parseLog < ${cell}\n`, "m"));
  });
});

describe("a chart as the last expression of a cell", () => {
  it("shows itself under our launcher", async () => {
    await using kernel = await Kernel.start();
    await kernel.run('import { costChart } from "kernel-helpers"');
    const { published } = await kernel.run("costChart({ 'a call': 12 })");
    const bundles = published
      .filter(({ content }) => content.data)
      .map(({ content }) => Object.keys(content.data));
    expect(bundles).toEqual([three]);
  });
});
