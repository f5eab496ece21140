import type { JsonValue, Notebook } from "../../nbformat/browser";
import { addressOf } from "../escape";
import type { NotebookHtml } from "../html";

/** A page of a site: a notebook and what is made of it. */
export interface SitePage {
  /** From the top of the site, with slashes: `ru/02-executor.html`. */
  path: string;
  /** The notebook beside it, for readers to keep. */
  download: string;
  /** Where the same page stands in each edition: its path without the edition's folder. */
  name: string;
  notebook: Notebook;
  html: NotebookHtml;
  /** What the page is about, in one sentence: HTML without links, and as text. */
  summary: { html: string; text: string };
  /** The specs of its charts by the names that their figures have. */
  charts: Record<string, JsonValue>;
}

/** The notebooks of one language. */
export interface Edition {
  lang: string;
  /** From the top of the site: empty, or as `ru/`. */
  folder: string;
  /** The index first, where there is one; then the sections in their order. */
  pages: SitePage[];
}

export interface Site {
  editions: Edition[];
  /** Where the site will be, ending in a slash; undefined while nobody knows. */
  address?: string;
  /** The scripts that charts need, from the top of the site. */
  chartScripts: string[];
}

/** The page that an edition begins with. */
export function startOf({ folder }: Edition): string {
  return `${folder}index.html`;
}

/** The title of an edition: that of its index, or of its first page. */
export function titleOf({ pages }: Edition): string {
  return pages[0]?.html.title ?? "";
}

/** The address of one path from another, both from the top of the site. */
export function addressFrom(from: string, to: string): string {
  const [here, there] = [from.split("/").slice(0, -1), to.split("/")];
  while (here.length > 0 && there.length > 1 && here[0] === there[0]) {
    here.shift();
    there.shift();
  }
  return addressOf([...here.map(() => ".."), ...there].join("/"));
}
