import { notebookFiles } from "notebook-tools/vitest-plugin";
import { defineConfig } from "vitest/config";
import { nothingLeft } from "./nothing-left.ts";

/** Each notebook as a test file, so that `--shard` spreads them over machines: .github/workflows/notebooks.yml. */
export default defineConfig({
  plugins: [notebookFiles({ check: true, rerun: true, ...nothingLeft() })],
  test: {
    root: `${import.meta.dirname}/..`,
    include: ["notebooks/*.ipynb", "notebooks/ru/00-index.ipynb"],
    exclude: ["**/node_modules/**", "**/.ipynb_checkpoints/**"],
    pool: "forks",
    maxWorkers: 2,
  },
});
