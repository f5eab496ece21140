import { describe, expect, test } from "vitest";
import { exportHtml, exportMarkdown, exportScript } from "../../notebook-tools/export";
import { code, displayed, markdown, notebook } from "./cells";

const page = (source: string) =>
  /<main[^>]*>([\s\S]*)<\/main>/.exec(exportHtml(notebook([markdown(source)])))![1]!;
const latex = (text: string, others = {}) =>
  exportHtml(notebook([code("", [displayed({ "text/latex": text, ...others })])]));

describe("a formula becomes MathML", () => {
  test.each([
    ["in a line", "so $x^2$ is", /so <math><msup><mi>x<\/mi><mn[^>]*>2<\/mn><\/msup><\/math> is/],
    ["on its own", "$$\\int_0^1 x\\,dx$$", /<math display="block"[^>]*><mrow><msubsup><mo[^>]*>∫<\/mo>/],
    ["over lines", "$$\na\n= b \\\\\n\nc\n$$", /<math display="block"/],
    ["in a sentence, displayed", "so $$a$$ is", /so <span class="tml-block"><math display="block"/],
    [
      "in round brackets",
      "\\(a\\) and \\\\(b\\\\)",
      /<math><mi>a<\/mi><\/math> and <math><mi>b<\/mi><\/math>/,
    ],
    ["in square brackets", "\\[a = b\\]", /<math display="block"/],
    ["in an environment", "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}", /<mtable[\s\S]*<\/mtable>/],
    ["in a fence", "```math\na_1\n```", /<math display="block"/],
    ["as GitHub has it beside backticks", "$`a_1`$", /<math><msub>/],
    ["in a table", "| a |\n|---|\n| $x_1$ |", /<td><math><msub>/],
    ["in a list", "- one\n\n  $$a$$\n- two", /<li>[\s\S]*<math display="block"[\s\S]*<li>/],
    ["with signs that Markdown knows", "$a*b*c_1 + d_{2}$", /<math>(?!.*<em>)/],
    ["with signs that HTML knows", "$a<b$ and $c>d$", /<mo>&lt;<\/mo>[\s\S]*<mo>&gt;<\/mo>/],
  ])("%s", (_, source, expected) => {
    expect(page(source)).toMatch(expected);
    expect(page(source)).not.toContain("$");
  });

  test("in an output, rather than the picture of it or its Python name", () => {
    expect(latex("$\\displaystyle \\frac{1}{2}$", { "text/plain": "1/2", "image/png": "aGk=" })).toMatch(
      /<mfrac/,
    );
    expect(latex("$$x$$", { "text/plain": "<IPython.core.display.Latex object>" })).toContain("<math");
    expect(latex("$$x$$", { "text/plain": "<IPython>" })).not.toContain("IPython");
    expect(latex("\\begin{equation}x\\end{equation}")).toContain("<math");
  });
});

describe("what is no formula stays text", () => {
  test.each([
    "costs $5 and $6",
    "from $5-$10",
    "US$5 or 5$",
    "`$a$` and `$PATH:$HOME`",
    "a \\$5 and \\$6",
    "$ a $",
    "\\[note\\]",
    "echo $HOME and $PATH",
  ])("%s", (source) => {
    expect(page(source)).not.toContain("<math");
  });

  test("in code, indented or fenced", () => {
    expect(page("    $a$\n\n```sh\n$$x$$\n```")).not.toContain("<math");
  });

  test("but a formula that is not known is shown as it was written", () => {
    expect(page("$\\nosuchthing{x$")).toContain("$\\nosuchthing{x$");
    expect(latex("\\begin{tabular}{ll}a & b\\end{tabular}")).toContain("tabular");
  });
});

test("a formula cannot act", () => {
  const source =
    "$\\href{javascript:alert(1)}{x} \\url{javascript:alert(1)} \\htmlData{a=b}{x}$ $<img src=x onerror=alert(1)>$";
  expect(page(source)).not.toMatch(/<img|href="javascript|<[^>]*\son\w+=/i);
});

test("formulas are kept as written in Markdown and in a script", () => {
  const source = "$$\\int_0^1 x\\,dx$$ and \\(a\\)";
  const cells = [markdown(source), code("", [displayed({ "text/latex": "$\\alpha$", "text/plain": "α" })])];
  expect(exportMarkdown(notebook(cells)).text).toBe(`${source}\n\n$\\alpha$\n`);
  expect(exportScript(notebook(cells)).text).toContain(`# ${source}`);
});

// Each beginning that reads on to the end of the text would take minutes here.
test.each(["\\\\(", "\\\\[a^", "\\(", "\\[a^"])("50,000 beginnings %j of no formula are text", (begin) => {
  expect(page(begin.repeat(50_000))).not.toContain("<math");
});
