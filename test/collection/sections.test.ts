/** That each section is as CONTRIBUTING ("How to add a section") says, and what is missing where it is not. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasTag, type Notebook, readNotebook, sourceText } from "../../notebook-tools/nbformat";

const folder = "notebooks";
const files = readdirSync(folder).filter((name) => /^\d\d-.*\.ipynb$/.test(name));
const sections = files.filter((name) => !name.startsWith("00-"));
const mostBytes = 200_000;

const textOf = ({ cells }: Notebook) =>
  cells
    .filter((cell) => cell.cell_type === "markdown")
    .map(sourceText)
    .join("\n\n");

/** What a section lacks, in words for who writes it. */
function missing(name: string, notebook: Notebook): string[] {
  const number = name.slice(0, 2);
  const first = notebook.cells[0]?.cell_type === "markdown" ? sourceText(notebook.cells[0]) : "";
  const text = textOf(notebook);
  const has = (tag: string) => notebook.cells.some((cell) => cell.cell_type === "code" && hasTag(cell, tag));
  const wanted: [string, boolean][] = [
    [`a first line "# ${number} · Title"`, first.startsWith(`# ${number} · `)],
    ['a quoted line "> What it shows"', /^> \S/m.test(first)],
    ["**You will be able to**", first.includes("**You will be able to**")],
    ["*Reading N minutes · running N s*", /^\*Reading \d+ minutes · running \d+ s\*$/m.test(first)],
    ["<!-- nav --> <!-- /nav --> in the first cell", /<!-- nav -->[\s\S]*<!-- \/nav -->/.test(first)],
    ["a **Prediction** before an experiment", text.includes("**Prediction")],
    ["an **Observation** after it", text.includes("**Observation")],
    ...["Roads not taken", "Exercise"].map((heading): [string, boolean] => [
      `a heading "## ${heading}"`,
      text.includes(`\n## ${heading}\n`),
    ]),
    ...["exercise", "check", "solution"].map((tag): [string, boolean] => [
      `a code cell tagged ${tag}`,
      has(tag),
    ]),
  ];
  return wanted.filter(([, isThere]) => !isThere).map(([what]) => what);
}

const everywhere = [folder, join(folder, "ru")].flatMap((place) =>
  readdirSync(place)
    .filter((name) => name.endsWith(".ipynb"))
    .map((name) => join(place, name)),
);

describe("a section", () => {
  it.each(sections)("%s has everything that a section has", async (name) => {
    const { notebook } = await readNotebook(join(folder, name));
    expect(missing(name, notebook)).toEqual([]);
  });

  it.each(everywhere)(`%s is under ${mostBytes / 1000} KB, so that GitHub shows it`, (file) => {
    expect(statSync(file).size).toBeLessThan(mostBytes);
  });

  it.each(files)("%s leads to Russian sections in the Russian edition", async (name) => {
    const { notebook } = await readNotebook(join(folder, "ru", name));
    const english = textOf(notebook).match(/\[[^\]]*\]\(\.\.\/\d\d-[^)]*\)/g) ?? [];
    expect(english).toEqual(name.startsWith("00-") ? ["[English](../00-index.ipynb)"] : []);
  });

  it("that has nothing is told all that it lacks", () => {
    const empty: Notebook = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };
    expect(missing("13-empty.ipynb", empty)).toHaveLength(12);
    expect(missing("13-empty.ipynb", empty)[0]).toBe('a first line "# 13 · Title"');
  });
});

it("README and the index say how many sections there are", async () => {
  const words = ["twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"];
  const word = words[sections.length - 12];
  const { notebook } = await readNotebook(join(folder, "00-index.ipynb"));
  expect(readFileSync("README.md", "utf8")).toContain(`| ${word} sections and an index |`);
  expect(textOf(notebook).toLowerCase()).toContain(`> ${word} live sections`);
});
