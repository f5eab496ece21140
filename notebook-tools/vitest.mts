/**
 * Notebooks as tests: one test for each code cell, so that vitest's reporters, filters, `--shard` and merged
 * blob reports work for notebooks as for any test.
 *
 *     import { notebookTests } from "notebook-tools/vitest";
 *     notebookTests("notebooks");
 */
import { globSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { relative, resolve, sep } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Step } from "./run/plan.js";
import type { CellTestOptions } from "./run/vitest-session.js";

// Through `require`, so that vitest does not transform what Node can load as it is.
const load = createRequire(import.meta.url);
const { NotebookTestSession } = load("./run/vitest-session.js") as typeof import("./run/vitest-session.js");
const { notebooksBelow } = load("./nbformat/index.js") as typeof import("./nbformat/index.js");
type Notebook = InstanceType<typeof NotebookTestSession>;

export interface NotebookTestOptions extends CellTestOptions {
  /** What globs and names are relative to. Default: the working directory, which is vitest's root. */
  cwd?: string;
}

/** Beyond a cell's own limit: starting a kernel, interrupting it and ending it take their time, in ms. */
const extraMs = 60_000;
const skippedFolders = new Set(["node_modules", ".ipynb_checkpoints"]);

/** Absolute paths. */
function expand(glob: string, cwd: string): string[] {
  const named = resolve(cwd, glob);
  if (statSync(named, { throwIfNoEntry: false })?.isDirectory()) return notebooksBelow(named);
  return globSync(glob, { cwd })
    .filter((file) => !file.split(sep).some((part) => skippedFolders.has(part)))
    .sort()
    .map((file) => resolve(cwd, file));
}

function stepName({ cell: { number, heading }, rerun }: Step): string {
  if (number === 0) return heading!;
  const cell = rerun ? `cell ${number} again` : `cell ${number}`;
  return heading ? `${cell}: ${heading}` : cell;
}

function declareCells(notebook: Notebook, prepareNext: () => void): void {
  // A kernel that cannot be had fails each cell, rather than to have them skipped.
  beforeAll(() => notebook.open().catch(() => {}), extraMs);
  afterAll(() => notebook.close(), extraMs);
  for (const step of notebook.steps) {
    const { cell } = step;
    // Never retried: the cell would run a second time in the same kernel.
    const declare = cell.action === "skip" ? test.skip : test;
    declare(stepName(step), { timeout: cell.timeoutMs + extraMs, retry: 0 }, async ({ skip }) => {
      const reason = await notebook.test(step).finally(prepareNext);
      if (reason) skip(reason);
    });
  }
  if (notebook.steps.length === 0) test("has no code cells", () => {});
}

function read(file: string, options: NotebookTestOptions): Notebook | Error {
  try {
    return new NotebookTestSession(file, options);
  } catch (error) {
    return error as Error;
  }
}

/**
 * Declares a test for each code cell of the notebooks that `globs` name (files, folders or glob patterns); with
 * `rerun` a second one for the cell's second run. The cells of a notebook run in order in one kernel, which starts in the notebook's folder; the next
 * notebook's kernel starts while this one runs. A notebook that cannot be read, and globs that match nothing,
 * are failing tests.
 */
export function notebookTests(globs: string | readonly string[], options: NotebookTestOptions = {}): void {
  const cwd = options.cwd ?? process.cwd();
  const files = [...new Set([globs].flat().flatMap((glob) => expand(glob, cwd)))];
  if (files.length === 0) {
    test(`notebooks ${[globs].flat().join(", ")}`, () => {
      throw new Error(
        `No notebook matches ${[globs].flat().join(", ")} in ${cwd}. Name files, folders or globs of notebooks.`,
      );
    });
  }
  const notebooks = files.map((file) => read(file, options));
  notebooks.forEach((notebook, index) => {
    describe(relative(cwd, files[index]!), () => {
      if (notebook instanceof Error) {
        test("can be read", () => {
          throw notebook;
        });
        return;
      }
      const next = notebooks.slice(index + 1).find((other): other is Notebook => !(other instanceof Error));
      declareCells(notebook, () => void next?.open());
    });
  });
  // A kernel that was started ahead for notebooks which a filter then left out.
  afterAll(async () => {
    await Promise.all(
      notebooks.map((notebook) => (notebook instanceof Error ? undefined : notebook.close())),
    );
  }, extraMs);
}
