import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import {
  type Cell,
  type JsonValue,
  type Notebook,
  NotebookError,
  type NotebookPath,
  readNotebook,
  sourceText,
  writeAtomically,
} from "../../nbformat";
import type { FindLink } from "../addresses";
import { type ExportReport, isExported, notebooksIn } from "../export-notebooks";
import { isUnrun, langOf, notebookHtml } from "../html";
import { LANGUAGES, labelsOf } from "../labels";
import { imagesBelow, isBelow, pathFrom } from "../local-files";
import { renderMarkdown } from "../markdown-html";
import type { ExportSelection } from "../visibility";
import {
  CARDS_MARK,
  chartsPath,
  generatedIndexHtml,
  notFoundHtml,
  searchPath,
  sitemapXml,
  sitePageHtml,
} from "./page";
import { searchScript } from "./search";
import { type Edition, type Site, type SitePage, startOf } from "./site";
import { SITE_STYLE } from "./style";

export interface ExportSiteOptions extends ExportSelection {
  outputDir: string;
  /** Where the site will be, such as `https://example.org/notebooks/`; without it there is no sitemap. */
  address?: string;
  /** Writes into a folder whose files were not made by an export. Default false. */
  force?: boolean;
  /** The folder whose files may come along where a notebook links to them. Default the working directory. */
  filesBelow?: string;
  /** Told of each page once it is written. */
  onExport?: (notebook: string, page: string) => void;
}

/**
 * Exports notebooks as a site: a page for each, an index, search, and what the pages need, all below one folder.
 * Editions in other languages are the folders called by their language, such as `ru`.
 * @throws NotebookError when there is no notebook, or the folder holds something else
 */
export async function exportSite(
  paths: readonly string[],
  options: ExportSiteOptions,
): Promise<ExportReport> {
  const notebooks = await notebooksIn(paths);
  await checkFolder(options);
  const report: ExportReport = { written: [], failed: [], warnings: [] };
  const builder = new SiteBuilder(notebooks, options, report);
  await builder.build(basename(resolve(paths[0]!)));
  return report;
}

/** Only an empty folder and an older site are written into. */
async function checkFolder({ outputDir, force = false }: ExportSiteOptions): Promise<void> {
  if (force) return;
  const entries = await readdir(outputDir).catch(() => []);
  const index = await readFile(join(outputDir, "index.html"), "utf8").catch(() => "");
  if (entries.length > 0 && !isExported(index))
    throw new NotebookError(
      "holds files that are no site made by an export; name another `--output-dir`, or add `--force`.",
      { file: outputDir },
    );
}

/** Formats of charts that the scripts of the site can draw. */
const CHART = /^application\/vnd\.vega(?:lite)?\.v5(?:\.\d+)?\+json$/;

class SiteBuilder {
  /** The pages of the notebooks: absolute paths of files to paths from the top of the site. */
  readonly #pages = new Map<string, string>();
  /** Files that the notebooks link to, and that come along: their places to the files. */
  readonly #linked = new Map<string, string>();

  constructor(
    private readonly notebooks: readonly NotebookPath[],
    private readonly options: ExportSiteOptions,
    private readonly report: ExportReport,
  ) {
    const starts = new Set<string>();
    const owners = new Map([["404.html", "addresses that lead nowhere"]]);
    for (const { file, relative } of notebooks) {
      const path = relative.split(sep).join("/");
      const folder = editionFolder(path);
      const isStart = INDEX.test(path.slice(folder.length)) && !starts.has(folder);
      if (isStart) starts.add(folder);
      const page = isStart ? `${folder}index.html` : path.replace(/\.ipynb$/, ".html");
      const owner = owners.get(page);
      owners.set(page, owner ?? file);
      if (owner === undefined) this.#pages.set(resolve(file), page);
      else
        report.failed.push(
          new NotebookError(`would have the page ${page} of ${owner}; rename it.`, { file }),
        );
    }
  }

  async build(name: string): Promise<void> {
    const { address } = this.options;
    const chartScripts = await this.#writeAssets();
    const site: Site = {
      editions: await this.#editions(),
      address: address === undefined ? undefined : address.replace(/\/*$/, "/"),
      chartScripts,
    };
    for (const edition of site.editions) await this.#writeEdition(edition, site, name);
    await this.#write("404.html", notFoundHtml(site, SITE_STYLE, scriptHash));
    if (site.address !== undefined)
      await this.#write("sitemap.xml", sitemapXml({ ...site, address: site.address }));
    // Without it, GitHub Pages would leave out files whose names begin with an underscore.
    await this.#write(".nojekyll", "");
    for (const [path, file] of this.#linked) await this.#write(path, await readFile(file));
  }

  async #editions(): Promise<Edition[]> {
    const editions = new Map<string, Edition>();
    for (const { file } of this.notebooks) {
      const path = this.#pages.get(resolve(file));
      if (path === undefined) continue;
      const folder = editionFolder(path);
      try {
        const page = await this.#page(file, path, folder);
        const edition = editions.get(folder) ?? { folder, lang: page.html.lang, pages: [] };
        editions.set(folder, edition);
        edition.pages.push(page);
      } catch (error) {
        if (!(error instanceof NotebookError)) throw error;
        this.report.failed.push(error);
      }
    }
    for (const edition of editions.values())
      edition.pages.sort((a, b) => Number(b.path === startOf(edition)) - Number(a.path === startOf(edition)));
    return [...editions.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
  }

  async #page(file: string, path: string, folder: string): Promise<SitePage> {
    const { notebook } = await readNotebook(file);
    const charts: Record<string, JsonValue> = {};
    const html = notebookHtml(withoutMarkers(notebook), {
      ...this.options,
      path: file,
      // The folder decides: a page must not be in another language than its edition, but where it says so itself.
      lang: folder === "" ? langOf(notebook) : langOf(notebook, path),
      findImage: imagesBelow(dirname(file)),
      findLink: this.#linksFrom(file, path),
      nameChart: (data) => {
        const mime = Object.keys(data).find((mime) => CHART.test(mime));
        if (mime === undefined) return undefined;
        const name = `${Object.keys(charts).length + 1}`;
        charts[name] = data[mime]!;
        return name;
      },
    });
    if (isUnrun(notebook))
      this.report.warnings.push(
        `${file}: this notebook has not been run, so its page has no outputs; run it first.`,
      );
    const download = path.replace(/[^/]*$/, basename(file));
    return {
      path,
      download,
      name: path.slice(folder.length),
      notebook,
      html,
      summary: summaryOf(notebook),
      charts,
    };
  }

  /** Links to notebooks lead to their pages; files below that folder come along; others are no links. */
  #linksFrom(notebook: string, page: string): FindLink {
    return (path) => {
      const file = resolve(dirname(notebook), path);
      const target = this.#pages.get(file) ?? this.#copied(file);
      if (target !== undefined) return pathFrom(dirname(page), target);
      this.report.warnings.push(
        `${notebook}: the link to ${path} leads to no file that can come along; correct the path, or use a full address.`,
      );
      return null;
    };
  }

  #copied(file: string): string | undefined {
    const { filesBelow = process.cwd() } = this.options;
    const path = relative(filesBelow, file);
    const isOpen = isBelow(filesBelow, file) && !path.split(sep).some((part) => part.startsWith("."));
    if (!isOpen || !existsSync(file) || !statSync(file).isFile()) return undefined;
    const place = `files/${path.split(sep).join("/")}`;
    this.#linked.set(place, file);
    return place;
  }

  async #writeEdition(edition: Edition, site: Site, name: string): Promise<void> {
    await Promise.all(edition.pages.map((page) => this.#writePage(page, edition, site)));
    for (const { path } of edition.pages) {
      const target = join(this.options.outputDir, path);
      this.report.written.push(target);
      this.options.onExport?.(this.#fileOf(path), target);
    }
    if (edition.pages[0]?.path !== startOf(edition))
      await this.#write(startOf(edition), generatedIndexHtml(name, edition, site));
    await this.#write(searchPath(edition), searchScript(edition));
  }

  async #writePage(page: SitePage, edition: Edition, site: Site): Promise<void> {
    await this.#write(page.path, sitePageHtml(page, edition, site));
    await this.#write(page.download, await readFile(this.#fileOf(page.path)));
    if (site.chartScripts.length > 0 && Object.keys(page.charts).length > 0)
      await this.#write(
        chartsPath(page.path),
        `globalThis.notebookCharts = ${JSON.stringify(page.charts)};\n`,
      );
  }

  #fileOf(path: string): string {
    return this.notebooks.find(({ file }) => this.#pages.get(resolve(file)) === path)!.file;
  }

  async #write(path: string, data: string | Uint8Array): Promise<void> {
    await writeAtomically(join(this.options.outputDir, path), data, { sync: false });
  }

  /** Writes what all pages share, and gives the scripts that charts need: none where they are not installed. */
  async #writeAssets(): Promise<string[]> {
    await this.#write("assets/site.css", SITE_STYLE);
    await this.#write("assets/site.js", await readFile(clientScript(), "utf8"));
    const libraries = [installed("minisearch", "dist/umd/index.js")!];
    // Charts in notebooks are of Vega-Lite 5: version 6 compiles some of them to a fault ("Duplicate signal name").
    const charts = [
      installed("vega", "build/vega.min.js", "5"),
      installed("vega-lite", "build/vega-lite.min.js", "5"),
      installed("vega-interpreter", "build/vega-interpreter.min.js", "1"),
    ].filter((library) => library !== undefined);
    if (charts.length === 3) libraries.push(...charts);
    for (const { name, file } of libraries) {
      const script = await readFile(file, "utf8");
      await this.#write(`assets/${name}.js`, script.replace(/^\/\/# sourceMappingURL=.*$/gm, ""));
    }
    await this.#write("assets/licences.txt", await licencesOf(libraries));
    return charts.length === 3 ? charts.map(({ name }) => `assets/${name}.js`) : [];
  }
}

interface Library {
  name: string;
  folder: string;
  file: string;
}

/** A script of an installed package, of this one or of the working directory's; none of another major version. */
function installed(name: string, script: string, major?: string): Library | undefined {
  try {
    const main = require.resolve(name, { paths: [process.cwd(), __dirname] });
    const at = main.lastIndexOf(`${sep}${name}${sep}`);
    const folder = main.slice(0, at + name.length + 1);
    const file = join(folder, script);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
    const fits = major === undefined || version.split(".")[0] === major;
    return fits && existsSync(file) ? { name, folder, file } : undefined;
  } catch {
    return undefined;
  }
}

async function licencesOf(libraries: readonly Library[]): Promise<string> {
  const texts = libraries.map(async ({ name, folder }) => {
    const file = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file));
    return `${name}\n\n${file === undefined ? "" : await readFile(join(folder, file), "utf8")}`;
  });
  return (await Promise.all(texts)).join("\n\n");
}

/** The compiled script of the pages, also where this file is run uncompiled. */
function clientScript(): string {
  const places = [join(__dirname, "client"), join(__dirname, "..", "..", "dist", "export", "site", "client")];
  const file = places.map((place) => join(place, "client.js")).find(existsSync);
  if (file === undefined) throw new Error("The script of the site is not built; run `npm run build`.");
  return file;
}

function scriptHash(script: string): string {
  return `sha256-${createHash("sha256").update(script).digest("base64")}`;
}

/** The names of a notebook that a folder begins with. */
const INDEX = /^(?:\d+[-_ ])?(?:index|readme)\.ipynb$/i;

/** The folder of a language at the top, with its slash; empty for all others. */
function editionFolder(path: string): string {
  const [first, ...rest] = path.split("/");
  return rest.length > 0 && LANGUAGES.some((lang) => lang === first) ? `${first}/` : "";
}

/** Without navigation, which the site has itself, and with its own list of sections. */
function withoutMarkers(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell): Cell => {
    if (cell.cell_type !== "markdown") return cell;
    const source = sourceText(cell)
      .replace(/<!-- nav -->[\s\S]*?<!-- \/nav -->/g, "")
      .replace(/<!-- sections -->[\s\S]*?<!-- \/sections -->/g, CARDS_MARK);
    return { ...cell, source };
  });
  return { ...notebook, cells };
}

/** The first quoted line of a notebook, or its first sentence. */
function summaryOf({ cells }: Notebook): SitePage["summary"] {
  const text = cells
    .filter(({ cell_type }) => cell_type === "markdown")
    .map(sourceText)
    .join("\n\n");
  const line = /^> *([^\s[].*)$/m.exec(text)?.[1] ?? /^(?![#>|<\-*`$\s[!])[^\n]+/m.exec(text)?.[0] ?? "";
  const context = { headings: [], labels: labelsOf("en"), addresses: {}, id: "summary" };
  const html = renderMarkdown(line, context)
    .html.replace(/<\/?(?!code|em|strong)[a-z][^>]*>/gi, "")
    .trim();
  return { html, text: sourceOf(html) };
}

function sourceOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, "")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&amp;/g, "&");
}
