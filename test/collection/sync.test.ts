import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkCollection, syncCollection } from "../../notebook-tools/collection";
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
    expect((await syncCollection(folder)).written).toHaveLength(3);
    expect(await syncCollection(folder)).toEqual({ written: [], faults: [] });
  });

  it("refuses a section without a heading and says what it needs", async () => {
    write("00-index.ipynb", [{ id: "a", text: "no heading" }]);
    await expect(checkCollection(folder)).rejects.toThrow(
      "the first cell needs a line such as `# 04 · Title`",
    );
  });
});

describe("a translated edition", () => {
  const russian = () => join(folder, "ru", "01-one.ipynb");
  const writeRussian = (cells: TestCell[]) => {
    writeThree();
    mkdirSync(join(folder, "ru"));
    write("ru/00-index.ipynb", [
      { id: "a", text: page("Указатель", "Всё.") },
      { id: "b", text: "<!-- sections -->\n<!-- /sections -->" },
    ]);
    write("ru/01-one.ipynb", cells);
  };
  const first = { id: "a", text: page("01 · Один", "Показывает.") };
  const messages = async (options = {}) =>
    (await checkCollection(folder, options)).faults.map(({ message }) => message);

  it("has its own titles in navigation and list, and the code of the original", async () => {
    writeRussian([first, { id: "b", code: "old" }]);
    await syncCollection(folder);
    expect(cellText("ru/01-one.ipynb", 1)).toBe("1");
    expect(cellText("ru/01-one.ipynb", 0)).toContain("[Указатель](00-index.ipynb)");
    expect(cellText("ru/00-index.ipynb", 1)).toContain("| [01 · Один](01-one.ipynb) | Показывает. |");
  });

  it("is told of the section that it lacks, and of the one that has no original", async () => {
    writeRussian([first, { id: "b", code: "1" }]);
    write("ru/03-three.ipynb", [{ id: "a", text: page("03 · Три", "Три.") }]);
    const said = await messages({ translated: [join(folder, "ru", "00-index.ipynb"), russian()] });
    const [two, three] = [join(folder, "ru", "02-two.ipynb"), join(folder, "ru", "03-three.ipynb")];
    expect(said).toEqual([
      `${three}: there is no ${join(folder, "03-three.ipynb")} that it translates; rename or delete it.`,
      `${two}: this section is not translated; copy ${join(folder, "02-two.ipynb")} there, ` +
        `translate its Markdown cells, then run \`nb sync ${folder} --translated ${two}\`.`,
    ]);
  });

  it("names file, cell and way out, and takes a translated cell or a whole file at its word", async () => {
    writeRussian([first, { id: "b", code: "1" }]);
    write("ru/02-two.ipynb", [{ id: "a", text: page("02 · Два", "Два.") }]);
    const said = await messages({ translated: [join(folder, "ru", "00-index.ipynb"), `${russian()}#a`] });
    const two = join(folder, "ru", "02-two.ipynb");
    expect(said).toEqual([
      `${two}, cell 1 (a) is not translated; translate its text, then run \`nb sync ${folder} --translated ${two}#a\`.`,
    ]);
    const translated = ["00-index", "01-one", "02-two"].map((name) => join(folder, "ru", `${name}.ipynb`));
    expect((await syncCollection(folder, { translated })).faults).toEqual([]);
    expect((await syncCollection(folder)).written).toEqual([]);
  });

  it("is named again when the text of its original changes, not when its navigation does", async () => {
    writeRussian([first, { id: "b", code: "1" }]);
    const options = { translated: ["00-index", "01-one"].map((name) => join(folder, "ru", `${name}.ipynb`)) };
    await syncCollection(folder, options);
    write("02-two.ipynb", [{ id: "a", text: page("02 · Another title", "Shows two.") }]);
    expect((await syncCollection(folder)).faults).toHaveLength(1);
    write("01-one.ipynb", [
      { id: "a", text: page("01 · One", "Shows one anew.") },
      { id: "b", code: "1" },
    ]);
    expect(await messages()).toContain(
      `${russian()}, cell 1 (a) is older than its original, whose text has changed since; ` +
        `translate its text, then run \`nb sync ${folder} --translated ${russian()}#a\`.`,
    );
  });

  it("refuses a name that is none of its files or Markdown cells", async () => {
    writeRussian([first, { id: "b", code: "1" }]);
    for (const name of [join(folder, "01-one.ipynb"), `${russian()}#none`, `${russian()}#b`])
      await expect(checkCollection(folder, { translated: [name] })).rejects.toThrow(
        `${name}: names no translated notebook or Markdown cell below ${folder}; expected a file such as`,
      );
  });

  it("needs ids, and says so", async () => {
    writeRussian([first]);
    const old = { cells: [{ cell_type: "markdown", metadata: {}, source: "# 01 · One" }], metadata: {} };
    writeFileSync(join(folder, "01-one.ipynb"), JSON.stringify({ ...old, nbformat: 4, nbformat_minor: 4 }));
    await expect(checkCollection(folder)).rejects.toThrow(
      "a translation needs cells with ids; save it as nbformat 4.5.",
    );
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

  it("exits with 1 while a translation has faults, and says each on a line; with --translated it has none", async () => {
    writeThree();
    await sync(folder);
    mkdirSync(join(folder, "ru"));
    const names = ["00-index", "01-one", "02-two"].map((name) => `ru/${name}.ipynb`);
    write(names[0]!, [
      { id: "a", text: "# Всё" },
      { id: "b", text: "<!-- sections -->\n<!-- /sections -->" },
    ]);
    write(names[1]!, [{ id: "a", text: "# Один" }]);
    write(names[2]!, [{ id: "a", text: "# Два" }]);
    const checked = await sync(folder, "--check");
    expect([checked.code, checked.stderr.match(/^.*cell.*$/gm)]).toEqual([
      1,
      [
        expect.stringMatching(/00-index\.ipynb, cell 1 \(a\) is not translated; .*--translated .*#a`\.$/),
        expect.stringMatching(
          /01-one\.ipynb: cell b is missing \(cell 2 of the original\); run `nb sync .*`\.$/,
        ),
        expect.stringMatching(/01-one\.ipynb, cell 1 \(a\) is not translated/),
        expect.stringMatching(/02-two\.ipynb, cell 1 \(a\) is not translated/),
      ],
    ]);
    expect((await sync(folder)).code).toBe(1);
    const translated = names.map((name) => join(folder, name));
    expect(await sync(folder, "--translated", ...translated)).toMatchObject({ code: 0, stderr: "" });
    expect(await sync(folder, "--check")).toMatchObject({ code: 0, stderr: "" });
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
