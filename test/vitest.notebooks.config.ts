import { notebookFiles } from "notebook-tools/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Each notebook as a test file, so that `--shard` spreads them over machines: .github/workflows/notebooks.yml. */
export default defineConfig({
  plugins: [notebookFiles({ check: true, rerun: true })],
  test: {
    root: `${import.meta.dirname}/..`,
    include: ["notebooks/**/*.ipynb"],
    exclude: ["**/node_modules/**", "**/.ipynb_checkpoints/**"],
    pool: "forks",
    maxWorkers: 2,
  },
});
