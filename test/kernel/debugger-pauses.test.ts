/** What the time counts for in which somebody reads: a recording marks it, and no timeout runs. */

import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { debugged } from "./debug-client";

const { client, runTo, finish } = debugged();

const result = (answer: {
  published: { header: { msg_type: string }; content: { data: Record<string, string> } }[];
}) => {
  const found = answer.published.find(({ header }) => header.msg_type === "execute_result");
  return JSON.parse(found!.content.data["text/plain"]!.slice(1, -1));
};

/** Time is the subject: how long each stop is read, in ms. */
const reading = 1200;

const recorded = `import { callTree, concurrencyChart, LoopMonitor, Timeline, toChromeTrace, toThread } from "kernel-helpers";
const monitor = new LoopMonitor();
const recording = await Timeline.record(
  async (timeline) => {
    await toThread.with({ name: "on a thread" })(() => {
      const here = 1;
      return here;
    });
    await timeline.task("on the loop", () => {
      const there = 2;
      return there;
    });
  },
  { cpuProfile: true },
);
const chart = concurrencyChart(recording);
const { duration, pauses, blocks, profiles } = recording;
JSON.stringify({
  duration, pauses, report: monitor.stop(), description: chart.description,
  longest: Math.max(0, ...blocks.map((block) => block.duration)),
  computed: profiles.map((profile) => callTree(profile, 0, duration).total),
  traced: toChromeTrace(recording).traceEvents.filter(({ cat }) => cat === "debugger"),
  drawn: chart.spec.datasets,
})`;

/** Each line of a thread that is read holds what others wait for, for less than the reading takes. */
const held = `import { asCompleted, Event, Lock, Queue, Semaphore, ThreadPoolExecutor, wait } from "kernel-helpers";
const limit = ${reading - 200};
const [lock, semaphore, event, queue] = [new Lock(), new Semaphore(1), new Event(), new Queue<string>()];
const [ready, waiting] = [new Event(), new Int32Array(new SharedArrayBuffer(4))];
const pool = new ThreadPoolExecutor({ maxWorkers: 5 });
const ending = new ThreadPoolExecutor({ maxWorkers: 1 });
const holder = pool.submit(() => {
  using first = lock.hold();
  using second = semaphore.hold();
  ready.set();
  for (let seen = 0; seen < 4; seen = Atomics.load(waiting, 0)) Atomics.wait(waiting, 0, seen);
  const here = 1;
  event.set();
  queue.syncQ.put("item");
  return here;
});
const waiter = <T>(wait: () => T) => pool.submit((wait) => {
  ready.wait();
  Atomics.add(waiting, 0, 1);
  Atomics.notify(waiting, 0);
  return wait();
}, wait);
const inThreads = [
  waiter(() => lock.acquire(limit) && (lock.release(), "lock")),
  waiter(() => semaphore.acquire(limit) && (semaphore.release(), "semaphore")),
  waiter(() => event.wait(limit) && "event"),
  waiter(() => queue.syncQ.get({ timeout: limit })),
];
const last = ending.submit(() => event.wait() && "shutdown");
await ready.waitAsync();
const onLoop = [
  ending.shutdown({ timeout: limit }).then(() => last),
  wait([holder], { timeout: limit }).then(({ done }) => done.size === 1 && "wait"),
  (async () => { for await (const one of asCompleted([holder], { timeout: limit })) return "asCompleted" })(),
];
const ended = await Promise.all([...inThreads, ...onLoop]);
await pool.shutdown();
JSON.stringify(ended)`;

const stoppedLoop = `import { Event, runCoroutineThreadsafe, ThreadPoolExecutor, toThread } from "kernel-helpers";
const limit = ${reading - 200};
const released = new Event();
const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
const mapped = pool.map((n: number) => (released.wait(), "map " + n), [1], { timeout: limit });
const answered = toThread(() => runCoroutineThreadsafe(onLoop).result(limit));
async function onLoop() {
  const here = "result";
  released.set();
  return here;
}
const both = [await answered, ...(await mapped)];
await pool.shutdown();
JSON.stringify(both)`;

const blockedLoop = `import { runSync } from "kernel-helpers";
const value = runSync.with({ timeout: ${reading - 200} })(async () => {
  const here = "runSync";
  return here;
});
JSON.stringify([value])`;

describe("a timeout does not run while somebody reads", () => {
  test.each([
    [
      "in a thread: of Lock, Semaphore, Event, Queue, shutdown, wait, asCompleted",
      held,
      12,
      ["lock", "semaphore", "event", "item", "shutdown", "wait", "asCompleted"],
    ],
    ["on the event loop: of a call's result and of map", stoppedLoop, 8, ["result", "map 1"]],
    ["in a portal's thread, which the loop waits for", blockedLoop, 3, ["runSync"]],
  ])("%s", async (_, code, line, ended) => {
    const stop = await runTo(code, line);
    await delay(reading);
    expect(result(await finish(stop))).toEqual(ended);
  });
});

describe("a recording", () => {
  test("has each pause on the lane of its thread, as neither work nor a block", async () => {
    const onThread = await runTo(recorded, 7, 11);
    await delay(reading);
    await client.do("continue", { threadId: onThread.threadId });
    expect((await client.stopped()).threadId).toBe(1);
    await delay(reading);
    const seen = result(await finish({ id: onThread.id, threadId: 1 }));
    const [first, second] = seen.pauses;
    expect(seen.pauses).toHaveLength(2);
    expect(second.thread).toBe("event loop");
    for (const { start, end } of seen.pauses) expect(end - start).toBeGreaterThan(reading / 1.2);
    expect(first.end).toBeLessThan(second.start);
    expect(seen.duration).toBeGreaterThan(2 * reading);
    const { longest, report, computed } = seen;
    const times = { longest, report: report.longest, delay: report.delay.max, computed };
    for (const [what, ms] of Object.entries(times))
      for (const each of [ms].flat()) expect(each, what).toBeLessThan(reading / 1.2);
    expect(seen.description).toMatch(/a debugger held Worker-0 for \d+ ms, event loop for \d+ ms/);
    expect(seen.traced).toMatchObject([{ name: "paused in the debugger", ph: "X" }, { tid: 0 }]);
    expect(seen.drawn.pauses).toHaveLength(2);
    // No bar lies over a pause.
    for (const { lane, start, end } of seen.drawn.pauses)
      for (const bar of seen.drawn.bars)
        if (bar.lane === lane) expect(bar.end <= start + 0.2 || bar.start >= end - 0.2).toBe(true);
    const work = seen.drawn.bars.filter(({ lane }: { lane: string }) => lane !== "queue");
    for (const bar of work) expect(bar.end - bar.start).toBeLessThan(reading / 1.2);
  });
});
