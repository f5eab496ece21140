import { createRequire } from "node:module";
import {
  type Chart,
  costChart,
  jupyterDisplay,
  liveChart,
  type MimeBundle,
  progress,
  show,
} from "kernel-helpers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

interface Message {
  data: MimeBundle;
  displayId?: string;
  update?: boolean;
}

const symbol = Symbol.for("kernel-helpers.publish");
const holder = globalThis as { [key: symbol]: unknown };
const sent: Message[] = [];
const chart = costChart({ "a call": 12 });
const three = ["application/vnd.vegalite.v5+json", "image/svg+xml", "text/plain"];

function becomeNotebook(): void {
  holder[symbol] = { display: (message: Message) => sent.push(message), clearOutput() {} };
}

beforeEach(() => {
  sent.length = 0;
});

afterEach(() => {
  delete holder[symbol];
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function printed(stream: NodeJS.WriteStream): string[] {
  const texts: string[] = [];
  vi.spyOn(stream, "write").mockImplementation((text) => texts.push(String(text)) > 0);
  return texts;
}

describe("show", () => {
  it("sends one mimebundle with a picture for every front end", () => {
    becomeNotebook();
    show(chart);
    expect(sent).toHaveLength(1);
    const { data } = sent[0]!;
    expect(Object.keys(data)).toEqual(three);
    expect(data["application/vnd.vegalite.v5+json"]).toBe(chart.spec);
    expect(data["image/svg+xml"]).toBe(chart.toSvg());
    expect(data["text/plain"]).toBe("What a call costs. a call costs 12 µs.");
  });

  it("sends the same through tslab, where that runs without our launcher", () => {
    const { cache } = createRequire(import.meta.url);
    const path = "/somewhere/node_modules/tslab/dist/jupyter.js";
    const write = vi.fn();
    cache[path] = { exports: { lastWriteDisplayData: write } } as never;
    try {
      show(chart);
    } finally {
      delete cache[path];
    }
    expect(write).toHaveBeenCalledExactlyOnceWith(
      { data: chart.toMimeBundle(), metadata: {}, transient: {} },
      false,
    );
  });

  it("prints the chart as text in a terminal", () => {
    const texts = printed(process.stdout);
    show(chart);
    expect(texts.join("")).toBe("What a call costs\na call costs 12 µs.\n");
  });
});

describe("a chart as the last expression of a cell", () => {
  it("says by itself how it is displayed", () => {
    expect(jupyterDisplay).toBe(Symbol.for("Jupyter.display"));
    expect(Object.keys(chart[jupyterDisplay]())).toEqual(three);
  });
});

describe("liveChart", () => {
  function counter(): { draw: () => Chart; drawn: () => number } {
    let calls = 0;
    return { draw: () => costChart({ calls: ++calls }), drawn: () => calls };
  }

  it("updates one display in place, and keeps the last state with its picture", () => {
    vi.useFakeTimers();
    becomeNotebook();
    const { draw } = counter();
    const live = liveChart(draw, { every: 100 });
    vi.advanceTimersByTime(250);
    live.stop();
    live.stop();
    expect(sent.map(({ update }) => update)).toEqual([false, true, true, true]);
    expect(new Set(sent.map(({ displayId }) => displayId)).size).toBe(1);
    expect(Object.keys(sent[1]!.data)).toEqual(["application/vnd.vegalite.v5+json", "text/plain"]);
    expect(Object.keys(sent[3]!.data)).toEqual(three);
    expect(sent[3]!.data["text/plain"]).toContain("calls costs 4 µs");
    vi.advanceTimersByTime(1000);
    expect(sent).toHaveLength(4);
  });

  it("prints the last state alone in a terminal", () => {
    const texts = printed(process.stdout);
    liveChart(counter().draw).stop();
    expect(texts).toEqual(["What a call costs\ncalls costs 1 µs.\n"]);
  });

  it("ends at an error of the drawing, and stop throws it", () => {
    vi.useFakeTimers();
    becomeNotebook();
    const draw = vi.fn(() => {
      throw new Error("no data yet");
    });
    const live = liveChart(draw);
    vi.advanceTimersByTime(2000);
    expect(draw).toHaveBeenCalledTimes(1);
    expect(() => live.stop()).toThrow("no data yet");
  });

  it("refuses to update more often than one can see", () => {
    expect(() => liveChart(counter().draw, { every: 10 })).toThrow("`every` must be at least 50 ms, got 10.");
  });
});

describe("progress", () => {
  const last = () => String(sent.at(-1)!.data["text/plain"]);

  it("hands on the items of a list and counts them in one display", () => {
    becomeNotebook();
    expect([...progress(["a", "b", "c"], { label: "letters" })]).toEqual(["a", "b", "c"]);
    expect(last()).toMatch(/^letters █{24} 3 of 3 · \d+\.\d s$/);
    expect(new Set(sent.map(({ displayId }) => displayId)).size).toBe(1);
    expect(sent.map(({ update }) => update)).toEqual([false, ...sent.slice(1).map(() => true)]);
  });

  it("follows a stream, with a total or without", async () => {
    becomeNotebook();
    async function* stream() {
      yield* [1, 2, 3, 4];
    }
    const seen: number[] = [];
    for await (const item of progress(stream(), { total: 4 })) seen.push(item);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(last()).toContain("4 of 4");
    for await (const item of progress(stream())) seen.push(item);
    expect(last()).toMatch(/^4 · /);
  });

  it("is ticked by hand up to a total, at most ten times a second", () => {
    becomeNotebook();
    const bar = progress(1000);
    for (let i = 0; i < 1000; i++) bar.tick();
    bar.tick();
    expect(bar.done).toBe(1000);
    expect(last()).toContain("1000 of 1000");
    expect(sent.length).toBeLessThan(100);
  });

  it("stops where the loop was left early", () => {
    becomeNotebook();
    for (const item of progress([1, 2, 3, 4])) if (item === 3) break;
    expect(last()).toMatch(/^█{12}░{12} 2 of 4/);
  });

  it("leaves only its last state in a log", () => {
    const texts = printed(process.stderr);
    for (const _ of progress([1, 2]));
    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(/^█{24} 2 of 2 · \d+\.\d s\n$/);
  });

  it.each([-1, Number.NaN, null, {}])("refuses %s and says what it expects", (items) => {
    expect(() => progress(items as never)).toThrow("progress expects");
  });

  it("is full at once where there is nothing to do", () => {
    becomeNotebook();
    expect([...progress([])]).toEqual([]);
    expect(last()).toMatch(/^█{24} 0 of 0/);
  });
});
