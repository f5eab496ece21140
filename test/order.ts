import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest, by their seconds on two quiet cores. A fresh clone has no times of its own, and vitest
 * would begin with the largest files: the short file that runs all notebooks would come last, with one core left idle.
 */
const seconds: Record<string, number> = {
  "test/lab/extension/browser.test.ts": 173,
  "test/export/scripts.test.ts": process.env.CI ? 90 : 10,
  "test/notebooks.test.ts": 130,
  "test/lab/scenarios.test.ts": 91,
  "test/kernel/lifecycle.test.ts": 49,
  "test/kernel/strangers.test.ts": 44,
  "test/export/site.test.ts": 35,
  "test/run/command.test.ts": 32,
  "test/kernel/snapshot.test.ts": 25,
  "test/setup/packages.test.ts": 21,
  "test/run/tslab.test.ts": 20,
  "test/lab/kernel-notebooks.test.ts": 19,
  "test/lab/browser.test.ts": 16,
  "test/run/cells.test.ts": 15,
  "test/kernel/output.test.ts": 15,
  "test/lab/survival.test.ts": 15,
  "test/kernel/imports.test.ts": 11,
  "test/run/traps.test.ts": 10,
};

/** The longest test files first, so that no core is idle while the other one ends them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const lasting = ({ moduleId }: TestSpecification) =>
      seconds[relative(this.ctx.config.root, moduleId).replaceAll("\\", "/")] ?? 0;
    return (await super.sort(files)).sort((a, b) => lasting(b) - lasting(a));
  }
}
