import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Kernel, published, root, streamText } from "./client";

interface CodeCell {
  source: string[];
  metadata: { expect: { value?: string; stdout?: string; error?: string } };
}

describe("a day's work in one notebook: the language of its cells", () => {
  const cwd = join(root, "test", "fixtures", "kernel", "language");
  const { cells } = JSON.parse(readFileSync(join(cwd, "language.ipynb"), "utf8"));
  const code: CodeCell[] = cells.filter(({ cell_type }: { cell_type: string }) => cell_type === "code");

  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await Kernel.start({ cwd });
  });
  afterAll(() => kernel[Symbol.asyncDispose]());

  test("has at least 60 cells", () => expect(code.length).toBeGreaterThanOrEqual(60));

  test.for(code.map(({ source, metadata }) => [source.join(""), metadata.expect] as const))(
    "%s",
    async ([source, { value, stdout = "", error }]) => {
      const answer = await kernel.run(source);
      const { status, evalue = "", traceback = [] } = answer.reply;
      expect([status, evalue]).toEqual(error ? ["error", expect.stringContaining(error)] : ["ok", ""]);
      expect(published(answer, "execute_result")?.data["text/plain"]).toBe(value);
      expect(streamText(answer)).toBe(stdout);
      expect(traceback.join("\n")).not.toMatch(/exports\.|TS40\d\d/);
    },
  );
});
