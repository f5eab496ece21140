import { describe, expect, test } from "vitest";
import { exportHtml } from "../../notebook-tools/export";
import { type Notebook, type Output, readNotebook } from "../../notebook-tools/nbformat";
import { fixture } from "../nbformat/fixtures";
import { code, notebook } from "./cells";

type Source = string | { code: string; outputs?: Output[]; metadata?: object };

/** A notebook of Markdown cells (texts) and code cells. */
function notebookOf(sources: Source[], metadata: Notebook["metadata"] = {}): Notebook {
  const cells = sources.map((source) =>
    typeof source === "string"
      ? { cell_type: "markdown" as const, metadata: {}, source }
      : {
          cell_type: "code" as const,
          execution_count: 1,
          metadata: { ...source.metadata },
          source: source.code,
          outputs: source.outputs ?? [],
        },
  );
  const language_info = { name: "typescript" };
  return { cells, metadata: { language_info, ...metadata }, nbformat: 4, nbformat_minor: 4 };
}

function mainOf(sources: Source[]): string {
  return /<main[^>]*>([\s\S]*)<\/main>/.exec(exportHtml(notebookOf(sources)))![1]!;
}

function shown(data: Record<string, never | string | object>): string {
  return mainOf([
    { code: "", outputs: [{ output_type: "display_data", metadata: {}, data: data as never }] },
  ]);
}

function printed(text: string, name = "stdout"): string {
  return mainOf([{ code: "", outputs: [{ output_type: "stream", name, text }] }]);
}

describe("the page", () => {
  test("is titled by the metadata, the first heading, or the file", () => {
    const title = (page: string) => /<title>(.*)<\/title>/.exec(page)![1];
    expect(title(exportHtml(notebookOf(["# A & B"], { title: "Given" })))).toBe("Given");
    expect(title(exportHtml(notebookOf(["# A & B"]), { path: "x/01-a.ipynb" }))).toBe("A &#38; B");
    expect(title(exportHtml(notebookOf(["text"]), { path: "x/01-a.ipynb" }))).toBe("01-a");
  });

  test("is in the language of the metadata, the folder, or English", () => {
    const lang = (page: string) => /<html lang="(.*?)">/.exec(page)![1];
    expect(lang(exportHtml(notebookOf([], { lang: "fr" }), { path: "ru/a.ipynb" }))).toBe("fr");
    expect(lang(exportHtml(notebookOf([]), { path: "notebooks/ru/a.ipynb" }))).toBe("ru");
    expect(lang(exportHtml(notebookOf([]), { path: "notebooks/a.ipynb" }))).toBe("en");
  });

  test("speaks Russian around a Russian notebook", () => {
    const page = exportHtml(notebookOf(["# Потоки", "## Раз", "## Два"]), { path: "ru/a.ipynb" });
    expect(page).toContain('<nav class="toc" aria-label="Содержание">');
    expect(page).toContain('<a href="#%D0%A0%D0%B0%D0%B7">Раз</a>');
  });

  test("is the same each time, and loads nothing", () => {
    const notebook = notebookOf(["# A", { code: "1" }]);
    expect(exportHtml(notebook)).toBe(exportHtml(notebook));
    expect(exportHtml(notebook)).not.toMatch(/<script|<link|@import|url\(|https?:\/\//);
  });

  test("lists its parts, nested, with anchors that exist and differ", () => {
    const page = exportHtml(notebookOf(["# Title", "## One\n### `a` part", "## Two words", "## One"]));
    const anchors = Array.from(page.matchAll(/<li><a href="#([^"]+)">/g), ([, id]) => id);
    expect(anchors).toEqual(["One", "a-part", "Two-words", "One-1"]);
    for (const id of anchors) expect(page).toContain(`id="${id}"`);
    expect(page).toMatch(/One<\/a><ul><li><a href="#a-part">a part<\/a><\/li><\/ul><\/li>/);
  });
});

describe("links", () => {
  test.each([
    ["to a notebook lead to its page", "[a](../02-b.ipynb?x=1#Part)", 'href="../02-b.html?x=1#Part"'],
    ["to a notebook in raw HTML too", '<a href="02-b.ipynb">b</a>', 'href="02-b.html"'],
    [
      "to a notebook on another site stay",
      "[a](https://example.org/a.ipynb)",
      'href="https://example.org/a.ipynb"',
    ],
    ["are made of bare addresses", "see https://example.org/", '<a href="https://example.org/">'],
  ])("%s", (_, markdown, html) => expect(mainOf([markdown])).toContain(html));

  test("are not made of names with a dot", () =>
    expect(mainOf(["see main.ts and node.js"])).not.toContain("<a "));
});

describe("code", () => {
  test("is highlighted in the language of the notebook", () => {
    expect(mainOf([{ code: "const a = 1;" }])).toContain(
      '<code class="language-typescript"><span class="hljs-keyword">const</span> a = <span class="hljs-number">1</span>;</code>',
    );
  });

  test("in Markdown is highlighted in the language of its fence", () => {
    expect(mainOf(["```python\nimport x\n```"])).toContain('<span class="hljs-keyword">import</span> x');
  });

  test("in an unknown language is only escaped", () => {
    expect(mainOf(["```nope\na < b\n```"])).toContain('<code class="language-nope">a &lt; b</code>');
  });

  test("in an empty cell leaves no trace", () => expect(mainOf([{ code: " \n" }]).trim()).toBe(""));

  test("tagged solution, or hidden in the notebook, is folded", () => {
    expect(mainOf([{ code: "1", metadata: { tags: ["solution"] } }])).toContain(
      "<details><summary>Solution</summary>",
    );
    expect(mainOf([{ code: "1", metadata: { jupyter: { source_hidden: true } } }])).toContain(
      "<summary>Show: Code</summary>",
    );
  });

  test("tagged remove-cell or remove-input is left out", () => {
    expect(mainOf([{ code: "secret", metadata: { tags: ["remove-cell"] } }])).not.toContain("secret");
    expect(mainOf([{ code: "secret", metadata: { tags: ["remove-input"] } }])).not.toContain("secret");
  });
});

describe("an output", () => {
  test("on a stream has its carriage returns applied", () => {
    expect(printed("1%\r2%\r\n")).toContain("<code>2%\n</code>");
  });

  test("with terminal colours is coloured", () => {
    expect(
      printed("\u001b[1;31mred\u001b[0m \u001b[38;5;208mor\u001b[39m\u001b[48;2;1;2;3mange\u001b[m"),
    ).toContain(
      '<span class="ansi-bold ansi-red">red</span> <span style="color: rgb(255 135 0)">or</span><span style="background: rgb(1 2 3)">ange</span>',
    );
  });

  test("loses other control sequences of a terminal", () => {
    expect(printed("\u001b[2Ka\u001b]0;title\u0007\u001b(Bb\u001b=c\u001b[?25l")).toContain(
      "<code>abc</code>",
    );
  });

  test.each([
    ["38:2::255:0:0", "color: rgb(255 0 0)"],
    ["38:2:255:0:0", "color: rgb(255 0 0)"],
    ["38:5:208", "color: rgb(255 135 0)"],
    ["48;5;232", "background: rgb(8 8 8)"],
    ["4:3", "ansi-underline"],
    ["9", "ansi-strike"],
    ["1;58;5;3;4", "ansi-bold ansi-underline"],
    ["58:2::1:2:3", ""],
    ["4;4:0", ""],
  ])("in the style %s", (codes, expected) => {
    const html = printed(`\u001b[${codes}mtext\u001b[0m after`);
    const span = expected.includes(":") ? `<span style="${expected}">` : `<span class="${expected}">`;
    expect(html).toContain(`<code>${expected === "" ? "text" : `${span}text</span>`} after</code>`);
  });

  test("links where a terminal would, but to no script", () => {
    const link = (address: string) => `\u001b]8;;${address}\u001b\\go\u001b]8;;\u001b\\ on`;
    expect(printed(link("https://e.org/?a=1&b"))).toContain('<a href="https://e.org/?a=1&#38;b">go</a> on');
    expect(printed(link("javascript:alert(1)"))).toContain("<code>go on</code>");
  });

  test("on stderr says so to who cannot see its colour", () => {
    expect(printed("oops", "stderr")).toContain(
      '<div class="stderr" role="group" aria-label="Error output">',
    );
  });

  test("that is an error shows its traceback", () => {
    const outputs: Output[] = [
      { output_type: "error", ename: "E", evalue: "no", traceback: ["\u001b[31mE\u001b[0m: no", "at <x>"] },
    ];
    expect(mainOf([{ code: "", outputs }])).toContain('<span class="ansi-red">E</span>: no\nat &#60;x&#62;');
  });

  test("is shown in its richest form", () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="700" height="10"><title>A chart</title><desc>of two lanes</desc></svg>';
    const bundle = { "text/plain": "plain", "application/json": { a: 1 }, "text/html": "<i>html</i>" };
    expect(shown({ ...bundle, "image/svg+xml": svg, "image/png": "aGk=" })).toContain(
      'src="data:image/svg+xml,',
    );
    expect(shown({ ...bundle, "image/png": "aG\nk=" })).toContain(
      '<img src="data:image/png;base64,aGk=" alt="plain">',
    );
    expect(shown(bundle)).toContain("<i>html</i>");
    expect(shown({ "text/markdown": "**md**", "text/plain": "plain" })).toContain("<strong>md</strong>");
    expect(shown({ "application/json": ["a"], "text/plain": "plain" })).toContain("hljs-string");
    expect(shown({ "text/plain": "a<b" })).toContain("a&#60;b");
  });

  test("that is a drawing says its title and description, and is not shrunk beyond reading", () => {
    const svg =
      '<svg width="700" height="10"><title>A "chart"</title><desc>Two lanes &amp; a loop</desc><path d=""/></svg>';
    const html = shown({ "image/svg+xml": svg });
    expect(html).toContain('alt="A &#34;chart&#34;. Two lanes &#38; a loop"');
    expect(html).toContain('<figure tabindex="0">');
    expect(html).toContain('style="min-width: min(700px, 36rem)"');
  });

  test("that only a live notebook can show is named", () => {
    expect(shown({ "application/vnd.jupyter.widget-view+json": {} })).toContain(
      "<code>application/vnd.jupyter.widget-view+json</code>",
    );
  });
});

test("an attached image comes with the page", async () => {
  const page = exportHtml((await readNotebook(fixture("attachment"))).notebook);
  expect(page.match(/<img [^>]*src="data:image\/png;base64,iVBOR/g)).toHaveLength(2);
});

test("backticks in a source stay where they are", async () => {
  const page = exportHtml((await readNotebook(fixture("fences-in-source"))).notebook);
  expect(page.replace(/<[^>]+>/g, "")).toContain("const s = `\n```\n````\n`;");
});

test("metadata of any kind does no harm", () => {
  const odd = {
    title: 5,
    lang: {},
    language_info: { name: null },
    kernelspec: [],
  } as unknown as Notebook["metadata"];
  expect(exportHtml(notebookOf(["# A", { code: "1", metadata: { jupyter: "x", tags: 5 } }], odd))).toContain(
    "<title>A</title>",
  );
});

test("a word of a megabyte is shown, uncoloured, at once", () => {
  const word = "z".repeat(1_000_000);
  expect(exportHtml(notebook([code(word)], { language_info: { name: "typescript" } }))).toContain(
    `<code class="language-typescript">${word}</code>`,
  );
});
