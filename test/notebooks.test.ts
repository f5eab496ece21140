import { notebookTests } from "notebook-tools/vitest";

// A test for each code cell, so that a failing cell is a failing test with its source line.
notebookTests("notebooks/**/*.ipynb");
