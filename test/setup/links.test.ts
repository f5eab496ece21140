/** Links within the repository, in Markdown and in the Markdown cells of notebooks, lead to files that are there. */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const files = execFileSync("git", ["ls-files", "*.md", "notebooks/*.ipynb"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && !file.includes("fixtures/"));

interface Cell {
  cell_type: string;
  source: string | string[];
}

function markdownOf(file: string): string {
  const text = readFileSync(join(root, file), "utf8");
  if (file.endsWith(".md")) return text;
  const cells: Cell[] = JSON.parse(text).cells;
  return cells
    .filter(({ cell_type }) => cell_type === "markdown")
    .map(({ source }) => [source].flat().join(""))
    .join("\n\n");
}

/** Where its links and pictures lead to, those out of the repository apart. */
function targets(file: string): string[] {
  const prose = markdownOf(file)
    .replace(/^(```|~~~).*?^\1/gms, "")
    .replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:|^#/.test(target));
}

test("there are links to look at", () => {
  expect(files.flatMap(targets).length).toBeGreaterThan(100);
});

test.each(files)("%s", (file) => {
  const missing = targets(file).filter((target) => {
    const path = decodeURIComponent(target.replace(/[?#].*/, ""));
    return !existsSync(join(root, dirname(file), path));
  });
  expect(missing).toEqual([]);
});
