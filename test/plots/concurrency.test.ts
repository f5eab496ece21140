import {
  type Chart,
  comparisonChart,
  concurrencyChart,
  costChart,
  latencyChart,
  sequenceChart,
  sleepSync,
  Timeline,
  type TimelineData,
  toThread,
} from "kernel-helpers";
import { describe, expect, it } from "vitest";
import { palette } from "../../kernel-helpers/plots/theme";
import { manyTasks, paused, task, timeline, typical } from "./samples";
import { expectValidSpec, expectWellFormed } from "./schema";

interface Bar {
  lane: string;
  task: string;
  state: string;
  start: number;
  end: number;
  top: number;
  bottom: number;
  failed?: boolean;
  stopped?: boolean;
}

interface Data {
  lanes: { lane: string }[];
  bars: Bar[];
  queue: { time: number; waiting: number }[];
  blocks: { start: number; end: number; ms: number }[];
  marks: { name: string; above: number; align: string }[];
}

function dataOf(data: TimelineData): Data {
  return concurrencyChart(data).spec.datasets as Data;
}

function subtitleOf(chart: Chart): string[] {
  return (chart.spec.title as { subtitle: string[] }).subtitle;
}

describe("the concurrency chart", () => {
  it("has the loop's lane first, then the queue, then the threads by name", () => {
    expect(dataOf(typical).lanes.map(({ lane }) => lane)).toEqual([
      "event loop",
      "queue",
      "pool-1",
      "pool-2",
      "pool-10",
    ]);
  });

  it("draws waiting in the queue, running, and standing blocked, to a tenth of a ms", () => {
    const bars = dataOf(typical).bars.map(({ lane, task, state, start, end }) => [
      lane,
      task,
      state,
      start,
      end,
    ]);
    expect(bars).toContainEqual(["queue", "hash", "waiting", 1.5, 34.3]);
    expect(bars).toContainEqual(["pool-1", "parse", "running", 32, 70]);
    expect(bars).toContainEqual(["pool-1", "parse", "blocked", 70, 100]);
    expect(bars).toContainEqual(["pool-1", "parse", "running", 100, 140]);
    expect(bars).toHaveLength(4 + 6);
  });

  it("marks the blocks of the loop", () => {
    expect(dataOf(typical).blocks).toEqual([{ start: 80, end: 100, ms: 20 }]);
  });

  it("puts tasks that overlap on a lane below one another", () => {
    const on = { thread: "event loop", queued: 0, started: 0 };
    const { bars } = dataOf(
      timeline({ tasks: [task(1, "a", { ...on, done: 50 }), task(2, "b", { ...on, done: 60 })] }),
    );
    expect(bars.map(({ state }) => state)).toEqual(["running", "running"]);
    expect(bars[0]!.bottom).toBeLessThanOrEqual(bars[1]!.top);
  });

  it("gives names of its own to as many tasks as there are colours, and one to a family beyond", () => {
    const usermeta = (data: TimelineData) => concurrencyChart(data).spec.usermeta as { tasks: string[] };
    expect(usermeta(typical).tasks).toEqual(["hash", "parse", "sum"]);
    expect(usermeta(manyTasks(40)).tasks).toEqual(["job"]);
    expect(usermeta(manyTasks(40, (id) => `${"abcdefghijkl"[id % 12]}-task`)).tasks).toEqual(["tasks"]);
  });

  it("writes marks that are close to one another in rows, and the last ones leftwards", () => {
    const { marks } = dataOf(
      timeline({
        marks: [
          { time: 10, name: "first of them" },
          { time: 12, name: "second" },
          { time: 204, name: "the end" },
        ],
      }),
    );
    expect(marks.map(({ align }) => align)).toEqual(["left", "left", "right"]);
    expect(marks[0]!.above).not.toBe(marks[1]!.above);
    expect(marks[0]!.above).toBe(marks[2]!.above);
  });

  it("draws the queue as its length where too many wait for a bar each", () => {
    const { queue, bars } = dataOf(manyTasks(200));
    expect(bars.some(({ lane }) => lane === "queue")).toBe(false);
    expect(Math.max(...queue.map(({ waiting }) => waiting))).toBe(200);
    expect(queue.at(-1)!.waiting).toBe(0);
    const falling = queue.slice(1);
    expect(falling.every(({ waiting }, i) => i === 0 || waiting <= falling[i - 1]!.waiting)).toBe(true);
  });

  it("draws what a debugger held as frames over the lanes, and neither work nor blocks there", () => {
    const chart = concurrencyChart(paused);
    expectValidSpec(chart);
    expectWellFormed(chart.toSvg());
    const { bars, blocks, lanes, pauses } = chart.spec.datasets as Data & { pauses: Bar[] };
    expect(lanes.map(({ lane }) => lane)).toEqual(["event loop", "queue", "by hand", "pool-1"]);
    expect(pauses.map(({ lane, start, end }) => [lane, start, end])).toEqual([
      ["event loop", 40, 170],
      ["pool-1", 60, 150],
      ["by hand", 100, 110],
    ]);
    for (const { top, bottom } of pauses) expect(bottom - top).toBeGreaterThan(0.8);
    expect(blocks.map(({ start, end }) => [start, end])).toEqual([
      [20, 40],
      [170, 180],
    ]);
    const on = bars.map(({ lane, state, start, end, failed }) => [lane, state, start, end, failed]);
    expect(on.filter(([lane]) => lane !== "queue")).toEqual([
      ["pool-1", "running", 10, 60, true],
      ["event loop", "running", 20, 40, undefined],
      ["event loop", "running", 170, 180, undefined],
      ["event loop", "awaiting", 180, 190, undefined],
    ]);
    expect(subtitleOf(chart).join()).toContain("dotted frame: paused in the debugger");
    expect(chart.description).toBe(
      "2 tasks on 1 thread took 205 ms in all, 1 of them failed; the loop was blocked for 30 ms at most. " +
        "Of this time a debugger held event loop for 130 ms, pool-1 for 90 ms, by hand for 10 ms: neither work nor a block.",
    );
    expect(chart.toString()).toMatch(/^event loop +▏ +█+·+█+─+ +▏/m);
    expect(chart.toString()).toContain("· paused");
    process.env.KERNEL_HELPERS_LANGUAGE = "ru";
    try {
      expect(subtitleOf(concurrencyChart(paused)).join()).toContain("пунктирная рамка: пауза в отладчике");
    } finally {
      delete process.env.KERNEL_HELPERS_LANGUAGE;
    }
    expect(JSON.stringify(concurrencyChart(typical).spec)).not.toMatch(/pause|debugger/);
  });

  it("says in a sentence what it shows", () => {
    expect(concurrencyChart(typical).description).toBe(
      "4 tasks on 3 threads took 205 ms in all; the loop was blocked for 20 ms at most.",
    );
  });

  it("marks with a cross the bars of tasks that failed, and says what the cross means", () => {
    const failing = timeline({
      tasks: [
        task(1, "bad", { started: 10, blocked: [{ start: 30, end: 40 }], done: 80, failed: true }),
        task(2, "good", { thread: "pool-2", done: 80 }),
        task(3, "short", { thread: "pool-3", done: 10.5, failed: true }),
      ],
    });
    const chart = concurrencyChart(failing);
    expectValidSpec(chart);
    const { bars } = chart.spec.datasets as Data;
    expect(bars.filter(({ failed }) => failed)).toMatchObject([
      { task: "bad", state: "running", start: 40, end: 80 },
      { task: "short", state: "running" },
    ]);
    expect((chart.spec.title as { subtitle: string[] }).subtitle[0]).toContain("cross: failed");
    const crosses = chart.toSvg().match(/<path [^>]*d="M[^"]*L[^"]*M[^"]*L[^"]*"[^>]*>/g) ?? [];
    expect(crosses.map((cross) => / stroke="([^"]*)"/.exec(cross)?.[1])).toEqual(["#fff", "currentColor"]);
    expect(chart.description).toContain("in all, 2 of them failed; the loop");
    expect(chart.toString()).toMatch(/█✗ .*\n/);
    expect(chart.toString()).toContain("✗ failed");
  });

  it("marks with a square the bars of tasks that were stopped, in the queue too, and says what the square means", () => {
    const stopping = timeline({
      tasks: [
        task(1, "late", { started: 10, blocked: [{ start: 30, end: 40 }], done: 80, stopped: true }),
        task(2, "good", { thread: "pool-2", done: 80 }),
        task(3, "dropped", { thread: null, started: null, done: 60, stopped: true }),
      ],
    });
    const chart = concurrencyChart(stopping);
    expectValidSpec(chart);
    const { bars } = chart.spec.datasets as Data;
    expect(bars.filter(({ stopped }) => stopped)).toMatchObject([
      { task: "late", lane: "pool-1", state: "running", start: 40, end: 80 },
      { task: "dropped", lane: "queue", state: "waiting", start: 0, end: 60 },
    ]);
    expect(subtitleOf(chart)[0]).toContain("square: stopped");
    const svg = chart.toSvg();
    const squares = svg.match(/<path [^>]*d="M[^"A]*[Zz]"[^>]* stroke="[^"]*"[^>]*>/g) ?? [];
    const strokes = squares.map((square) => / stroke="([^"]*)"/.exec(square)![1]!);
    expect(strokes.filter((stroke) => /#fff|#000|currentColor/.test(stroke))).toEqual([
      "#000",
      "currentColor",
    ]);
    expect(JSON.stringify(chart.spec.layer)).toContain(", then stopped");
    expect(chart.description).toContain("in all, 2 of them stopped; the loop");
    expect(chart.toString()).toMatch(/█□ .*\n/);
    expect(chart.toString()).toMatch(/^queue +▏░+□/m);
    expect(chart.toString()).toContain("□ stopped");
    expect(JSON.stringify([chart.spec, chart.toString()])).not.toMatch(/cross|failed"|✗|unfinished/);
  });

  it("tells what failed from what was stopped where there are both", () => {
    const chart = concurrencyChart(
      timeline({
        tasks: [
          task(1, "bad", { done: 80, failed: true }),
          task(2, "late", { thread: "pool-2", done: 90, stopped: true }),
        ],
        ticks: [20, 40],
      }),
    );
    expectValidSpec(chart);
    expect(subtitleOf(chart).join(" · ")).toBe(
      "pale: waiting · solid: running · cross: failed · square: stopped · " +
        "red: the loop is blocked for 2 ms or longer · dots: ticks of the loop",
    );
    expect(subtitleOf(chart).every((line) => line.length <= 95)).toBe(true);
    expect(chart.description).toContain("in all, 1 of them failed, 1 of them stopped; the loop");
    expect(chart.toString()).toContain("✗ failed  □ stopped");
  });

  it("says of a crowded queue in words alone that its tasks were stopped", () => {
    const waiting = Array.from({ length: 40 }, (_, id) =>
      task(id, "job", { thread: null, started: null, done: 60, stopped: true }),
    );
    const chart = concurrencyChart(timeline({ tasks: waiting }));
    expect(subtitleOf(chart).join()).not.toContain("square");
    expect(chart.description).toContain("40 of them stopped");
  });

  it("says nothing of failures where nothing failed", () => {
    const chart = concurrencyChart(typical);
    expect(JSON.stringify([chart.spec.title, chart.description, chart.toString()])).not.toMatch(
      /fail|✗|stop|□/,
    );
    expect(JSON.stringify(chart.spec.layer)).not.toMatch(/cross|square/);
  });

  it("draws a task on the loop as running until it first waits, and where it alone is there while the loop is blocked", () => {
    const on = { thread: "event loop", queued: 0 };
    const { bars } = dataOf(
      timeline({
        tasks: [
          task(1, "early", { ...on, started: 0, awaiting: 10, done: 100 }),
          task(2, "late", { ...on, started: 120, awaiting: 121, done: 190 }),
        ],
        blocks: [
          { start: 0, duration: 10 },
          { start: 150, duration: 30 },
        ],
      }),
    );
    expect(bars.map(({ task, state, start, end }) => [task, state, start, end])).toEqual([
      ["early", "running", 0, 10],
      ["early", "awaiting", 10, 100],
      ["late", "running", 120, 121],
      ["late", "awaiting", 121, 150],
      ["late", "running", 150, 180],
      ["late", "awaiting", 180, 190],
    ]);
  });

  it("does not say which of two tasks blocked the loop", () => {
    const on = { thread: "event loop", queued: 0, started: 0, awaiting: 1, done: 100 };
    const { bars } = dataOf(
      timeline({ tasks: [task(1, "a", on), task(2, "b", on)], blocks: [{ start: 20, duration: 30 }] }),
    );
    expect(bars.filter(({ start }) => start >= 1).map(({ state }) => state)).toEqual([
      "awaiting",
      "awaiting",
    ]);
  });

  it("draws a call to the loop and its answer as arrows, and a note without an answer as one", () => {
    const chart = concurrencyChart(
      timeline({
        tasks: [
          task(1, "job", { started: 10, blocked: [{ start: 20, end: 61 }], done: 90 }),
          task(2, "ask", {
            thread: "event loop",
            queued: 20,
            started: 21,
            awaiting: 22,
            done: 60,
            caller: 1,
          }),
          task(3, "note", { thread: "event loop", queued: 70, started: 71, done: 72, caller: 1 }),
          task(4, "soon", { thread: "event loop", queued: 30, started: 31, done: 32, caller: 1, soon: true }),
        ],
      }),
    );
    expectValidSpec(chart);
    const { arrows, bars } = chart.spec.datasets as unknown as {
      arrows: { [key: string]: unknown }[];
      bars: Bar[];
    };
    expect(arrows.map(({ call, kind, start, end }) => [call, kind, start, end])).toEqual([
      ["ask", "call", 20, 21],
      ["ask", "answer", 60, 60],
      ["note", "call", 70, 71],
      // The thread is blocked as this note ends, by something else.
      ["soon", "call", 30, 31],
    ]);
    expect(subtitleOf(chart).join()).toContain("arrows: a call to the loop and its answer");
    // A click on any of them follows the task that called.
    expect(new Set([...arrows, ...bars].map((each) => (each as { follow?: number }).follow))).toEqual(
      new Set([1]),
    );
    const sequence = sequenceChart(timeline({ tasks: [...typical.tasks] }));
    expectValidSpec(sequence);
    expect(sequence.description).toBe("0 calls from 0 threads to the event loop.");
  });

  it("frames what is pale in its full colour, and nothing else", () => {
    const tasks = [task(1, "job", { queued: 0, started: 40, done: 100 })];
    const svg = concurrencyChart(timeline({ tasks })).toSvg();
    const framed = svg.match(/<path[^>]*fill-opacity="0.45"[^>]*>/g)!;
    expect(framed).toHaveLength(1);
    expect(framed[0]).toContain(`stroke="${palette[0]}"`);
    expect(svg.match(/<path[^>]*fill="#[^>]*stroke-width="0"/g)).toHaveLength(1); // the bar of its work
  });

  it("writes a call's name in a sequence beside its caller, where no lifeline crosses it", () => {
    const asks = [1, 2, 3].map((id) => task(id, "ask", { thread: `pool-${id}` }));
    const call = task(9, "look up", { thread: "event loop", queued: 30, started: 30, done: 40, caller: 3 });
    const note = task(8, "note", { thread: "event loop", queued: 10, started: 10, done: 20, caller: 1 });
    const sequence = sequenceChart(timeline({ tasks: [...asks, call, note] }));
    const { lifelines, messages } = sequence.spec.datasets as {
      lifelines: { x: number }[];
      messages: { labelled: number }[];
    };
    expect(messages.length).toBeGreaterThanOrEqual(2);
    for (const { labelled } of messages)
      for (const { x } of lifelines) expect(Math.abs(labelled - x)).toBeGreaterThanOrEqual(0.5);
  });

  it("says of very many calls that they are too many for arrows", () => {
    const calls = Array.from({ length: 200 }, (_, id) =>
      task(id + 2, "note", { thread: "event loop", queued: id, started: id, done: id, caller: 1 }),
    );
    const chart = concurrencyChart(timeline({ tasks: [task(1, "job"), ...calls] }));
    expect((chart.spec.datasets as unknown as { arrows: unknown[] }).arrows).toEqual([]);
    expect(subtitleOf(chart).join()).toContain("200 calls to the loop, too many for arrows");
  });

  it("gives tasks the colour of their group", () => {
    const chart = concurrencyChart(typical, { colourBy: ({ id }) => `request ${id % 2}` });
    expect((chart.spec.usermeta as { tasks: string[] }).tasks).toEqual(["request 0", "request 1"]);
  });

  it("has a legend only where a name is in no bar", () => {
    const legendOf = (data: TimelineData) =>
      JSON.stringify(concurrencyChart(data).spec.layer).includes('"legend":null');
    expect(legendOf(timeline({ tasks: [task(1, "wide", { started: 10, done: 200 })] }))).toBe(true);
    expect(legendOf(timeline({ tasks: [task(1, "narrow", { started: 10, done: 12 })] }))).toBe(false);
  });

  it("draws a thread asleep as blocked, as it does one that waits for the loop", async () => {
    const recorded = await Timeline.record(async () => {
      await toThread(() => sleepSync(30));
    });
    const { bars } = dataOf(recorded);
    const asleep = bars.find(({ state }) => state === "blocked");
    expect(asleep!.end - asleep!.start).toBeGreaterThanOrEqual(25);
  });

  it("speaks the language of its edition", () => {
    process.env.KERNEL_HELPERS_LANGUAGE = "ru";
    try {
      const chart = concurrencyChart(typical);
      expect(chart.description).toBe("4 задачи (3 потока) за 205 мс; самая долгая блокировка цикла — 20 мс.");
      expect(subtitleOf(chart)[0]).toContain("бледное: ожидание");
      expect(JSON.stringify(chart.spec)).not.toMatch(/waiting"\},|time since|event loop"\]/);
      expect(comparisonChart({ a: 1.5, b: 0.5 }).description).toBe(
        "a — 1,5 мс, b — 0,5 мс: b быстрее, чем a, в 3 раза.",
      );
      expect(comparisonChart({ a: 15, b: 1 }).description).toContain("b быстрее, чем a, в 15 раз.");
      expect(comparisonChart({ a: 15.2, b: 1 }).description).toContain("в 15,2 раза.");
      expect(costChart({ a: 12 }).description).toBe("a — 12 мкс.");
      const hundred = Array.from({ length: 100 }, (_, ms) => ms + 1);
      // Cyrillic letters are wider: what is one line in English takes two.
      expect(subtitleOf(latencyChart({ "on the loop": hundred }))).toEqual([
        "линия: все вызовы · толстая: средняя половина · точка: медиана",
        "черта: 99 из 100 быстрее",
      ]);
      for (const line of subtitleOf(chart)) expect(line.length).toBeLessThanOrEqual(76);
      expectValidSpec(chart);
    } finally {
      delete process.env.KERNEL_HELPERS_LANGUAGE;
    }
  });

  it("prints as lanes of characters in a terminal", () => {
    const lines = concurrencyChart(typical, { title: "Lanes" }).toString().split("\n");
    expect(lines[0]).toBe("Lanes");
    expect(lines[1]).toMatch(/^event loop ▏ +█+ +▏$/);
    expect(lines[3]).toMatch(/^pool-1 {5}▏ +█+▒+█+ +▏$/);
    expect(lines.at(-1)).toContain("4 tasks on 3 threads");
  });

  it("stays small: what is stored in a notebook is under 25 KB", () => {
    expect(JSON.stringify(concurrencyChart(typical).toMimeBundle()).length).toBeLessThan(25_000);
  });

  it("is the same for the same timeline, whatever the order of its tasks", () => {
    const reversed = { ...typical, tasks: [...typical.tasks].reverse() };
    const [one, other] = [concurrencyChart(typical), concurrencyChart(reversed)];
    expect(one.toSvg()).toBe(concurrencyChart(typical).toSvg());
    expect(one.spec.usermeta).toEqual(other.spec.usermeta);
    expect(one.spec.layer).toEqual(other.spec.layer);
  });
});

describe("a concurrency chart of unusual timelines", () => {
  const unfinished = task(1, "endless", { done: null, blocked: [{ start: 50, end: null }] });
  const neverStarted = task(2, "stuck", { thread: null, started: null, done: null });
  const samples: { [name: string]: TimelineData } = {
    "an empty timeline": timeline(),
    "a timeline of no time": timeline({ duration: 0 }),
    "one event": timeline({ tasks: [task(1, "only", { thread: null, started: null, done: null })] }),
    "unfinished tasks": timeline({ tasks: [unfinished, neverStarted] }),
    "a clock that went backwards": timeline({
      tasks: [task(1, "back", { started: 50, done: 20, queued: 60 })],
    }),
    "names with quotes, markup and emoji": timeline({
      tasks: [
        task(1, `"a" & 'b' \\ <script>`, { thread: `<b>"pool"</b> & 'x' \\` }),
        task(2, "👩‍🚀 ☕"),
        task(3, ""),
      ],
      marks: [{ time: 3, name: "<i>&amp;" }],
    }),
    "a name of 500 letters": timeline({ tasks: [task(1, "x".repeat(500), { thread: "y".repeat(500) })] }),
    "a hundred threads": timeline({
      tasks: Array.from({ length: 100 }, (_, id) => task(id, "t", { thread: `pool-${id}` })),
    }),
    "a hundred marks at once": timeline({
      marks: Array.from({ length: 100 }, (_, id) => ({ time: 100, name: `mark ${id}` })),
    }),
    "ten thousand blocks": timeline({
      blocks: Array.from({ length: 10_000 }, (_, id) => ({ start: id / 50, duration: 0.01 })),
    }),
    "100,000 tasks": manyTasks(100_000, (id) => `t${id % 3}`),
  };

  it.each(Object.entries(samples))("is a right picture: %s", (_, data) => {
    const chart = concurrencyChart(data);
    expectValidSpec(chart);
    const svg = chart.toSvg();
    expectWellFormed(svg);
    expect(/NaN|undefined|Infinity|e\+\d/.exec(svg)).toBeNull();
    expect(chart.toString()).not.toMatch(/NaN|undefined|Infinity/);
    expect(JSON.stringify(chart.toMimeBundle()).length).toBeLessThan(200_000);
  });

  it("draws a tick as a line with a length: JupyterLab's canvas shows nothing of one without", () => {
    const svg = concurrencyChart(timeline({ ticks: [20, 40.3, 61] })).toSvg();
    const dots = svg.match(/<line [^>]*stroke-linecap="round"[^>]*>/g) ?? [];
    expect(dots.map((dot) => Number(/ y2="([^"]*)"/.exec(dot)?.[1]))).toEqual([0.1, 0.1, 0.1]);
  });

  it("says how many tasks are unfinished, and draws them to the end", () => {
    const chart = concurrencyChart(samples["unfinished tasks"]!);
    expect(chart.description).toContain("2 of them unfinished");
    const { bars } = chart.spec.datasets as Data;
    expect(bars.filter(({ end }) => end === 205)).toHaveLength(2);
  });

  it("says that it was thinned, and keeps a long bar among thousands of short ones", () => {
    const data = manyTasks(20_000);
    data.tasks.push(task(20_001, "long", { thread: "pool-9", started: 100, done: data.duration / 2 }));
    const chart = concurrencyChart(data);
    const { subtitle } = chart.spec.title as { subtitle: string[] };
    const { bars } = chart.spec.datasets as Data;
    expect(subtitle[1]).toBe(`thinned: 20,001 tasks drawn as ${bars.length} bars`);
    expect(bars.length).toBeLessThanOrEqual(300);
    expect(bars.filter(({ lane }) => lane === "pool-9")).toMatchObject([{ task: "long", start: 100 }]);
  });

  it("says that events were overwritten", () => {
    const { subtitle } = concurrencyChart(timeline({ lost: 1234 })).spec.title as { subtitle: string[] };
    expect(subtitle[1]).toBe("the oldest 1,234 events were overwritten: record with a larger capacity");
  });
});
