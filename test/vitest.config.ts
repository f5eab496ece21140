import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "out/**"],
    // Real kernels, threads and browsers start here, on machines with two busy cores.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A busy machine may upset a browser or a process once, and the report says which test was retried.
    // Cells of notebooks are never retried: a second run would not be the same run.
    retry: process.env.CI ? 1 : 0,
    pool: "forks",
    maxWorkers: 2,
  },
});
