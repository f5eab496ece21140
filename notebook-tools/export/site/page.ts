import { documentHtml } from "../document";
import { addressOf, escapeHtml } from "../escape";
import { labelsOf } from "../labels";
import { headingList } from "../toc";
import { siteLabelsOf } from "./labels";
import { addressFrom, type Edition, type Site, type SitePage, startOf, titleOf } from "./site";

/** Scripts only from the site itself, and what the pages carry; from the disk, the site is `file:`. */
const POLICY =
  "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'unsafe-inline'; img-src data: http: https: file: 'self'; media-src data: http: https: file: 'self'; base-uri 'none'; form-action 'none'";

/** A page of the site as HTML. */
export function sitePageHtml(page: SitePage, edition: Edition, site: Site): string {
  const { html } = page;
  const siteTitle = titleOf(edition);
  return siteDocument(page.path, edition, site, {
    lang: html.lang,
    title: html.title === siteTitle ? siteTitle : `${html.title} · ${siteTitle}`,
    summary: page.summary.text,
    name: page.name,
    charts: page.charts,
    body: `${sectionsHtml(page, edition)}<main id="main" tabindex="-1">
${withCards(html.body, page, edition)}
${endsHtml(page, edition)}</main>`,
  });
}

/** The first page of an edition that has no index notebook: its sections. */
export function generatedIndexHtml(title: string, edition: Edition, site: Site): string {
  const path = startOf(edition);
  return siteDocument(path, edition, site, {
    lang: edition.lang,
    title,
    summary: "",
    name: "index.html",
    charts: {},
    body: `<main id="main" tabindex="-1">
<div class="prose"><h1>${escapeHtml(title)}</h1>
${cardsHtml(edition.pages, path)}</div>
</main>`,
  });
}

interface Content {
  lang: string;
  title: string;
  summary: string;
  name: string;
  charts: SitePage["charts"];
  body: string;
}

function siteDocument(path: string, edition: Edition, site: Site, content: Content): string {
  const labels = siteLabelsOf(content.lang);
  const to = (target: string) => escapeHtml(addressFrom(path, target));
  const start = site.editions.some(({ pages }) => pages.length > 0) ? titleOf(edition) : content.title;
  return documentHtml({
    lang: content.lang,
    title: content.title,
    policy: POLICY,
    head: `${content.summary ? `<meta name="description" content="${escapeHtml(content.summary)}">\n` : ""}${alternates(path, content, site)}<link rel="stylesheet" href="${to("assets/site.css")}">
<script type="application/json" id="page-data">${pageData(path, content, edition, site)}</script>
<script defer src="${to("assets/site.js")}"></script>`,
    body: `<a class="skip" href="#main">${labelsOf(content.lang).skip}</a>
<header class="bar">
<a class="brand" href="${to(startOf(edition))}">${escapeHtml(start)}</a>
<div class="search" role="search"><input type="search" aria-label="${labels.search}" placeholder="${labels.search}" autocomplete="off" spellcheck="false"></div>
${languagesHtml(path, content.name, edition, site)}</header>
<div class="page">
${content.body}
</div>`,
  });
}

/** What the script of the page needs to know; `<` must not end the element that holds it. */
function pageData(path: string, { lang, charts }: Content, edition: Edition, site: Site): string {
  const { copy, copied, interactive, noResults, results } = siteLabelsOf(lang);
  const hasCharts = Object.keys(charts).length > 0 && site.chartScripts.length > 0;
  return JSON.stringify({
    top: "../".repeat(path.split("/").length - 1),
    search: ["assets/minisearch.js", searchPath(edition)],
    charts: hasCharts ? [...site.chartScripts, addressOf(chartsPath(path))] : [],
    labels: { copy, copied, interactive, noResults, results },
  }).replaceAll("<", "\\u003c");
}

/** Where the specs of a page's charts lie. */
export function chartsPath(path: string): string {
  return path.replace(/\.html$/, ".charts.js");
}

/** Where the search index of an edition lies. */
export function searchPath({ lang }: Edition): string {
  return `assets/search-${lang.toLowerCase()}.js`;
}

/** The same page in other languages, for search engines; addresses in full once the site has one. */
function alternates(path: string, { name }: Content, site: Site): string {
  const twins = twinsOf(name, site).filter(({ page }) => page !== undefined);
  const full = (target: string) =>
    escapeHtml(site.address === undefined ? addressFrom(path, target) : site.address + addressOf(target));
  const links =
    twins.length > 1
      ? twins.map(
          ({ edition, page }) => `<link rel="alternate" hreflang="${edition.lang}" href="${full(page!)}">\n`,
        )
      : [];
  return (site.address === undefined ? "" : `<link rel="canonical" href="${full(path)}">\n`) + links.join("");
}

/** The page of this name in each edition, where there is one. */
function twinsOf(name: string, { editions }: Site): { edition: Edition; page?: string }[] {
  return editions.map((edition) => ({
    edition,
    page: name === "index.html" ? startOf(edition) : edition.pages.find((page) => page.name === name)?.path,
  }));
}

function languagesHtml(path: string, name: string, here: Edition, site: Site): string {
  if (site.editions.length < 2) return "";
  const links = twinsOf(name, site).map(({ edition, page }) => {
    const { lang } = edition;
    const current = edition === here ? ` aria-current="true"` : "";
    const address = escapeHtml(addressFrom(path, page ?? startOf(edition)));
    return `<a href="${address}" lang="${lang}" hreflang="${lang}"${current}>${escapeHtml(siteLabelsOf(lang).language)}</a>`;
  });
  return `<nav class="languages" aria-label="${siteLabelsOf(here.lang).languages}">${links.join("\n")}</nav>\n`;
}

/** The list of sections; the one that is being read has its parts below it. */
function sectionsHtml(page: SitePage, edition: Edition): string {
  const { sections } = siteLabelsOf(page.html.lang);
  const items = edition.pages.map((other) => {
    if (other !== page)
      return `<li><a href="${escapeHtml(addressFrom(page.path, other.path))}">${escapeHtml(other.html.title)}</a></li>`;
    return `<li class="here"><a href="#main" aria-current="page">${escapeHtml(page.html.title)}</a>${headingList(page.html.headings)}</li>`;
  });
  return `<nav class="toc" aria-label="${sections}">
<details><summary>${sections}</summary>
<ol>
${items.join("\n")}
</ol>
</details>
</nav>
`;
}

/** Stands in the Markdown where the list of sections goes: nothing that a notebook would have. */
export const CARDS_MARK = "\uE000cards\uE000";

function withCards(body: string, page: SitePage, edition: Edition): string {
  const others = edition.pages.filter((other) => other !== page);
  const cards = cardsHtml(others, page.path);
  if (body.includes(CARDS_MARK)) return body.replace(`<p>${CARDS_MARK}</p>`, () => cards);
  const links = others.filter(({ path }) => body.includes(`href="${addressFrom(page.path, path)}"`));
  if (page.path !== startOf(edition) || others.length === 0 || links.length > 0) return body;
  return `${body}\n<div class="prose">\n<h2>${siteLabelsOf(page.html.lang).sections}</h2>\n${cards}</div>`;
}

function cardsHtml(pages: readonly SitePage[], from: string): string {
  const cards = pages.map(
    ({ path, html, summary }) =>
      `<li><a href="${escapeHtml(addressFrom(from, path))}"><strong>${escapeHtml(html.title)}</strong><span>${summary.html}</span></a></li>`,
  );
  return `<ul class="cards">\n${cards.join("\n")}\n</ul>\n`;
}

/** Where to go from the end of a page. */
function endsHtml(page: SitePage, { pages }: Edition): string {
  const labels = siteLabelsOf(page.html.lang);
  const at = pages.indexOf(page);
  const step = (other: SitePage | undefined, rel: "prev" | "next", label: string) =>
    other === undefined
      ? ""
      : `<a rel="${rel}" class="${rel}" href="${escapeHtml(addressFrom(page.path, other.path))}"><small>${label}</small>${escapeHtml(other.html.title)}</a>\n`;
  const steps = step(pages[at - 1], "prev", labels.previous) + step(pages[at + 1], "next", labels.next);
  const download = escapeHtml(addressFrom(page.path, page.download));
  return `<footer class="ends">
${steps && `<nav class="steps" aria-label="${labels.previous}, ${labels.next}">\n${steps}</nav>\n`}<p><a href="${download}" download>${labels.download}</a></p>
</footer>
`;
}

/**
 * The page that a server shows for an address without one. It cannot know how deep that address is, so its style is
 * in it, and without a known address of the site a script finds the start, by looking upwards for the style sheet.
 * @param hash gives the hash of a script as a Content Security Policy wants it
 */
export function notFoundHtml(site: Site, style: string, hash: (script: string) => string): string {
  const lang = site.editions[0]?.lang ?? "en";
  const labels = siteLabelsOf(lang);
  const script = site.address === undefined ? FIND_START : "";
  const policy = `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'${script && `; connect-src 'self'; script-src '${hash(script)}'`}`;
  return documentHtml({
    lang,
    title: labels.notFound,
    policy,
    head: `<meta name="robots" content="noindex">\n<style>${style}</style>`,
    body: `<div class="page"><main id="main"><h1>${labels.notFound}</h1>
<p>${labels.notFoundText}</p>
<p><a id="start" href="${escapeHtml(site.address ?? "index.html")}">${labels.toStart}</a></p>
</main></div>${script && `\n<script>${script}</script>`}`,
  });
}

/** From the disk nothing can be asked for, and nobody shows this page for another. */
const FIND_START = `(async () => {
  for (let top = "./"; location.protocol !== "file:"; top = top === "./" ? "../" : top + "../") {
    const found = await fetch(top + "assets/site.css", { method: "HEAD" }).catch(() => ({ ok: false }));
    if (found.ok) document.getElementById("start").href = top + "index.html";
    if (found.ok || new URL(top, location).pathname === "/") return;
  }
})();`;

/** The addresses of all pages, for search engines. */
export function sitemapXml(site: Site & { address: string }): string {
  const urls = site.editions.flatMap((edition) => [
    ...new Set([startOf(edition), ...edition.pages.map(({ path }) => path)]),
  ]);
  return `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${urls.map((path) => `<url><loc>${escapeHtml(site.address + addressOf(path).replace(/(^|\/)index\.html$/, "$1"))}</loc></url>`).join("\n")}
</urlset>
`;
}
