import { describe, expect, test } from "vitest";
import { exportHtml, exportMarkdown } from "../../notebook-tools/export";
import { markdown, notebook } from "./cells";

function page(...sources: string[]): string {
  const html = exportHtml(notebook(sources.map((source) => markdown(source))));
  return /<main[^>]*>([\s\S]*)<\/main>/.exec(html)![1]!;
}

describe("a page shows as GitHub does", () => {
  test("lists of tasks", () => {
    expect(page("- [x] done\n- [ ] not\n- [link](x)")).toMatch(
      /<li class="task-list-item"><input type="checkbox" disabled checked aria-label="Done" \/> done<\/li>\n<li class="task-list-item"><input type="checkbox" disabled aria-label="Not done" \/> not<\/li>\n<li><a/,
    );
  });

  test("footnotes, each cell's for itself", () => {
    const html = page("a[^1]\n\n[^1]: one", "b[^1]\n\n[^1]: *two*");
    expect(html).not.toContain("[^1]");
    const ids = Array.from(html.matchAll(/ id="(fn[^"]+)"/g), ([, id]) => id);
    expect(new Set(ids).size).toBe(4);
    for (const [, target] of html.matchAll(/href="#(fn[^"]+)"/g)) expect(ids).toContain(target);
    expect(html).toContain("<em>two</em>");
  });

  test.each(["NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"])("alerts: %s", (kind) => {
    const html = page(`> [!${kind}]\n> Take **care**.`);
    expect(html).toContain(`<div class="markdown-alert markdown-alert-${kind.toLowerCase()}">`);
    expect(html).toMatch(/markdown-alert-title"><svg[\s\S]*<\/svg> \w+<\/p>/);
    expect(html).toContain("<strong>care</strong>");
    expect(html).not.toContain("[!");
  });

  test("tables, with a corner that is no header", () => {
    expect(page("| | b |\n|---|--:|\n| 1 | ~~2~~ |")).toMatch(
      /<tr>\n<td><\/td>\n<th style="text-align:right">b<\/th>[\s\S]*<td style="text-align:right"><s>2<\/s><\/td>/,
    );
  });

  test("harmless HTML", () => {
    const source =
      "<details open><summary>S</summary>\n\n*in*\n\n</details>\n\n<kbd>Ctrl</kbd> H<sub>2</sub>O <mark>m</mark>";
    expect(page(source)).toMatch(/<details open><summary>S<\/summary>\n<p><em>in<\/em><\/p>\n<\/details>/);
    expect(page(source)).toContain("<kbd>Ctrl</kbd> H<sub>2</sub>O <mark>m</mark>");
  });

  test("links to headings by its own anchors, and by those of Jupyter", () => {
    const html = page("# The `idea`, twice!\n\n[a](#the-idea-twice) [b](#The-idea,-twice!) [c](#nowhere)");
    expect(Array.from(html.matchAll(/<a href="#([^"]*)"/g), ([, id]) => id)).toEqual([
      "The-idea%2C-twice!",
      "The-idea,-twice!",
      "nowhere",
    ]);
  });

  test("an alert's title of its own cannot act", () => {
    expect(page("> [!NOTE] <img src=x onerror=alert(1)>\n> text")).not.toMatch(/<img[^>]*onerror/);
  });
});

describe("Markdown keeps harmless HTML byte for byte", () => {
  test.each([
    '<a href="https://e.com" target="_blank">l</a> t',
    'text <kbd>A</kbd> <font color="red">r</font>',
    "<button>b</button> <input type='checkbox'> <select><option>o</option></select>",
    '<video controls src="a.mp4"></video>',
    '<svg width="9" height="9"><circle r="3" fill="red"/></svg>',
    "<math><mi>x</mi></math>",
    '<details data-x="1">\n<summary>s</summary>\n\ntext\n\n</details>',
    "- [x] a[^1]\n\n[^1]: b\n\n> [!NOTE]\n> c",
  ])("%s", (source) => {
    expect(exportMarkdown(notebook([markdown(source)])).text).toBe(`${source}\n`);
  });

  test("beside what acts in the same line", () => {
    expect(exportMarkdown(notebook([markdown("<kbd>A</kbd> <b onclick=x()>c</b> <i>d</i>")])).text).toBe(
      "<kbd>A</kbd> &lt;b onclick=x()>c&lt;/b> <i>d</i>\n",
    );
  });
});
