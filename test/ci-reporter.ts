/** A reporter that names the tests that were skipped, and those that passed only when they were run again, so that no run of CI hides one. */

import { appendFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";

const named = (title: string, tests: TestCase[]) => [
  `${tests.length} tests ${title}`,
  ...tests.map((test) => `- ${test.module.relativeModuleId}: ${test.fullName}`),
];

export default class CiReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const all = modules.flatMap((module) => [...module.children.allTests()]);
    const skipped = named(
      "were skipped",
      all.filter((test) => test.result().state === "skipped"),
    );
    const again = named(
      "passed only when they were run again",
      all.filter((test) => test.diagnostic()?.flaky),
    );
    console.log(`\n${[...skipped, ...again].join("\n")}\n`);
    const file = process.env.GITHUB_STEP_SUMMARY;
    if (file) appendFileSync(file, `${[...skipped, "", ...again].join("\n")}\n`);
  }
}
