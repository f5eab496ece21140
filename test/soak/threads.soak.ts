/**
 * A storm on a few threads: tasks that return, throw, are aborted, cancelled and timed out, leave the thread, and leave
 * behind what ends it later. Each settles once, as it must; no innocent task is lost; nothing is left.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { runCoroutineThreadsafe, ThreadPoolExecutor } from "kernel-helpers";

const seconds = 60;
const mostQueued = 12;

const spin = (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return "spun";
};
const onLoop = async (x: number) => {
  await sleep(Math.random() * 5);
  return x * 2;
};
const returns = (x: number) => x + 1;
const calls = (x: number) => runCoroutineThreadsafe(onLoop, x).result();
const fails = (text: string) => {
  throw new RangeError(text);
};
const exits = () => process.exit(3);
const exitsLater = () => void setImmediate(() => process.exit(3));
const throwsLater = () =>
  void setTimeout(() => {
    throw new TypeError("left behind");
  }, 1);
const throwsMeanwhile = () => {
  setTimeout(() => {
    throw new TypeError("meanwhile");
  }, 1);
  return new Promise(() => {});
};

/** One task and how it may end: a value, or the name of an error. */
interface Case {
  start(executor: ThreadPoolExecutor, n: number): PromiseLike<unknown>;
  may(outcome: unknown, n: number): boolean;
  isInnocent: boolean;
}

const named =
  (...names: string[]) =>
  (outcome: unknown) =>
    outcome === "spun" || names.includes((outcome as Error | undefined)?.name ?? "");
const innocent = (start: Case["start"], value: (n: number) => unknown): Case => ({
  start,
  may: (outcome, n) => outcome === value(n),
  isInnocent: true,
});
const guilty = (start: Case["start"], may: Case["may"]): Case => ({ start, may, isInnocent: false });

const cases: Case[] = [
  innocent(
    (e, n) => e.submit(returns, n),
    (n) => n + 1,
  ),
  innocent(
    (e, n) => e.submit(calls, n),
    (n) => n * 2,
  ),
  innocent(
    (e) => e.submit(spin, 1),
    () => "spun",
  ),
  innocent(
    (e) => e.submit(exitsLater),
    () => undefined,
  ),
  innocent(
    (e) => e.submit(throwsLater),
    () => undefined,
  ),
  guilty((e) => e.submit(fails, "on purpose"), named("RangeError")),
  guilty((e) => e.submit(exits), named("Error")),
  guilty((e) => e.submit(throwsMeanwhile), named("TypeError", "Error")),
  guilty((e) => e.with({ timeout: 8 }).submit(spin, 20 + Math.random() * 10), named("TimeoutError", "Error")),
  guilty((e) => e.with({ queueTimeout: 5 }).submit(spin, 2), named("TimeoutError")),
  guilty(
    (e) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), Math.random() * 20);
      return e.with({ signal: controller.signal }).submit(spin, 15);
    },
    named("AbortError", "Error"),
  ),
  guilty(
    (e) => {
      const future = e.submit(spin, 15);
      setTimeout(() => future.cancel(), Math.random() * 20);
      return future;
    },
    named("CancelledError", "Error"),
  ),
];

export async function soak(): Promise<string> {
  const executor = new ThreadPoolExecutor({ maxWorkers: 3, gracePeriod: 15 });
  const { write } = process.stderr;
  // What is left behind is told there, by the thousand.
  process.stderr.write = (() => true) as typeof write;
  const until = performance.now() + seconds * 1000;
  const wrong = new Map<string, number>();
  let started = 0;
  let settled = 0;
  let innocents = 0;
  const begin = ({ start, may, isInnocent }: Case, n: number) => {
    started++;
    if (isInnocent) innocents++;
    const end = (outcome: unknown) => {
      settled++;
      if (may(outcome, n)) return;
      const what = `${start}: ${outcome}`;
      wrong.set(what, (wrong.get(what) ?? 0) + 1);
    };
    start(executor, n).then(end, end);
  };
  while (performance.now() < until) {
    while (executor.stats.queued < mostQueued) begin(cases[started % cases.length]!, started);
    await sleep(2);
    if (Math.random() < 0.3) spin(5 + Math.random() * 10);
  }
  await executor.shutdown();
  process.stderr.write = write;
  if (settled !== started) throw new Error(`of ${started} tasks ${settled} settled`);
  if (wrong.size > 0) throw new Error([...wrong].map(([what, times]) => `${times} × ${what}`).join("\n"));
  return `${started} tasks, ${innocents} of them innocent, each ended as it must`;
}
