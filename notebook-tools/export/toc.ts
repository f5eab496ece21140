import { escapeHtml } from "./escape";
import type { Labels } from "./labels";
import type { Heading } from "./markdown-html";

/** The table of contents of a page: its parts and their parts, without the title; empty below two entries. */
export function tocHtml(headings: readonly Heading[], { contents }: Labels): string {
  if (entriesOf(headings).length < 2) return "";
  return `<nav class="toc" aria-label="${contents}">
<details><summary>${contents}</summary>
${headingList(headings)}
</details>
</nav>
`;
}

/** The parts of a page, without its title, as nested lists of links; empty when there are none. */
export function headingList(headings: readonly Heading[]): string {
  const entries = entriesOf(headings);
  return entries.length === 0 ? "" : listHtml(entries);
}

function entriesOf(headings: readonly Heading[]): Heading[] {
  return headings.filter(({ level }, index) => level <= 3 && !(index === 0 && level === 1));
}

/** Headings as nested lists: what follows at a deeper level belongs to the entry before it. */
function listHtml(headings: readonly Heading[]): string {
  const items: string[] = [];
  for (let at = 0; at < headings.length; ) {
    const heading = headings[at]!;
    const end = nextAt(headings, at, heading.level);
    const parts = headings.slice(at + 1, end);
    items.push(`<li>${linkHtml(heading)}${parts.length > 0 ? listHtml(parts) : ""}</li>`);
    at = end;
  }
  return `<ul>${items.join("\n")}</ul>`;
}

/** Where the next heading stands that is no part of the one at `at`. */
function nextAt(headings: readonly Heading[], at: number, level: number): number {
  const next = headings.findIndex((heading, index) => index > at && heading.level <= level);
  return next === -1 ? headings.length : next;
}

function linkHtml({ id, text }: Heading): string {
  return `<a href="#${escapeHtml(encodeURIComponent(id))}">${escapeHtml(text)}</a>`;
}
