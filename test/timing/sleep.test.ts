import { sleepSync } from "kernel-helpers";
import { expect, it } from "vitest";

it("blocks the thread at least as long as asked", () => {
  const before = performance.now();
  sleepSync(20);
  expect(performance.now() - before).toBeGreaterThanOrEqual(19);
});

it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses %s and says what it expects", (ms) => {
  expect(() => sleepSync(ms)).toThrow(`sleepSync expects milliseconds of at least 0, got ${ms}.`);
});
