import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { staleFiles, syncCollection } from "../../notebook-tools/collection";
import { startNb } from "../run/nb";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "collection-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface TestCell {
  id: string;
  code?: string;
  text?: string;
}

function write(name: string, cells: TestCell[]): void {
  const written = cells.map(({ id, code, text }) =>
    code === undefined
      ? { cell_type: "markdown", id, metadata: {}, source: text!.split(/(?<=\n)/) }
      : { cell_type: "code", execution_count: null, id, metadata: {}, outputs: [], source: [code] },
  );
  const notebook = { cells: written, metadata: {}, nbformat: 4, nbformat_minor: 5 };
  writeFileSync(join(folder, name), `${JSON.stringify(notebook, null, 1)}\n`);
}

function cellText(name: string, at: number): string {
  return [JSON.parse(readFileSync(join(folder, name), "utf8")).cells[at].source].flat().join("");
}

const page = (title: string, summary: string) =>
  `# ${title}\n\n> ${summary}\n\n<!-- nav -->\n<!-- /nav -->\n\nText.`;

function writeThree(): void {
  write("00-index.ipynb", [
    { id: "a", text: page("Index", "All of it.") },
    { id: "b", text: "<!-- sections -->\nold\n<!-- /sections -->" },
  ]);
  write("01-one.ipynb", [
    { id: "a", text: page("01 · One", "Shows `one`.") },
    { id: "b", code: "1" },
  ]);
  write("02-two.ipynb", [{ id: "a", text: page("02 · Two", "Shows two.") }]);
}

describe("syncCollection", () => {
  it("links each section to its neighbours and the index", async () => {
    writeThree();
    await syncCollection(folder);
    const bar = "[Index](00-index.ipynb) · [02 · Two →](02-two.ipynb)";
    expect(cellText("01-one.ipynb", 0)).toBe(
      `# 01 · One\n\n> Shows \`one\`.\n\n<!-- nav -->\n${bar}\n<!-- /nav -->\n\nText.`,
    );
    expect(cellText("02-two.ipynb", 0)).toContain("[← 01 · One](01-one.ipynb) · [Index](00-index.ipynb)\n");
  });

  it("lists the sections with their summaries", async () => {
    writeThree();
    await syncCollection(folder);
    const rows = "| [01 · One](01-one.ipynb) | Shows `one`. |\n| [02 · Two](02-two.ipynb) | Shows two. |";
    expect(cellText("00-index.ipynb", 1)).toContain(`| --- | --- |\n${rows}\n<!-- /sections -->`);
  });

  it("fills the list in a page outside the folder, with the path to the sections", async () => {
    writeThree();
    const readme = join(folder, "..", `${folder.split(/[\\/]/).at(-1)}.md`);
    writeFileSync(readme, "# R\n<!-- sections -->\n<!-- /sections -->\n");
    await syncCollection(folder, { readme });
    expect(readFileSync(readme, "utf8")).toContain(
      `[01 · One](${folder.split(/[\\/]/).at(-1)}/01-one.ipynb)`,
    );
    rmSync(readme);
  });

  it("writes nothing the second time", async () => {
    writeThree();
    expect(await syncCollection(folder)).toHaveLength(3);
    expect(await syncCollection(folder)).toEqual([]);
  });

  it("copies the code cells of the original into a translation", async () => {
    writeThree();
    mkdirSync(join(folder, "ru"));
    write("ru/00-index.ipynb", [{ id: "a", text: page("Индекс", "Всё.") }]);
    write("ru/01-one.ipynb", [
      { id: "a", text: page("01 · Один", "Показывает.") },
      { id: "b", code: "old" },
    ]);
    await syncCollection(folder);
    expect(cellText("ru/01-one.ipynb", 1)).toBe("1");
    expect(cellText("ru/01-one.ipynb", 0)).toContain("[Индекс](00-index.ipynb)");
  });

  it("leaves a translation its own outputs: its charts speak its language", async () => {
    writeThree();
    mkdirSync(join(folder, "ru"));
    write("ru/01-one.ipynb", [
      { id: "a", text: page("01 · Один", "Один.") },
      { id: "b", code: "old" },
    ]);
    const file = join(folder, "ru", "01-one.ipynb");
    const notebook = JSON.parse(readFileSync(file, "utf8"));
    notebook.cells[1].outputs = [{ output_type: "stream", name: "stdout", text: ["задача\n"] }];
    writeFileSync(file, `${JSON.stringify(notebook, null, 1)}\n`);
    await syncCollection(folder);
    const { outputs, source } = JSON.parse(readFileSync(file, "utf8")).cells[1];
    expect([source, outputs[0].text]).toEqual([["1"], ["задача\n"]]);
  });

  it("refuses a translated code cell that the original lacks", async () => {
    writeThree();
    mkdirSync(join(folder, "ru"));
    write("ru/01-one.ipynb", [
      { id: "a", text: page("01 · Один", "Показывает.") },
      { id: "new", code: "2" },
    ]);
    await expect(staleFiles(folder)).rejects.toThrow("code cell new has no twin in the original");
  });

  it("refuses a section without a heading and says what it needs", async () => {
    write("00-index.ipynb", [{ id: "a", text: "no heading" }]);
    await expect(staleFiles(folder)).rejects.toThrow("the first cell needs a line such as `# 04 · Title`");
  });
});

describe("nb sync", () => {
  const sync = (...args: string[]) => startNb(["sync", ...args]).finished;

  it("names what it wrote, and says when there is nothing to write", async () => {
    writeThree();
    expect((await sync(folder)).stdout.match(/^wrote .*\.ipynb$/gm)).toHaveLength(3);
    expect(await sync(folder)).toEqual({
      code: 0,
      stdout: "The generated parts are up to date.\n",
      stderr: "",
    });
  });

  it("refuses in one sentence what it cannot read", async () => {
    const missing = join(folder, "none");
    expect(await sync(missing)).toMatchObject({
      code: 2,
      stderr: `${missing}: there is no such file or folder; check the path and its permissions.\n`,
    });
    expect(await sync(folder)).toMatchObject({
      code: 2,
      stderr: `${folder}: no numbered notebook (\`NN-slug.ipynb\`) here; name another folder.\n`,
    });
    writeThree();
    expect((await sync(folder, "--readme", missing)).stderr).toMatch(
      /^[^\n]*none: there is no such file[^\n]*\n$/,
    );
  });
});
