import { relative } from "node:path";
import { expect, it } from "vitest";
import { checkCollection } from "../../notebook-tools/collection";

it("the generated parts, the code and the text of translations are current (npm run sync)", async () => {
  const { changes, faults } = await checkCollection("notebooks", { readme: "README.md" });
  expect(changes.map(({ file }) => relative("", file))).toEqual([]);
  expect(faults.map(({ message }) => message)).toEqual([]);
});
