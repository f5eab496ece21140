import { relative } from "node:path";
import { expect, it } from "vitest";
import { staleFiles } from "../../notebook-tools/collection";

it("the generated parts of the notebooks and the README are current (npm run sync)", async () => {
  const stale = await staleFiles("notebooks", { readme: "README.md" });
  expect(stale.map(({ file }) => relative("", file))).toEqual([]);
});
