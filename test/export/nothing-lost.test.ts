import { describe, expect, test } from "vitest";
import { exportHtml, exportMarkdown, exportScript } from "../../notebook-tools/export";
import { type Cell, type MimeBundle, type Notebook, readNotebook } from "../../notebook-tools/nbformat";
import { fixture } from "../nbformat/fixtures";
import { code, displayed, markdown, notebook, printed, raw } from "./cells";

function mainOf(cells: Cell[], options = {}): string {
  return /<main[^>]*>([\s\S]*)<\/main>/.exec(exportHtml(notebook(cells), options))![1]!;
}

const shown = (data: MimeBundle) => mainOf([code("", [displayed(data)])]);
const html = (text: string) => shown({ "text/html": text });
const textOf = (page: string) => page.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

describe("HTML in an output keeps", () => {
  test.each([
    ["a drawing", '<svg width="60" height="60"><circle cx="30" cy="30" r="25" fill="red"></circle></svg>'],
    [
      "a drawing that refers to its own parts",
      '<svg viewbox="0 0 9 9"><linearGradient id="g"><stop offset="0" stop-color="red"></stop></linearGradient><rect fill="url(#g)"></rect></svg>',
    ],
    ["a formula in MathML", "<math><mfrac><mn>1</mn><mi>x</mi></mfrac></math>"],
    ["a bar of progress", '<progress max="9" value="3"></progress>'],
    ["an old font", '<font color="red">r</font>'],
  ])("%s", (_, source) => {
    expect(html(source)).toContain(source);
    expect(html(source)).not.toContain("unshown");
  });

  test("sound and film that are in it", () => {
    expect(html('<audio src="data:audio/wav;base64,aGk="></audio>')).toContain(
      '<audio src="data:audio/wav;base64,aGk=" controls preload="metadata">',
    );
    expect(html('<video><source src="data:video/mp4;base64,aGk="></video>')).toContain(
      '<source src="data:video/mp4;base64,aGk=">',
    );
  });

  test("controls, switched off", () => {
    expect(html("<select><option>one</option></select>")).toContain(
      "<select disabled><option>one</option></select>",
    );
  });

  test("a link that opens elsewhere", () => {
    expect(mainOf([markdown('<a href="https://e.com" target="_blank">l</a> t')])).toContain(
      '<a href="https://e.com" target="_blank" rel="noopener">l</a> t',
    );
  });

  test("the colours of a styled table, for this table alone", () => {
    const page = html(
      '<style type="text/css">#T_1 th.row0, .col0:hover { background-color: #440154; color: #f1f1f1; position: fixed; background-image: url(x) }\n@import "x"; body { color: red }</style><table id="T_1"><tr><td class="col0">1</td></tr></table>',
    );
    expect(page).toContain(
      "<style>#output-1-1 #T_1 th.own-row0, #output-1-1 .own-col0:hover { background-color: #440154; color: #f1f1f1 }\n#output-1-1 body { color: red }\n</style>",
    );
    expect(page).toContain('<td class="own-col0">');
  });
});

describe("HTML in an output keeps its place:", () => {
  test("a style sheet selects nothing outside of its own output", () => {
    const page = html("<style>~ *, + p, > b, i ~ b { color: red } a { color: blue }</style><a>1</a>");
    expect(page).toContain(
      "<style>#output-1-1 i ~ b { color: red }\n#output-1-1 a { color: blue }\n</style>",
    );
  });

  test("neither a margin nor a drawing lays it over what stands around it", () => {
    const page = html(
      '<b style="margin: 1px -9em; margin-top:-500px; margin-left:2em; overflow: visible">1</b><svg width="1" height="1" overflow="visible" style="overflow:visible"><rect x="-999" width="9999" height="9999"/></svg>',
    );
    expect(page).toContain('<b style="margin-left:2em">1</b><svg width="1" height="1"><rect');
  });
});

describe("HTML in an output leaves a note of", () => {
  test.each([
    [
      "a script alone",
      "<script>plot()</script>",
      "An output that only a live notebook can show: text/html ( <script> )",
    ],
    [
      "a script beside a text",
      "<p>a</p><script>plot()</script>",
      "a Left out here, because it acts or loads something: <script>",
    ],
    [
      "an empty element that a script would fill",
      '<div style="height: 400px"></div><script>1</script>',
      "text/html ( <script> )",
    ],
    [
      "a frame, with its address",
      '<iframe src="https://e.org/v?a=1"></iframe>',
      "<iframe> https://e.org/v?a=1",
    ],
    [
      "a style sheet alone",
      "<style>@import 'x'</style>",
      "An output that only a live notebook can show: text/html",
    ],
    ["a canvas", "<canvas></canvas>", "<canvas>"],
  ])("%s", (_, source, note) => {
    expect(textOf(html(source)).replace(/&#60;/g, "<").replace(/&#62;/g, ">")).toContain(note);
    expect(exportMarkdown(notebook([code("", [displayed({ "text/html": source })])])).text).toMatch(
      /only a live notebook can show|Left out here/,
    );
  });
});

describe("an output", () => {
  const plotly = { "application/vnd.plotly.v1+json": { data: [] } };
  const widget = {
    "application/vnd.jupyter.widget-view+json": { model_id: "1" },
    "text/plain": "IntSlider(value=0)",
  };

  test("of a type that no page can show is named in each format", () => {
    expect(shown(plotly)).toContain("<code>application/vnd.plotly.v1+json</code>");
    expect(exportMarkdown(notebook([code("", [displayed(plotly)])])).text).toBe(
      "> An output that only a live notebook can show: `application/vnd.plotly.v1+json`\n",
    );
  });

  test("that is a widget says so, and what it was", () => {
    expect(textOf(shown(widget))).toMatch(
      /A widget that only a live notebook can show: .* IntSlider\(value=0\)/,
    );
    expect(exportMarkdown(notebook([code("", [displayed(widget)])])).text).toMatch(
      /> A widget that only.*\n\n```text\nIntSlider\(value=0\)\n```/,
    );
  });

  test("of sound plays", () => {
    expect(shown({ "audio/wav": "aGk=" })).toContain(
      '<audio controls preload="metadata" src="data:audio/wav;base64,aGk=">',
    );
    const { text, files } = exportMarkdown(notebook([code("", [displayed({ "audio/wav": "aGk=" })])]));
    expect(text).toContain('<audio controls src="notebook_files/audio-1.wav">');
    expect([...files.keys()]).toEqual(["notebook_files/audio-1.wav"]);
  });

  test("of any text is shown as text", () => {
    expect(shown({ "text/csv": "a,b" })).toContain("a,b");
    expect(shown({ "text/html": "", "text/plain": "plain" })).toContain("plain");
  });

  test("that is an error without a traceback shows its name in each format", () => {
    const failed = code("", [{ output_type: "error", ename: "E", evalue: "no", traceback: [] }]);
    expect(mainOf([failed])).toContain("E: no");
    expect(exportMarkdown(notebook([failed])).text).toContain("E: no");
  });
});

describe("raw cells", () => {
  const cells = [
    raw("for all"),
    raw("<b>html</b>", { raw_mimetype: "text/html" }),
    raw("**md**", { format: "text/markdown" }),
    raw("\\LaTeX", { raw_mimetype: "text/latex" }),
    raw("x = 1", { raw_mimetype: "text/x-python" }),
  ];

  test("in a page: as text, as HTML, as Markdown, or as a note", () => {
    const page = mainOf(cells);
    expect(page).toContain("<pre><code>for all</code></pre>");
    expect(page).toContain("<b>html</b>");
    expect(page).toContain("<strong>md</strong>");
    expect(page).toContain("A raw cell for another format: <code>text/latex</code>");
    expect(page).toContain("<code>text/x-python</code>");
  });

  test("in Markdown: as they are, as HTML, or as a note", () => {
    expect(exportMarkdown(notebook(cells)).text).toBe(
      "for all\n\n<div>\n<b>html</b>\n</div>\n\n**md**\n\n> A raw cell for another format: `text/latex`\n\n> A raw cell for another format: `text/x-python`\n",
    );
  });

  test("in a script: as comments, or as code of its language", () => {
    expect(exportScript(notebook(cells)).text).toBe(
      "# %% [raw]\n# for all\n\n# %% [raw text/html]\n# <b>html</b>\n\n# %% [raw text/markdown]\n# **md**\n\n# %% [raw text/latex]\n# \\LaTeX\n\n# %%\nx = 1\n",
    );
  });
});

describe("what is removed or hidden is so in every format", () => {
  const cell = (tag: string, metadata = {}) =>
    code("source()", [printed("printed\n")], { tags: [tag], ...metadata });
  const formats = (cells: Cell[], options = {}) => ({
    html: mainOf(cells, options),
    markdown: exportMarkdown(notebook(cells), options).text,
    script: exportScript(notebook(cells), options).text,
  });

  test.each([
    ["remove-cell", {}, { source: false, output: false }],
    ["remove_cell", {}, { source: false, output: false }],
    ["remove-input", {}, { source: false, output: true }],
    ["remove-output", {}, { source: true, output: false }],
    ["x", { noInput: true }, { source: false, output: true }],
    ["solution", { noSolutions: true }, { source: false, output: false }],
  ])("%s %j", (tag, options, { source, output }) => {
    const { html, markdown, script } = formats([cell(tag)], options);
    expect([html.includes("source()"), html.includes("printed")]).toEqual([source, output]);
    expect([markdown.includes("source()"), markdown.includes("printed")]).toEqual([source, output]);
    expect(script.includes("source()")).toBe(source);
  });

  test.each([
    ["hide-cell", {}, "Show: Cell"],
    ["hide-input", {}, "Show: Code"],
    ["hide-output", {}, "Show: Output"],
    ["solution", {}, "Solution"],
    ["x", { jupyter: { source_hidden: true } }, "Show: Code"],
    ["x", { collapsed: true }, "Show: Output"],
  ])("%s %j is folded", (tag, metadata, summary) => {
    const { html, markdown, script } = formats([cell(tag, metadata)]);
    expect(html).toContain(`<details><summary>${summary}</summary>`);
    expect(markdown).toContain(`<details>\n<summary>${summary}</summary>\n\n`);
    for (const text of [html, markdown, script]) expect(text).toContain("source()");
  });

  test("Markdown cells too", () => {
    const {
      html,
      markdown: text,
      script,
    } = formats([markdown("hidden *prose*", { tags: ["remove-input"] })]);
    for (const format of [html, text, script]) expect(format).not.toContain("prose");
  });
});

test.each([
  ["en", "This notebook has not been run"],
  ["ru", "Этот блокнот ещё не запускали"],
])("a page of a notebook that never ran says so (%s)", (lang, words) => {
  const never = notebook([{ ...code("1"), execution_count: null } as Cell]);
  expect(exportHtml(never, { lang })).toContain(words);
  expect(exportMarkdown(never, { lang }).text).toContain(`> ${words}`);
  expect(exportHtml(notebook([code("1")]), { lang })).not.toContain(words);
  expect(exportHtml(notebook([markdown("only prose")]), { lang })).not.toContain(words);
});

test("the hostile notebook loses nothing without a note", async () => {
  const { notebook: hostile }: { notebook: Notebook } = await readNotebook(fixture("hostile"));
  const scripts = JSON.stringify(hostile).match(/<script/gi)?.length ?? 0;
  expect(scripts).toBeGreaterThan(0);
  expect(exportHtml(hostile)).toMatch(/Left out here|only a live notebook/);
});
