import { describe, expect, it } from "vitest";
import type { Output } from "../../notebook-tools/nbformat";
import { type CompareOptions, compareOutputs } from "../../notebook-tools/run/compare";
import { diff, diffParts } from "../../notebook-tools/run/compare/diff";

const stream = (text: string | string[], name = "stdout"): Output => ({ output_type: "stream", name, text });
const display = (data: Record<string, unknown>): Output => ({
  output_type: "display_data",
  data: data as Extract<Output, { output_type: "display_data" }>["data"],
  metadata: {},
});
const vegaLite = "application/vnd.vegalite.v5+json";

const exactly = (a: Output[], b: Output[], options: CompareOptions = {}) =>
  compareOutputs(a, b, { ...options, measured: false });
const byShape = (a: Output[], b: Output[]) => compareOutputs(a, b, { measured: true });

describe("exactly", () => {
  it("equal outputs do not differ, and another text does", () => {
    expect(exactly([stream("a\n")], [stream("a\n")])).toBeNull();
    expect(exactly([stream("took 12 ms\n")], [stream("took 13 ms\n")])).toBe(
      "  stdout:\n- took 12 ms\n+ took 13 ms\n",
    );
  });

  it("a missing output and one too many differ", () => {
    expect(exactly([], [stream("a")])).toContain("+ a");
    expect(exactly([display({ "text/plain": "x" })], [])).toContain("- x");
  });

  it("streams are joined, and lists of lines are texts", () => {
    expect(exactly([stream("a\n"), stream("b\n")], [stream(["a\n", "b\n"])])).toBeNull();
  });

  it("each stream counts for itself: how two of them interleave is chance", () => {
    const stored = [stream("a\n"), stream("c\n", "stderr"), stream("b\n")];
    expect(exactly(stored, [stream("a\nb\n"), stream("c\n", "stderr")])).toBeNull();
    expect(exactly(stored, [stream("a\nb\n"), stream("d\n", "stderr")])).toContain("+ d");
  });

  it("carriage returns are applied, as on a screen", () => {
    expect(exactly([stream("\r0/3\r3/3\n")], [stream("3/3\n")])).toBeNull();
  });

  it("prompt numbers and metadata do not count, the kind of output does", () => {
    const result = (execution_count: number, metadata = {}): Output => ({
      output_type: "execute_result",
      data: { "text/plain": "1" },
      metadata,
      execution_count,
    });
    expect(exactly([result(1)], [result(7, { isolated: true })])).toBeNull();
    expect(exactly([result(1)], [display({ "text/plain": "1" })])).not.toBeNull();
  });

  it("JSON is compared whatever the order of its members", () => {
    expect(
      exactly(
        [display({ "application/json": { a: 1, b: 2 } })],
        [display({ "application/json": { b: 2, a: 1 } })],
      ),
    ).toBeNull();
    expect(
      exactly([display({ "application/json": { a: 1 } })], [display({ "application/json": { a: 2 } })]),
    ).not.toBeNull();
  });

  it("errors go by name and message, not by their traceback", () => {
    const error = (evalue: string, line: number): Output => ({
      output_type: "error",
      ename: "E",
      evalue,
      traceback: [`line ${line}`],
    });
    expect(exactly([error("x", 1)], [error("x", 2)])).toBeNull();
    expect(exactly([error("x", 1)], [error("y", 1)])).toContain("+ error: E: y");
  });

  it("frames inside Node.js and packages do not count in a stack on stderr, the cell's own do", () => {
    const stack = (inside: number, cell: number) =>
      stream(
        `Error: x\n    at f (cell 1:${cell}:1)\n    at run (node:vm:${inside}:1)\n    at y (../node_modules/k/z.js:${inside}:2)\n`,
        "stderr",
      );
    expect(exactly([stack(1, 2)], [stack(9, 2)])).toBeNull();
    expect(exactly([stack(1, 2)], [stack(1, 3)])).not.toBeNull();
  });
});

describe("normalizers, on request,", () => {
  it.each([
    ["durations", "done in 1.5 s, 20ms and 3 µs", "done in 900 ms, 1ms and 4 ns"],
    ["addresses", "<C at 0x7f00aa12>", "<C at 0x55d0bb34>"],
    ["paths", "read /home/a/data.csv", "read /tmp/b/data.csv"],
    ["ids", "id 123e4567-e89b-42d3-a456-426614174000", "id 00000000-e89b-42d3-a456-42661417abcd"],
    ["dates", "at 2024-01-02T03:04:05.678Z and 03:04:05", "at 2025-11-12 13:14:15 and 23:00:01"],
  ] as const)("take %s for equal, and otherwise not", (kind, a, b) => {
    expect(exactly([stream(a)], [stream(b)])).not.toBeNull();
    expect(exactly([stream(a)], [stream(b)], { normalize: [kind] })).toBeNull();
  });

  it("leave what only looks alike", () => {
    const normalize = ["durations", "addresses", "paths", "ids", "dates"] as const;
    for (const [a, b] of [
      ["1 / 2", "1 / 3"],
      ["10 rows", "11 rows"],
      ["deadbeef", "feedbeef"],
      ["a/b", "a/c"],
    ]) {
      expect(exactly([stream(a!)], [stream(b!)], { normalize })).not.toBeNull();
    }
  });
});

describe("numeric tolerance, on request,", () => {
  it("takes numbers within a share of the larger for equal, and only numbers", () => {
    const [a, b] = [[stream("sum 1000.001 of x")], [stream("sum 1000.002 of x")]];
    expect(exactly(a, b)).not.toBeNull();
    expect(exactly(a, b, { tolerance: 1e-5 })).toBeNull();
    expect(exactly(a, b, { tolerance: 1e-8 })).not.toBeNull();
    expect(exactly(a, [stream("sum 1000.002 of y")], { tolerance: 1e-5 })).not.toBeNull();
  });
});

describe("images", () => {
  const image = (data: string) => [display({ "image/png": data })];
  it("go by kind, and by hash on request", () => {
    expect(exactly(image("AAAA"), image("BBBB"))).toBeNull();
    expect(exactly(image("AAAA"), [display({ "image/jpeg": "AAAA" })])).not.toBeNull();
    expect(exactly(image("AAAA"), image("BBBB"), { images: "hash" })).not.toBeNull();
    expect(exactly(image("AAAA"), image("AAAA"), { images: "hash" })).toBeNull();
  });
});

const chart = (values: object[], rest: object = {}) => ({
  $schema: "https://vega.github.io/schema/vega-lite/v5.json",
  data: { values },
  mark: "bar",
  encoding: { x: { field: "ms", type: "quantitative" }, y: { field: "lane", type: "nominal" } },
  ...rest,
});
const shown = (spec: object, svg = "<svg/>") => [
  display({ [vegaLite]: spec, "image/svg+xml": svg, "text/plain": "chart" }),
];

describe("a Vega-Lite chart", () => {
  const row = (lane: string, ms: number) => ({ lane, ms });

  it("goes by data and encoding, not by its looks or the picture beside it", () => {
    const stored = shown(chart([row("a", 1)]));
    expect(
      exactly(
        stored,
        shown(chart([row("a", 1)], { width: 900, config: { font: "serif" } }), "<svg>other</svg>"),
      ),
    ).toBeNull();
    expect(exactly(stored, shown(chart([row("a", 2)])))).not.toBeNull();
    expect(exactly(stored, shown(chart([row("a", 1)], { mark: "line" })))).not.toBeNull();
  });

  it("that is measured goes by encoding and names; how many rows and which numbers is chance", () => {
    const stored = shown(chart([row("loop", 1), row("worker 1", 2)]));
    expect(
      byShape(stored, shown(chart([row("worker 2", 9), row("worker 1", 3), row("loop", 8)]))),
    ).toBeNull();
    expect(byShape(stored, shown(chart([row("loop", 1)])))).toContain('-    "worker #"');
    const other = {
      encoding: { x: { field: "ms", type: "quantitative" }, color: { field: "lane", type: "nominal" } },
    };
    expect(byShape(stored, shown(chart([row("loop", 1), row("worker 1", 2)], other)))).not.toBeNull();
  });

  it("that is measured may be coloured and pointed at in another way, as long as that says nothing of the data", () => {
    const by = (encoding: object) => shown(chart([], { encoding: { x: { field: "ms" }, ...encoding } }));
    const stored = by({ opacity: { condition: { test: "datum.ms > 1", value: 1 }, value: 0.2 } });
    const conditions = [
      { test: "datum.ms > 1", value: 1 },
      { test: "datum.late", value: 0.5 },
    ];
    expect(byShape(stored, by({ opacity: { condition: conditions, value: 0.2 } }))).toBeNull();
    expect(
      byShape(stored, by({ y: { value: 0 }, tooltip: [{ field: "ms" }, { field: "late" }] })),
    ).toBeNull();
    const meant = { condition: { test: "datum.ms > 1", field: "late", type: "nominal" }, value: "grey" };
    expect(byShape(stored, by({ color: meant }))).not.toBeNull();
  });

  it("that is measured goes by its title; the text beside it says what was measured", () => {
    const said = (spec: object, text: string) => [display({ [vegaLite]: spec, "text/plain": text })];
    const stored = said(
      chart([], { title: { text: "Cost of 5 calls", subtitle: "one" } }),
      "a and b cross at 3.",
    );
    const now = (title: string) =>
      said(chart([], { title: { text: title, subtitle: ["two"] } }), "a lies above b.");
    expect(byShape(stored, now("Cost of 7 calls"))).toBeNull();
    expect(byShape(stored, now("Price of 5 calls"))).toContain("Price of # calls");
    expect(exactly(stored, now("Cost of 5 calls"))).not.toBeNull();
  });

  it("that is measured may lay its layers over each other in another order", () => {
    const layer = (mark: string, field: string) => ({ mark, encoding: { y: { field }, x: { field: "ms" } } });
    const layered = (...layers: object[]) => shown({ layer: layers });
    const sorted = { encoding: { x: { field: "ms" }, y: { field: "lane" } }, mark: "bar" };
    const stored = layered(sorted, layer("rule", "time"));
    expect(
      byShape(stored, layered(layer("rule", "time"), layer("bar", "lane"), layer("rule", "time"))),
    ).toBeNull();
    expect(byShape(stored, layered(layer("rule", "time")))).not.toBeNull();
  });

  it("that is measured and lists its lanes and tasks goes by these", () => {
    const listed = (lanes: string[], tasks: string[]) => shown(chart([], { usermeta: { lanes, tasks } }));
    const stored = listed(["loop", "worker 1", "worker 2"], ["hash"]);
    expect(byShape(stored, listed(["worker 2", "loop"], ["hash"]))).toBeNull();
    expect(byShape(stored, listed(["loop"], ["hash"]))).not.toBeNull();
    expect(byShape(stored, listed(["loop", "worker 1"], ["sort"]))).toMatch(/\+ +"sort"/);
  });
});

describe("by shape, for a measured cell,", () => {
  it("numbers, their units and the blanks that line them up do not count; words do", () => {
    expect(
      byShape([stream("blocked   950 ms (3 of 4)\n")], [stream("blocked   1.2 s (2 of 4)\n")]),
    ).toBeNull();
    expect(byShape([stream("blocked 950 ms\n")], [stream("delayed 950 ms\n")])).not.toBeNull();
  });

  it("the same holds for numbers and units as Russian writes them", () => {
    const took = (time: string) => [stream(`цикл ждал ${time}, событий: 5\n`)];
    for (const time of ["2 с", "1,5 мс", "12\u00a0345,6\u00a0мкс", "999 мкс"])
      expect(byShape(took(time), took("7 мс"))).toBeNull();
    expect(byShape(took("5 секций"), took("5 событий"))).not.toBeNull();
    expect(exactly(took("1,5 мс"), took("2,5 мс"), { normalize: ["durations"] })).toBeNull();
    expect(byShape([stream("не больше 7.")], [stream("не больше 7,5.")])).toBeNull();
    expect(byShape([stream("1,2,3")], [stream("1,2")])).not.toBeNull();
  });

  it("bars drawn with characters do not count", () => {
    expect(byShape([stream("loop ██░░███ 10\n")], [stream("loop █░░░░ 9\n")])).toBeNull();
  });
});

describe("the diff", () => {
  it("shows what differs with two lines around it", () => {
    const lines = Array.from({ length: 9 }, (_, i) => `line ${i}`);
    const changed = lines.with(4, "other");
    expect(diff(lines.join("\n"), changed.join("\n"))).toBe(
      "  line 2\n  line 3\n- line 4\n+ other\n  line 5\n  line 6",
    );
  });

  it("stays small, however much differs", () => {
    const many = (word: string) => Array.from({ length: 5000 }, (_, i) => `${word} ${i}`).join("\n");
    const shown = diff(many("a"), many("b")).split("\n");
    expect(shown).toHaveLength(41);
    expect(shown.filter((line) => line.startsWith("-"))).toHaveLength(20);
    expect(shown.filter((line) => line.startsWith("+"))).toHaveLength(20);
    expect(shown.at(-1)).toBe("… 9960 more lines of the diff");
    expect(diff("x".repeat(1000), "y".repeat(1000)).length).toBeLessThan(400);
  });

  it("of large texts is the same, though they are cut to where they differ first", () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `line ${i}, long enough`);
    const text = lines.join("\n");
    const others = [
      lines.with(30_000, "other"),
      lines.with(0, "other"),
      lines.with(-1, "other"),
      lines.slice(0, -1),
      lines.slice(1),
      [...lines, "one more"],
      ["one more", ...lines],
      lines.with(10, "other").with(300, "another"),
    ].map((other) => other.join("\n"));
    for (const other of others) {
      expect(diffParts([text], [other])).toBe(diff(text, other));
      expect(diffParts([other], [text])).toBe(diff(other, text));
    }
    expect(diffParts([text, "a"], [text, "b"])).toMatch(/- a\n\+ b$/);
  });
});
