import { defineConfig } from "vitest/config";
import { LongestFirst } from "./order.ts";

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "out/**"],
    // Real kernels, threads and browsers start here, on machines with two busy cores.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // On a shared machine a pause of some seconds can outlast any limit. What passed only then is named by `ci-reporter.ts`.
    retry: process.env.CI ? 1 : 0,
    expect: { poll: { timeout: 40_000 } },
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});
