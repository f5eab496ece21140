/** Every notebook of test/traps gets the verdict that it should. */
import { writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type NotebookResult, runNotebooks } from "../../notebook-tools/run";
import { pythonMissing, venv } from "../python.ts";
import { traps, trapText } from "../traps/traps.ts";
import { temporaryFolder } from "./kernels.ts";

const own = resolve(import.meta.dirname, "../../node_modules/.jupyter");

describe.each([
  ["tslab", undefined],
  ["python3", pythonMissing],
] as const)("on the kernel %s", (kernel, missing) => {
  const some = traps.filter((trap) => trap.kernel === kernel);
  let results: NotebookResult[] = [];

  describe.skipIf(missing)(`nb run --check${missing ? ` (LEFT OUT: ${missing})` : ""}`, () => {
    beforeAll(async () => {
      process.env.JUPYTER_PATH = [own, join(venv, "share", "jupyter")].join(delimiter);
      const folder = temporaryFolder();
      const files = some.map((trap, index) => {
        const file = join(folder, `trap-${index}.ipynb`);
        writeFileSync(file, trapText(trap));
        return file;
      });
      results = (await runNotebooks(files, { jobs: 2, check: true })).notebooks;
    }, 240_000);

    it.each(some.map((trap, index) => [trap.expected, trap.name, index] as const))(
      "is %s for %s",
      (expected, _, index) => {
        const { status, notes } = results[index]!;
        expect([status, notes.length > 0]).toEqual(
          expected === "red" ? ["failed", expect.anything()] : ["passed", true],
        );
        // By what is wrong, not by the way.
        const failures = results[index]!.cells.flatMap((cell) => cell.failures.map(({ kind }) => kind));
        const differs = /stored/.test(some[index]!.name);
        if (expected === "red") expect(failures.every((kind) => (kind === "differs") === differs)).toBe(true);
      },
    );
  });
});
