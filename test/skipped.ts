/** A reporter that names the tests that were skipped, so that no run of CI leaves one out unseen. */

import { appendFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

export default class SkippedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].map((test) => `${module.relativeModuleId}: ${test.fullName}`),
    );
    const lines = [`${skipped.length} tests were skipped`, ...skipped.map((name) => `- ${name}`)];
    console.log(`\n${lines.join("\n")}\n`);
    const file = process.env.GITHUB_STEP_SUMMARY;
    if (file) appendFileSync(file, `${lines[0]}\n\n${lines.slice(1).join("\n")}\n`);
  }
}
