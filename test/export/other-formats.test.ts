import { describe, expect, test } from "vitest";
import { exportMarkdown, exportScript } from "../../notebook-tools/export";
import { type Notebook, readNotebook } from "../../notebook-tools/nbformat";
import { fixture } from "../nbformat/fixtures";

async function read(name: string): Promise<Notebook> {
  return (await readNotebook(fixture(name))).notebook;
}

describe("Markdown", () => {
  test("fences code and outputs with more backticks than they hold", async () => {
    expect(exportMarkdown(await read("fences-in-source")).text).toBe(
      "`````typescript\nconst s = `\n```\n````\n`;\n`````\n\n````text\n```\n````\n",
    );
  });

  test("keeps attached images beside it", async () => {
    const { text, files } = exportMarkdown(await read("attachment"), { path: "a/dots.ipynb" });
    expect(text).toBe('![dot](dots_files/image-1.png) <img src="dots_files/image-1.png">\n');
    expect([...files]).toEqual([
      ["dots_files/image-1.png", { data: expect.stringMatching(/^iVBOR/), encoding: "base64" }],
    ]);
  });

  test("leads from notebook to notebook", () => {
    const source = "[a](ru/a.ipynb#b) [b](https://example.org/b.ipynb)\n\n[c]: c.ipynb";
    const cells = [{ cell_type: "markdown" as const, metadata: {}, source }];
    expect(exportMarkdown({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 }).text).toBe(
      "[a](ru/a.md#b) [b](https://example.org/b.ipynb)\n\n[c]: c.md\n",
    );
  });

  test("leaves links in code as they are", () => {
    const source = "[a](a.ipynb)\n\n```md\n[a](a.ipynb)\n```\n\n[b](b.ipynb)\n\n~~~\n[c](c.ipynb)";
    const cells = [{ cell_type: "markdown" as const, metadata: {}, source }];
    expect(exportMarkdown({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 }).text).toBe(
      "[a](a.md)\n\n```md\n[a](a.ipynb)\n```\n\n[b](b.md)\n\n~~~\n[c](c.ipynb)\n~~~\n",
    );
  });

  test.each([
    ["```js\nopen", "```js\nopen\n```"],
    ["~~~~\n~~~\n", "~~~~\n~~~\n~~~~"],
    ["```\nclosed\n````\n```", "```\nclosed\n````\n```\n```"],
    ["- a\n  ```\n  ends with its list", "- a\n  ```\n  ends with its list"],
  ])("a fence that is left open in %j takes nothing of what comes after it", (source, closed) => {
    const cells = [source, "next"].map((source) => ({
      cell_type: "markdown" as const,
      metadata: {},
      source,
    }));
    expect(exportMarkdown({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 }).text).toBe(
      `${closed}\n\nnext\n`,
    );
  });

  test("joins streams as a front end does", async () => {
    expect(exportMarkdown(await read("streams")).text).toContain(
      "```text\na\ndone\n```\n\n```text\nc\n```\n\n```text\nd\n```\n",
    );
  });

  test("keeps prose byte for byte when nothing in it acts", () => {
    const source =
      "# T\n\n*  odd   list\n\n<details><summary>more</summary>\n\ntext <kbd>Ctrl</kbd>\n\n</details>\n\n| a |\n|---|\n| b |";
    const cells = [{ cell_type: "markdown" as const, metadata: {}, source }];
    expect(exportMarkdown({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 }).text).toBe(`${source}\n`);
  });
});

describe("a script", () => {
  test("is the code, with the prose as comments", async () => {
    const cells = [
      { cell_type: "markdown" as const, metadata: {}, source: "# T\n\nsays\u2028alert(1)" },
      {
        cell_type: "code" as const,
        metadata: {},
        source: "const a = 1;",
        outputs: [],
        execution_count: null,
      },
    ];
    const metadata = { language_info: { name: "typescript", file_extension: ".ts" } };
    expect(exportScript({ cells, metadata, nbformat: 4, nbformat_minor: 4 })).toEqual({
      text: "// %% [markdown]\n// # T\n//\n// says\n// alert(1)\n\n// %%\nconst a = 1;\n",
      extension: ".ts",
    });
  });

  test.each([
    [{ kernelspec: { name: "python3", display_name: "Python 3", language: "python" } }, ".py"],
    [{ kernelspec: { name: "tslab", display_name: "TypeScript", language: "typescript" } }, ".ts"],
    [{ language_info: { name: "toString" } }, ".txt"],
    [{}, ".txt"],
  ])("of a notebook that no kernel has run yet, %j, ends in %s", (metadata, extension) => {
    expect(exportScript({ cells: [], metadata, nbformat: 4, nbformat_minor: 5 }).extension).toBe(extension);
  });

  test("has the comments and the extension of the notebook's language", () => {
    const metadata = { language_info: { name: "python", file_extension: ".py" } };
    const cells = [{ cell_type: "markdown" as const, metadata: {}, source: "T" }];
    expect(exportScript({ cells, metadata, nbformat: 4, nbformat_minor: 4 })).toEqual({
      text: "# %% [markdown]\n# T\n",
      extension: ".py",
    });
  });
});
