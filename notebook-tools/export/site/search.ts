import MiniSearch from "minisearch";
import { addressOf } from "../escape";
import type { Edition, SitePage } from "./site";

interface Document {
  /** The address from the top of the site. */
  id: string;
  title: string;
  page: string;
  text: string;
}

/** How the index is made, and must be read. */
const OPTIONS = { fields: ["title", "page", "text"], storeFields: ["title", "page", "text"] };

/** The search index of an edition as a script, so that it can be loaded from the disk too. */
export function searchScript({ pages }: Edition): string {
  const search = new MiniSearch<Document>(OPTIONS);
  search.addAll(pages.flatMap(documentsOf));
  const index = search.toJSON();
  // All of a text is in the index; what is shown of a result is its beginning.
  for (const fields of Object.values(index.storedFields)) fields.text = excerpt(String(fields.text));
  return `globalThis.notebookSearch = ${JSON.stringify({ index, options: OPTIONS })};\n`;
}

/** The parts of a page, from heading to heading. */
function documentsOf({ path, html }: SitePage): Document[] {
  const address = addressOf(path);
  const parts = html.body.split(/(?=<h[1-6] id=")/);
  return parts.flatMap((part, number) => {
    const heading = /^<h[1-6] id="([^"]*)">([\s\S]*?) <a class="anchor"/.exec(part);
    const text = textOf(heading ? part.slice(part.indexOf("</h")) : part);
    if (!heading && text === "") return [];
    const id = heading
      ? `${address}#${encodeURIComponent(unescaped(heading[1]!))}`
      : `${address}${number ? `#${number}` : ""}`;
    return [{ id, title: heading ? textOf(heading[2]!) : html.title, page: html.title, text }];
  });
}

function excerpt(text: string): string {
  return text.length > 140 ? `${text.slice(0, 140)}…` : text;
}

function textOf(html: string): string {
  return unescaped(html.replace(/<a class="anchor"[^>]*>#<\/a>/g, "").replace(/<[^>]*>/g, " "))
    .replace(/\s+/g, " ")
    .trim();
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " ", amp: "&" };

function unescaped(text: string): string {
  return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string | undefined, name: string) =>
    code === undefined ? (ENTITIES[name] ?? whole) : String.fromCodePoint(Number(code)),
  );
}
