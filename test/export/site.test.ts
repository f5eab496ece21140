import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportSite } from "../../notebook-tools/export";
import type { Cell } from "../../notebook-tools/nbformat";
import { browserMissing, launchBrowser } from "../browser";
import { code, displayed, markdown, notebook } from "./cells";

const root = join(import.meta.dirname, "..", "..");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nb-site-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes notebooks by their paths, exports them as a site, and gives a reader of its files. */
async function siteOf(name: string, notebooks: Record<string, Cell[]>, options = {}) {
  const source = join(folder, `${name}-notebooks`);
  for (const [path, cells] of Object.entries(notebooks)) {
    await mkdir(dirname(join(source, path)), { recursive: true });
    await writeFile(join(source, path), JSON.stringify(notebook(cells)));
  }
  const outputDir = join(folder, name);
  const report = await exportSite([source], { outputDir, ...options });
  return { ...report, outputDir, source, read: (path: string) => readFile(join(outputDir, path), "utf8") };
}

const book = {
  "00-index.ipynb": [
    markdown("# Book\n\n> What it is.\n\n<!-- nav -->\n[x](01-a.ipynb)\n<!-- /nav -->"),
    markdown("## All\n\n<!-- sections -->\n| old |\n|---|\n<!-- /sections -->\n\nend"),
  ],
  "01-a.ipynb": [markdown("# A & `b`\n\n> First **of** all.\n\n[next](02-c.ipynb#Part) [none](nowhere.md)")],
  "02-c.ipynb": [markdown("# C\n\nSome words.\n\n## Part\n\nneedle")],
  "ru/00-index.ipynb": [markdown("# Книга\n\n[en](../01-a.ipynb)")],
  "ru/01-a.ipynb": [markdown("# А\n\n## Часть\n\nиголка")],
};

describe("a site", () => {
  let site: Awaited<ReturnType<typeof siteOf>>;
  beforeAll(async () => {
    site = await siteOf("book", book);
  });

  test("has a page for each notebook, and begins with the index", async () => {
    expect((await readdir(site.outputDir)).sort()).toEqual(
      "00-index.ipynb 01-a.html 01-a.ipynb 02-c.html 02-c.ipynb 404.html .nojekyll assets index.html ru"
        .split(" ")
        .sort(),
    );
    expect(await readdir(join(site.outputDir, "ru"))).toContain("index.html");
  });

  test("lists its sections with what they are about, in place of the notebook's list and navigation", async () => {
    const index = await site.read("index.html");
    expect(index).toContain(
      '<li><a href="01-a.html"><strong>A &#38; b</strong><span>First <strong>of</strong> all.</span></a></li>',
    );
    expect(index).toContain('<a href="02-c.html"><strong>C</strong><span>Some words.</span>');
    expect(index).not.toMatch(/<td>old|\[x\]|nav -->/);
  });

  test("describes each page to search engines", async () => {
    expect(await site.read("01-a.html")).toMatch(
      /<title>A &#38; b · Book<\/title>\n<meta name="description" content="First of all\.">/,
    );
  });

  test("leads from section to section", async () => {
    expect(await site.read("01-a.html")).toMatch(
      /rel="prev" class="prev" href="index\.html"[\s\S]*rel="next" class="next" href="02-c\.html"/,
    );
    expect(await site.read("02-c.html")).not.toContain('rel="next"');
    expect(await site.read("01-a.html")).toContain('href="02-c.html#Part"');
  });

  test("offers each notebook", async () => {
    expect(await site.read("ru/01-a.html")).toContain('<a href="01-a.ipynb" download>');
    expect(JSON.parse(await site.read("ru/01-a.ipynb"))).toHaveProperty("nbformat", 4);
  });

  test("leads to the same page in the other language, or to its beginning", async () => {
    expect(await site.read("01-a.html")).toContain(
      '<a href="ru/01-a.html" lang="ru" hreflang="ru">Русский</a>',
    );
    expect(await site.read("02-c.html")).toContain('<a href="ru/index.html" lang="ru" hreflang="ru">');
    const russian = await site.read("ru/01-a.html");
    expect(russian).toContain('<html lang="ru">');
    expect(russian).toContain('<a href="../01-a.html" lang="en" hreflang="en">English</a>');
    expect(russian).toContain('<link rel="alternate" hreflang="en" href="../01-a.html">');
    expect(await site.read("02-c.html")).not.toContain('rel="alternate"');
    expect(await site.read("ru/index.html")).toContain('href="../01-a.html">en</a>');
  });

  test("does not link to what is not in it, and says so", async () => {
    expect(await site.read("01-a.html")).toContain("<a>none</a>");
    expect(site.warnings).toEqual([
      expect.stringMatching(/01-a\.ipynb: the link to nowhere\.md leads to no file/),
    ]);
  });

  test("knows no address before it has one", async () => {
    for (const path of ["index.html", "01-a.html", "404.html", "ru/01-a.html"])
      expect(await site.read(path)).not.toMatch(/https?:(?!\/\/www\.w3\.org)[^; ]/);
    const known = await siteOf("known", book, { address: "https://e.org/b" });
    expect(await known.read("sitemap.xml")).toMatch(
      /<loc>https:\/\/e\.org\/b\/<\/loc>[\s\S]*<loc>https:\/\/e\.org\/b\/ru\/01-a\.html<\/loc>/,
    );
    expect(await known.read("ru/01-a.html")).toContain(
      '<link rel="canonical" href="https://e.org/b/ru/01-a.html">',
    );
    expect(await known.read("404.html")).toContain('href="https://e.org/b/"');
  });

  test("is written again into its own folder, and into no other's", async () => {
    const { source, outputDir } = site;
    await exportSite([source], { outputDir });
    await expect(exportSite([source], { outputDir: source })).rejects.toThrow(/no site made by an export/);
    expect((await readdir(source)).sort()).toEqual(["00-index.ipynb", "01-a.ipynb", "02-c.ipynb", "ru"]);
  });
});

test("a site without an index notebook gets an index", async () => {
  const site = await siteOf("plain", {
    "b.ipynb": [markdown("# B\n\ntext")],
    "sub/a.ipynb": [markdown("# A")],
  });
  const index = await site.read("index.html");
  expect(index).toContain("<h1>plain-notebooks</h1>");
  expect(index).toMatch(/href="b\.html"><strong>B<[\s\S]*href="sub\/a\.html"><strong>A</);
  expect(await site.read("sub/a.html")).toContain('href="../assets/site.css"');
});

test("no page takes the place of another, and any name of a file can be followed", async () => {
  const names = ["00-index", "404", "a b#c?d%", "b:c", "index"];
  const link = "[a](a%20b%23c%3Fd%25.ipynb#x) [b](./b:c.ipynb)";
  const site = await siteOf(
    "names",
    Object.fromEntries(names.map((name) => [`${name}.ipynb`, [markdown(`# ${name}\n\n${link}`)]])),
  );
  expect(site.failed.map(({ message }) => message)).toEqual([
    expect.stringMatching(/404\.ipynb: would have the page 404\.html of addresses that lead nowhere; rename/),
    expect.stringMatching(/index\.ipynb: would have the page index\.html of .*00-index\.ipynb; rename it/),
  ]);
  expect(await site.read("404.html")).toContain("<h1>Page not found");
  const index = await site.read("index.html");
  expect(index).toContain("00-index");
  for (const address of ["a%20b%23c%3Fd%25.html#x", "a%20b%23c%3Fd%25.html", "./b:c.html"])
    expect(index).toContain(`href="${address}"`);
  const search = await site.read("assets/search-en.js");
  expect(search).toContain("a%20b%23c%3Fd%25.html");
  expect(site.written).toHaveLength(3);
});

test("a site exports the good notebooks and reports the broken ones", async () => {
  const source = join(folder, "broken");
  await mkdir(source);
  await writeFile(join(source, "a.ipynb"), JSON.stringify(notebook([markdown("# A")])));
  await writeFile(join(source, "b.ipynb"), "{");
  const { written, failed } = await exportSite([source], { outputDir: join(folder, "broken-site") });
  expect(written).toEqual([join(folder, "broken-site", "a.html")]);
  expect(failed.map(({ message }) => message)).toEqual([expect.stringMatching(/b\.ipynb/)]);
});

/** All pages of a site, by their paths. */
async function pagesOf(site: string): Promise<string[]> {
  return (await readdir(site, { recursive: true })).filter((path) => path.endsWith(".html")).sort();
}

describe("the collection as a site", () => {
  let site: string;
  let pages: string[];
  beforeAll(async () => {
    site = join(folder, "collection");
    const { failed, warnings } = await exportSite([join(root, "notebooks")], { outputDir: site });
    expect([...failed, ...warnings]).toEqual([]);
    pages = await pagesOf(site);
  });

  test("has only links that lead somewhere", async () => {
    for (const path of pages) {
      const html = await readFile(join(site, path), "utf8");
      const here = pathToFileURL(join(site, path));
      for (const [, address] of html.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
        const url = new URL(address!.replaceAll("&#38;", "&").replaceAll("&amp;", "&"), here);
        if (url.protocol !== "file:") continue;
        await access(url);
        if (!url.hash || !url.pathname.endsWith(".html")) continue;
        const id = decodeURIComponent(url.hash.slice(1)).replaceAll("&", "&#38;");
        const target = await readFile(new URL(url.pathname, url), "utf8");
        expect(target.replaceAll("&amp;", "&#38;"), `${path} → ${address}`).toContain(`id="${id}"`);
      }
    }
  });

  test("has pages of at most 60 KB without their charts, of 70 where a letter takes two bytes", async () => {
    for (const path of pages) {
      const html = (await readFile(join(site, path), "utf8")).replace(/src="data:image[^"]*"/g, "");
      expect(Buffer.byteLength(html) / 1000, path).toBeLessThan(path.startsWith("ru/") ? 70 : 60);
    }
  });

  describe.skipIf(browserMissing)("in a browser", () => {
    let browser: Browser;
    let page: Page;
    const requests: string[] = [];
    const errors: string[] = [];
    beforeAll(async () => {
      browser = await launchBrowser();
      page = await browser.newPage({ viewport: { width: 1300, height: 900 } });
      page.on("request", (request) => requests.push(request.url()));
      page.on("pageerror", ({ message }) => errors.push(message));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    });
    afterAll(() => browser?.close());
    const open = (path: string, anchor = "") => page.goto(pathToFileURL(join(site, path)).href + anchor);

    test("has nothing that axe finds wrong, light and dark, and keeps its place", async () => {
      const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
      for (const path of pages) {
        await page.emulateMedia({ colorScheme: "light" });
        await open(path);
        // As a debugger does it: the page's own policy would let no such script in.
        await page.evaluate(axe);
        await page.evaluate(markRepeatedTokens);
        expect(await violations(page), path).toEqual([]);
        // What a person can see begins at 0.1; a browser that loads a picture late on a busy machine counts less than this.
        expect(await layoutShift(page), path).toBeLessThan(0.001);
        await page.emulateMedia({ colorScheme: "dark" });
        expect(await violations(page, ["color-contrast"]), `${path}, dark`).toEqual([]);
        await page.setViewportSize({ width: 360, height: 740 });
        const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        expect(overflow, `${path} on a phone`).toBeLessThanOrEqual(0);
        await page.setViewportSize({ width: 1300, height: 900 });
      }
      await page.emulateMedia({ colorScheme: "light" });
      expect(errors).toEqual([]);
    }, 600_000);

    test("finds words, from the disk", async () => {
      await open("ru/index.html");
      await page.fill(".search input", "поток");
      await page.waitForSelector(".results a");
      await open("02-run-in-executor.html");
      await page.fill(".search input", "runCorout");
      await page.click(".results a >> nth=0");
      await page.waitForURL(/06-run-coroutine-threadsafe\.html/);
      await page.fill(".search input", "zzzzqqqq");
      await page.waitForSelector(".search-status >> text=Nothing found", { state: "attached" });
    });

    test("marks in the list what is being read", async () => {
      await open("02-run-in-executor.html", "#The-idea");
      await page.waitForSelector(".toc a[aria-current=location] >> text=The idea");
      await page.locator("#Exercise").scrollIntoViewIfNeeded();
      await page.evaluate("scrollTo(0, document.body.scrollHeight)");
      await page.waitForSelector(".toc a[aria-current=location] >> text=Exercise");
    });

    test("copies code", async () => {
      await open("02-run-in-executor.html");
      const block = page.locator(".source").first();
      await block.hover();
      await block.locator(".copy").click();
      await block.locator(".copy >> text=Copied").waitFor();
    });

    test("draws a chart that answers once it is touched, in the place of its picture", async () => {
      await open("02-run-in-executor.html");
      expect(requests.filter((url) => url.includes("vega"))).toEqual([]);
      const height = await page.evaluate("document.documentElement.scrollHeight");
      const chart = page.locator("figure[data-chart]").first();
      await chart.click({ position: { x: 300, y: 100 } });
      await chart.locator("svg").waitFor();
      expect(await page.evaluate("document.documentElement.scrollHeight")).toBe(height);
      const box = (await chart.locator("svg").boundingBox())!;
      await page.mouse.move(box.x + 200, box.y + box.height / 2);
      await page.mouse.move(box.x + 205, box.y + box.height / 2 + 8);
      await chart.locator(".tooltip >> text=event loop").waitFor();
      const before = await chart.locator("svg").textContent();
      await page.keyboard.down("Control");
      await page.mouse.wheel(0, -300);
      await page.keyboard.up("Control");
      await expect.poll(() => chart.locator("svg").textContent()).not.toBe(before);
      expect(errors).toEqual([]);
    });

    test("asked no other host for anything", () => {
      expect(requests.filter((url) => !/^(?:file|data):/.test(url))).toEqual([]);
    });

    test("is whole without its script", async () => {
      const context = await browser.newContext({ javaScriptEnabled: false });
      const bare = await context.newPage();
      await bare.goto(pathToFileURL(join(site, "02-run-in-executor.html")).href);
      expect(await bare.locator(".search input").isVisible()).toBe(false);
      expect(await bare.locator("figure img").first().isVisible()).toBe(true);
      expect(await bare.locator(".ends .next").getAttribute("href")).toBe("03-custom-pool.html");
      await context.close();
    });

    test("works below any path, and finds its start from any address that it does not have", async () => {
      const server = await serving(site, "/some/base/");
      try {
        const { port } = server.address() as AddressInfo;
        await page.goto(`http://127.0.0.1:${port}/some/base/no/such/page`);
        await page.waitForSelector('#start[href="../../index.html"]');
        await page.click("#start");
        await page.waitForURL(/\/some\/base\/index\.html$/);
        await page.fill(".search input", "thread");
        await page.waitForSelector(".results a");
      } finally {
        server.close();
      }
    });
  });
});

/** Marks the tokens of code that look as one before them does, by their classes and those of all around them. */
const markRepeatedTokens = `{
  const seen = new Set();
  const looks = (element) => element ? element.localName + element.className + element.style.cssText + looks(element.parentElement) : "";
  for (const token of document.querySelectorAll("pre span, code span")) {
    const look = looks(token);
    token.toggleAttribute("data-repeated", seen.has(look));
    seen.add(look);
  }
}`;

async function violations(page: Page, rules?: string[]): Promise<string[]> {
  // Without preload: it would ask for the style sheet again, which the page's policy forbids.
  const options = {
    ...{ preload: false, resultTypes: ["violations"] },
    ...(rules && { runOnly: { type: "rule", values: rules } }),
  };
  return page.evaluate(async (options) => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(
          context: object,
          options: object,
        ): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run({ exclude: ["[data-repeated]"] }, options);
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
  }, options);
}

/** How far things moved by themselves while the page was shown, as browsers measure it: the sum of shifts. */
async function layoutShift(page: Page): Promise<number> {
  return (await page.evaluate(`new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) sum += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => setTimeout(() => resolve(sum)));
  })`)) as number;
}

const TYPES: Record<string, string> = { css: "text/css", html: "text/html", js: "text/javascript" };

/** Serves a folder below a path; anything else is its 404 page. */
async function serving(folder: string, base: string): Promise<Server> {
  const server = createServer(async ({ url = "/" }, response) => {
    const path = url.startsWith(base) ? url.slice(base.length) : "";
    const content = await readFile(join(folder, path)).catch(() => undefined);
    const type = TYPES[path.split(".").at(-1)!] ?? "application/octet-stream";
    response.writeHead(content ? 200 : 404, { "content-type": content ? type : "text/html" });
    response.end(content ?? (await readFile(join(folder, "404.html"))));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

test("a page shows a chart that draws for light and dark without a light ground", async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>';
  const chart = (config: object) => [
    code("", [
      displayed({
        "application/vnd.vegalite.v5+json": { mark: "bar", config } as never,
        "image/svg+xml": svg,
      }),
    ]),
  ];
  const site = await siteOf("charts", {
    "a.ipynb": chart({ background: "transparent" }),
    "b.ipynb": chart({}),
  });
  expect(await site.read("a.html")).toContain('<figure tabindex="0" class="clear" data-chart="1">');
  expect(await site.read("b.html")).toContain('<figure tabindex="0" data-chart="1">');
  expect(await site.read("a.charts.js")).toMatch(/^globalThis\.notebookCharts = \{"1":\{"mark":"bar"/);
});
