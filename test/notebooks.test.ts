import { notebookTests } from "notebook-tools/vitest";
import { nothingLeft } from "./nothing-left.ts";

// A test for each code cell and for its second run, so that a failing cell is a failing test with its source line.
// What a cell gives must be what the notebook stores, and nothing may be left when all have run.
// The Russian sections hold the same code, which `nb sync --check` compares; the weekly workflow runs them.
notebookTests(["notebooks/*.ipynb", "notebooks/ru/00-index.ipynb"], {
  check: true,
  rerun: true,
  ...nothingLeft(),
});
