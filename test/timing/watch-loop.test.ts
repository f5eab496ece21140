import { type BlockReport, type LoopWatcher, watchLoop } from "kernel-helpers";
import { afterEach, describe, expect, it } from "vitest";
import { sleep } from "./spin";

let watcher: LoopWatcher | undefined;

afterEach(async () => {
  await watcher?.stop();
});

/** Blocks until the watcher has seen it, which it can only while the loop is blocked. */
function parseLog(watch: LoopWatcher, deadline = performance.now() + 3_000): void {
  const before = watch.seen;
  while (watch.seen === before && performance.now() < deadline);
}

async function firstReport(act: (watch: LoopWatcher) => void): Promise<BlockReport> {
  const reports: BlockReport[] = [];
  watcher = await watchLoop({ threshold: 20, onBlock: (report) => reports.push(report) });
  await new Promise<void>((resolve) => setTimeout(() => resolve(act(watcher!)), 20));
  const isOurs = ({ frames }: BlockReport) => frames[0]?.name === "parseLog";
  for (let i = 0; i < 200 && !reports.some(isOurs); i++) await sleep(5);
  return reports.find(isOurs)!;
}

describe("watchLoop", () => {
  it("sees a block while it lasts, and names the function that holds the loop", async () => {
    const report = await firstReport(function readAll(watch) {
      parseLog(watch);
    });
    expect(watcher!.seen).toBeGreaterThan(0);
    expect(report.frames.slice(0, 2).map(({ name }) => name)).toEqual(["parseLog", "readAll"]);
    expect(report.frames[0]!.file).toContain("watch-loop.test.ts");
    expect(report.message).toMatch(/^blocked \d+ ms at parseLog < readAll/);
    expect(report.seenAfter).toBeGreaterThan(0);
    expect(report.seenAfter).toBeLessThanOrEqual(report.duration);
  });

  it("reports nothing while the loop is free, and nothing once stopped", async () => {
    const reports: BlockReport[] = [];
    watcher = await watchLoop({ threshold: 5000, onBlock: (report) => reports.push(report) });
    await sleep(50);
    await watcher.stop();
    await watcher.stop();
    expect(reports).toEqual([]);
  });

  it.each([0, 4, Number.NaN])("refuses a threshold of %s and says what it expects", async (threshold) => {
    await expect(watchLoop({ threshold })).rejects.toThrow(
      `\`threshold\` must be at least 5 ms, got ${threshold}.`,
    );
  });
});

describe("a frame of a notebook's cell", () => {
  const cells = Symbol.for("kernel-helpers.cells");
  const holder = globalThis as { [key: symbol]: unknown };

  afterEach(() => {
    delete holder[cells];
  });

  it("bears the cell's label and the line as the reader typed it, where the kernel knows them", async () => {
    const { readableFrames, where } = await import("../../kernel-helpers/timing/frames");
    holder[cells] = new Map([
      ["cell-3.js", { label: "cell 3", origin: (line: number) => ({ line: line - 9 }) }],
    ]);
    const frames = readableFrames([
      { name: "parseLog", file: "cell-3.js", line: 10, column: 0 },
      { name: "", file: "cell-3.js", line: 12, column: 0 },
      { name: "emit", file: "node:internal/events", line: 1, column: 0 },
    ]);
    expect(frames).toEqual([
      { name: "parseLog", file: "cell 3", line: 2 },
      { name: "cell 3", file: "cell 3", line: 4 },
    ]);
    expect(where(frames)).toBe("parseLog < cell 3");
  });

  it("is called a cell under a kernel that names none", async () => {
    const { readableFrames } = await import("../../kernel-helpers/timing/frames");
    expect(readableFrames([{ name: "", file: "evalmachine.<anonymous>", line: 1, column: 0 }])).toEqual([
      { name: "cell", file: "", line: 2 },
    ]);
  });
});
