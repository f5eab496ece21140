import { Parser } from "htmlparser2";
import MarkdownIt from "markdown-it";
import { beforeAll, describe, expect, test } from "vitest";
import { exportHtml, exportMarkdown, exportScript } from "../../notebook-tools/export";
import { type Notebook, readNotebook } from "../../notebook-tools/nbformat";
import { browserMissing, launchBrowser } from "../browser";
import { fixture } from "../nbformat/fixtures";
import { code, displayed, notebook } from "./cells";

let hostile: Notebook;
beforeAll(async () => {
  hostile = (await readNotebook(fixture("hostile"))).notebook;
});

interface Element {
  name: string;
  attributes: Record<string, string>;
}

/** The elements that a browser would make of a text. */
function elementsOf(html: string, xmlMode = false): Element[] {
  const elements: Element[] = [];
  const parser = new Parser(
    { onopentag: (name, attributes) => elements.push({ name, attributes: { ...attributes } }) },
    { xmlMode },
  );
  parser.end(html);
  return elements;
}

/** What in a text could act, as a list to read when it is not empty. */
function dangersOf(html: string, xmlMode = false): string[] {
  return elementsOf(html, xmlMode).flatMap(({ name, attributes }) => [
    ...(/^(script|iframe|object|embed|form|link|base|foreignobject|svg:script)$/i.test(name)
      ? [`<${name}>`]
      : []),
    ...Object.entries(attributes)
      .filter(([key, value]) => /^on/i.test(key) || /^\s*(javascript|vbscript|data:text)/i.test(value))
      .map(([key, value]) => `<${name} ${key}="${value}">`),
  ]);
}

/** What a careless program makes of Markdown. */
function renderedBy(markdown: string): string {
  const careless = new MarkdownIt({ html: true });
  careless.validateLink = () => true;
  return careless.render(markdown);
}

describe("a hostile notebook becomes", () => {
  test("a page in which nothing acts", () => {
    const page = exportHtml(hostile);
    expect(dangersOf(page)).toEqual([]);
    expect(page.match(/<b\b[^>]*>kept<\/b>/g)).toHaveLength(2);
    expect(page).toContain('<b style="color:red">kept</b>');
  });

  test("a page whose policy forbids scripts, should one ever get through", () => {
    expect(exportHtml(hostile)).toMatch(
      /http-equiv="Content-Security-Policy" content="default-src 'none';(?!.*script-src)/,
    );
  });

  test("drawings in which nothing acts", () => {
    const drawings = Array.from(
      exportHtml(hostile).matchAll(/src="data:image\/svg\+xml,([^"]*)"/g),
      ([, svg]) => decodeURIComponent(svg!),
    );
    expect(drawings).toHaveLength(1);
    expect(dangersOf(drawings[0]!, true)).toEqual([]);
    expect(drawings[0]).toContain("<circle");
  });

  test("Markdown in which nothing acts", () => {
    const { text, files } = exportMarkdown(hostile, { path: "hostile.ipynb" });
    expect(dangersOf(renderedBy(text))).toEqual([]);
    expect(text.match(/kept/g)).toHaveLength(2);
    for (const { data } of files.values()) expect(dangersOf(data, true)).toEqual([]);
  });

  test("a script whose prose is only comments", () => {
    const { text } = exportScript(hostile);
    expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("//"))).toEqual(["1"]);
  });
});

/** Ways to hide something that acts in Markdown. */
const HIDDEN = [
  ["an encoded address", "[a](java&#x0A;script:alert(1)) [b](javascript&colon;alert(1))"],
  ["an address with a tab", '<a href="java\tscript:alert(1)">a</a>'],
  ["a link to a page in the link", "[a](data:text/html,<script>alert(1)</script>)"],
  ["an image that loads or fails", '<img src="x" onerror=alert(1) srcset="javascript:alert(1)">'],
  ["a definition", "[a]\n\n[a]: javascript:alert(1)"],
  ["a definition over two lines", "> [a]\n\n> [a]:\n> javascript:alert(1)"],
  ["an automatic link", "<javascript:alert(1)>"],
  ["a link around an image", "[![a](b.png)](javascript:alert(1))"],
  ["an unclosed element", '<img src="x" onerror="alert(1)"'],
  ["an unclosed element before a text", '<div onclick="alert(1)"\n\ntext > more'],
  [
    "an element over lines of a quotation",
    "> <script>\n> alert(1)\n> </script>\n\n> <img\n> src=x\n> onerror=alert(1)>",
  ],
  ["an element over lines of a list", "- a\n  <img src=x\n  onerror=alert(1)>"],
  ["what a fence shows harmlessly", "```html\n<script>alert(1)</script>\n```\n\n<script>alert(1)</script>"],
  ["what a code span shows harmlessly", "`<b onclick=alert(1)>` <b onclick=alert(1)>"],
  ["a table", "| a |\n|---|\n| <img src=x onerror=alert(1)> |"],
  ["a comment that ends early", "<!--> <img src=x onerror=alert(1)> -->"],
  ["a heading with a quotation mark", '# "><script>alert(1)</script>'],
  ["a fence whose language has a quotation mark", '```"onload="alert(1)\n```'],
  [
    "MathML and SVG around a script",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math><svg><desc><script>alert(1)</script></desc></svg>",
  ],
  [
    "a textarea around an image",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
  ],
  ["line ends of an old Macintosh", "text\r\r<script>alert(1)</script>"],
] as const;

function notebookOf(source: string): Notebook {
  return {
    cells: [{ cell_type: "markdown", metadata: {}, source }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 4,
  };
}

test.each(HIDDEN)("a page is harmless with %s", (_, source) => {
  expect(dangersOf(exportHtml(notebookOf(source)))).toEqual([]);
});

test.each(HIDDEN)("Markdown is harmless with %s", (_, source) => {
  expect(dangersOf(renderedBy(exportMarkdown(notebookOf(source)).text))).toEqual([]);
});

test("Markdown shows as text what it does not let act, and leaves the rest alone", () => {
  const { text } = exportMarkdown(
    notebookOf("*  a <b class='x'>b</b>\n\n<b onclick=alert(1)>c</b>\n\n[d](javascript:e)"),
  );
  expect(text).toBe("*  a <b class='x'>b</b>\n\n&lt;b onclick=alert(1)>c&lt;/b>\n\n[d\\](javascript:e)\n");
});

/** Ways to be read in another way by a browser than by a sanitiser. `run()` stands for the harm. */
const MUTATIONS = [
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=run()&gt;">',
  "<svg><style><img src=x onerror=run()></style></svg>",
  "<svg><desc><![CDATA[</desc><img src=x onerror=run()>]]></desc></svg>",
  "<svg><title><style><img src=x onerror=run()></style></title></svg>",
  "<svg><foreignObject><iframe srcdoc='<script>parent.run()</script>'></iframe></foreignObject></svg>",
  '<svg><use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg onload=run()></svg>#x"/></svg>',
  '<svg><a xlink:href="javascript:run()"><text y="20">x</text></a></svg>',
  '<svg><animate attributeName=href values=javascript:run() /><a id=x><text y="20">x</text></a></svg>',
  '<svg><image href="x" onerror="run()"/></svg>',
  "<math><annotation-xml encoding='text/html'><img src=x onerror=run()></annotation-xml></math>",
  "<math href='javascript:run()'><mi>x</mi></math><math><maction actiontype='statusline#javascript:run()' xlink:href='javascript:run()'>x</maction></math>",
  "<form><math><mtext></form><form><mglyph><svg><mtext><textarea><path id='</textarea><img onerror=run() src=x>'>",
  "<noscript><p title='</noscript><img src=x onerror=run()>'>",
  "<select><template><img src=x onerror=run()></template></select><select><style></select><img src=x onerror=run()></style>",
  "<style>#T { color: red } </style><style>*{background:url('javascript:run()')}</style><b id=T>x</b>",
  "<style>a::before { content: '</style><img src=x onerror=run()>' }</style>",
  "<xmp><img title='</xmp><img src=x onerror=run()>'></xmp><plaintext><img src=x onerror=run()>",
  "<video><source onerror=run() src=x></video><audio src=x onerror=run()></audio>",
  "<video poster='javascript:run()' src='data:text/html,<script>run()</script>'></video>",
  "<input onfocus=run() autofocus><button formaction=javascript:run() autofocus onfocus=run()>x</button>",
  "<details open ontoggle=run()><summary>x</summary></details>",
  "<img src=x` `onerror=run()><img/src=x/onerror=run()><image src=x onerror=run()>",
  "<a href='&#1;javascript:run()'>x</a><a href='java&Tab;script:run()'>x</a>",
];

describe.skipIf(browserMissing)("in a browser, without the page's policy,", () => {
  test("nothing of what is made of hostile texts runs or asks for anything", async () => {
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      const requests: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      const ran: string[] = [];
      let now = "";
      await page.exposeFunction("run", () => ran.push(now));
      const texts = [...MUTATIONS, ...HIDDEN.map(([, text]) => text.replaceAll("alert(1)", "run()"))];
      for (const text of texts) {
        now = text;
        const cells = [
          { cell_type: "markdown" as const, metadata: {}, source: text },
          code("", [displayed({ "text/html": text, "text/plain": "" })]),
        ];
        const html = exportHtml(notebook(cells)).replace(/<meta http-equiv[^>]*>/, "");
        await page.setContent(html);
        const links = await page.evaluate(
          "Array.from(document.querySelectorAll('a'), (a) => a.href.baseVal ?? a.href)",
        );
        expect(links, text).not.toContainEqual(expect.stringMatching(/^\s*(?:javascript|data|vbscript):/i));
      }
      // A round trip through the page, after which what it has called would be known.
      await page.evaluate("new Promise((resolve) => setTimeout(resolve))");
      expect(ran).toEqual([]);
      expect(requests.filter((url) => /^(?:javascript|data:text)/.test(url))).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
