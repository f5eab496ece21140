import {
  type Chart,
  comparisonChart,
  concurrencyChart,
  costChart,
  histogramChart,
  latencyChart,
  lineChart,
  loopDelayChart,
  scheduleChart,
  sequenceChart,
  throughputChart,
} from "kernel-helpers";
import { describe, expect, it } from "vitest";
import { alarm, darkColours, ink, palette } from "../../kernel-helpers/plots/theme";
import { profile, task, timeline, trace, typical } from "./samples";
import { expectValidSpec, expectWellFormed } from "./schema";

const odd = `<b>"a" & 'b' \\ 👩‍🚀`;
const charts: { [name: string]: Chart } = {
  concurrency: concurrencyChart(typical),
  "loop delay": loopDelayChart({ duration: 1000, blocks: [{ start: 50, duration: 105 }] }),
  "loop delay of an idle loop": loopDelayChart({ duration: 1000, blocks: [] }),
  "loop delay with many blocks": loopDelayChart({
    duration: 1000,
    blocks: Array.from({ length: 1000 }, (_, id) => ({ start: id, duration: id / 2000 })),
  }),
  comparison: comparisonChart({ sequential: 612.34, concurrent: { duration: 205.4 } }),
  "comparison of one": comparisonChart({ [odd]: 0 }),
  cost: costChart({ "bare piscina": 30, [odd]: 477.123 }),
  throughput: throughputChart([
    { threads: 4, perSecond: 31.2 },
    { threads: 1, perSecond: 12.1 },
  ]),
  "throughput of one pool": throughputChart([{ threads: 1, perSecond: 0 }], { unit: odd }),
  "throughput beside the cores": throughputChart(
    [
      { threads: 1, perSecond: 12.1 },
      { threads: 4, perSecond: 24 },
    ],
    { cores: 2 },
  ),
  latency: latencyChart({ idle: [0.2, 0.3, 0.4, 40], [odd]: [0] }),
  "cost against size": lineChart(
    {
      copy: [
        { x: 1, y: 0.02 },
        { x: 1000, y: 20 },
      ],
      move: [
        { x: 1, y: 0.3 },
        { x: 1000, y: 1.3 },
      ],
    },
    {
      title: "What crossing costs",
      x: "size (ms)",
      y: "held (ms)",
      log: "both",
      limit: { y: 8, label: odd },
      slider: "size",
    },
  ),
  "one point against another": lineChart(
    { one: [{ x: 0, y: 0 }] },
    { title: "One", x: "a (ms)", y: "b (ms)" },
  ),
  histogram: histogramChart([1, 2, 2, 9], { x: "sum (ms)", expected: 12 }),
  "histogram of one value": histogramChart([7, 7], { x: "sum (ms)" }),
  schedule: scheduleChart([300, 200, { waits: 100, computes: 50 }], { cores: 1 }),
  "latency on a linear scale": latencyChart({ idle: [1, 2, 3] }, { scale: "linear", unit: "µs" }),
};

describe("names from outside", () => {
  const named = (name: string): Chart[] => {
    const series = JSON.parse(JSON.stringify({ [name]: 1, other: 2 })) as { [name: string]: number };
    const tasks = [
      task(1, name, { caller: 1 }),
      task(2, "other", { thread: name, started: 30, done: 200 }),
      task(3, name, { thread: "event loop", caller: 2, queued: 40, started: 50, done: 60 }),
    ];
    const recorded = timeline({ tasks, marks: [{ time: 5, name }], trace, profiles: [profile] });
    return [
      concurrencyChart(recorded, { waits: true, messages: true, flame: "pool-1", title: name }),
      sequenceChart(recorded, { tasks: true }),
      costChart(series),
      comparisonChart(series),
      latencyChart(Object.fromEntries(Object.keys(series).map((each) => [each, [1, 2]]))),
      lineChart(Object.fromEntries(Object.keys(series).map((each) => [each, [{ x: 1, y: 1 }]])), {
        title: name,
        x: "a (ms)",
        y: name,
      }),
    ];
  };

  it.each(["toString", "constructor", "__proto__", "hasOwnProperty"])(
    "may be %s, by which Vega finds what every object has",
    (name) => {
      for (const chart of named(name)) {
        expectValidSpec(chart);
        const svg = chart.toSvg();
        expectWellFormed(svg);
        expect(svg.split(name).length).toBeGreaterThan(2);
      }
    },
  );

  it("may hold what neither XML nor UTF-8 can", () => {
    for (const chart of named("a\0b\x1b[31m\ud800c]]>\ufffe")) {
      const { "image/svg+xml": svg, ...bundle } = chart.toMimeBundle();
      expectWellFormed(svg as string);
      for (const text of [svg as string, JSON.stringify(bundle)])
        expect(text).not.toMatch(/[^\P{Cc}\n]|[\p{Cs}\ufffe]|\\u(0000|001b|d800|fffe)/u);
    }
  });

  it("may be very long, and are then cut", () => {
    for (const chart of named(`${"name ".repeat(20_000)}end`).slice(0, 2)) {
      expectWellFormed(chart.toSvg());
      expect(JSON.stringify(chart.spec.datasets).length).toBeLessThan(20_000);
      expect(JSON.stringify(chart.spec.datasets)).toContain("end");
    }
  });
});

describe.each(Object.entries(charts))("the chart of %s", (_, chart) => {
  it("is valid Vega-Lite with a title, and every axis has its unit", () => {
    expectValidSpec(chart);
    expect(chart.title).not.toBe("");
    for (const title of axisTitles(chart)) expect(title).toMatch(/\((ms|µs)\)|per second|^threads$/);
  });

  it("is drawn as SVG with its title and what it shows for those who do not see it", () => {
    const svg = chart.toSvg();
    expectWellFormed(svg);
    expect(svg).toMatch(/^<svg role="img"[^>]*><title>[^<]+<\/title><desc>[^<]+\.<\/desc>/);
    expect(/NaN|undefined|Infinity|e\+\d/.exec(svg)).toBeNull();
    expect(chart.spec.description).toBe(chart.description);
  });

  it("is at most 640 px wide and fits a notebook", () => {
    const width = Number(/ width="([\d.]+)"/.exec(chart.toSvg())![1]);
    expect(width).toBeGreaterThanOrEqual(600);
    expect(width).toBeLessThanOrEqual(650);
    expect(JSON.stringify(chart.toMimeBundle()).length).toBeLessThan(50_000);
  });

  it("holds nothing of this machine or this run", () => {
    expect(JSON.stringify(chart.toMimeBundle())).not.toContain(process.cwd());
    expect(chart.toSvg()).toBe(chart.toSvg());
  });
});

function axisTitles({ spec }: Chart): string[] {
  const { x, y } = spec.encoding as { x: { title?: string }; y?: { title?: string | null } };
  expect(x.title).toBeTruthy();
  return [x.title, y?.title].filter((title) => typeof title === "string");
}

describe("what the charts say", () => {
  it.each([
    [
      "loop delay",
      "In 1000 ms the loop was blocked for 105 ms in all (blocks: 1); an event waited for 105 ms at most.",
    ],
    [
      "comparison",
      "sequential took 612 ms, concurrent took 205 ms: concurrent was 2.98 times as fast as sequential.",
    ],
    ["throughput", "From 1 thread to 4 threads the throughput goes from 12.1 to 31.2 tasks per second."],
    ["latency on a linear scale", "Half of the calls took at most: idle 2 µs."],
  ])("%s", (name, sentence) => {
    expect(charts[name]!.description).toBe(sentence);
  });

  it("draws a block as a tooth: an event that comes in its middle waits for the half of it", () => {
    const { delay } = charts["loop delay"]!.spec.datasets as { delay: unknown[] };
    expect(delay).toEqual([
      { time: 0, delay: 0 },
      { time: 50, delay: 0 },
      { time: 50, delay: 105 },
      { time: 155, delay: 0 },
      { time: 1000, delay: 0 },
    ]);
  });

  it("leaves names as they are, though it shortens the numbers of the drawing", () => {
    const name = `v1.2345 class="x"`;
    expect(costChart({ [name]: 1 }).toSvg()).toContain(`>${name}</text>`);
  });

  it("keeps the order in which bars were given", () => {
    const { names } = costChart({ z: 1, a: 2, m: 0 }).spec.usermeta as { names: string[] };
    expect(names).toEqual(["z", "a", "m"]);
  });
});

describe("charts of nothing", () => {
  it.each([
    [() => comparisonChart({}), "comparisonChart's object is empty. Give it at least one name and number"],
    [() => comparisonChart({ a: Number.NaN }), "must be numbers of at least 0, got NaN"],
    [() => comparisonChart({ a: "5" as never }), 'must be numbers of at least 0, got "5"'],
    [() => costChart({ a: -1 }), "must be numbers of at least 0, got -1"],
    [() => throughputChart([]), "throughputChart's list of points is empty."],
    [
      () => throughputChart([{ threads: 1, perSecond: 1 }], { cores: -1 }),
      "cores must be numbers of at least 0, got -1",
    ],
    [() => lineChart({}, { title: "", x: "", y: "" }), "lineChart's object is empty."],
    [
      () => lineChart({ a: [{ x: 0, y: 1 }] }, { title: "", x: "", y: "", log: "x" }),
      'A logarithmic axis has no 0, and "a" has a point { x: 0, y: 1 }.',
    ],
    [() => histogramChart([], { x: "" }), "histogramChart's list is empty."],
    [() => scheduleChart([]), "scheduleChart's list of tasks is empty."],
    [() => scheduleChart([1], { threads: 0 }), "`threads` must be an integer of at least 1, got 0."],
    [() => scheduleChart([-1]), "must be numbers of at least 0, got -1"],
    [() => latencyChart({}), "latencyChart's object is empty."],
    [() => latencyChart({ a: [] }), `latencyChart's "a" is empty. Give it at least one number.`],
    [() => latencyChart({ a: [1, Number.POSITIVE_INFINITY] }), "must be numbers of at least 0, got Infinity"],
  ])("%s is refused with a sentence", (make, message) => {
    expect(make).toThrow(message);
  });
});

describe("the theme", () => {
  function luminance(hex: string): number {
    const [r, g, b] = [1, 3, 5]
      .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  }

  // The contrast of WCAG 2.2, on white and on the near-black of JupyterLab's dark theme.
  function contrasts(hex: string): number[] {
    const own = luminance(hex) + 0.05;
    return [1.05 / own, own / (luminance("#111111") + 0.05)];
  }

  it.each([...palette, alarm])("%s stands out on light and on dark", (colour) => {
    expect(Math.min(...contrasts(colour))).toBeGreaterThanOrEqual(3);
  });

  it("writes in the page's own colour, and in one for light and one for dark where there is no page", () => {
    expect(ink).toBe("currentColor");
    const svg = charts.cost!.toSvg();
    expect(svg).not.toMatch(/<text[^>]* fill="#/);
    const [, light] = /<style>svg:root\{color:(#\w+)/.exec(svg)!;
    const [, dark] = /prefers-color-scheme:dark\)\{svg:root\{color:(#\w+)/.exec(svg)!;
    // The labels of the axes are drawn with an opacity of 0.8.
    expect(contrasts(light!)[0]! * 0.6).toBeGreaterThan(4.5);
    expect(contrasts(dark!)[1]! * 0.6).toBeGreaterThan(4.5);
    expect((charts.cost!.spec.usermeta as { embedOptions: object }).embedOptions).toEqual({
      renderer: "svg",
    });
  });

  it.each([...palette])("a name in a bar of %s has the contrast of AA", (colour) => {
    const own = luminance(colour) + 0.05;
    const contrast = darkColours.includes(colour) ? 1.05 / own : own / 0.05;
    expect(contrast).toBeGreaterThanOrEqual(4.5);
  });

  it("gives no two charts of one page the same ids", () => {
    const ids = [concurrencyChart(typical), concurrencyChart(typical, { title: "another" })].map(
      (chart) => new Set(chart.toSvg().match(/ id="[^"]+"/g)),
    );
    expect(ids[0]!.size).toBeGreaterThan(0);
    expect([...ids[0]!].filter((id) => ids[1]!.has(id))).toEqual([]);
  });

  it("leaves the background to the page", () => {
    expect((charts.cost!.spec.config as { background: string }).background).toBe("transparent");
    expect(charts.cost!.toSvg()).not.toContain('fill="white"');
  });
});
